#include "report/terminal_chart.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string_view>

#include "report/axis.h"
#include "report/table.h"
#include "report/terminal_canvas.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

constexpr int kMinColumns = 40;
constexpr int kMaxColumns = 240;
constexpr int kMinRows = 4;
constexpr int kMaxRows = 100;
constexpr int kMaxSlotColumns = 6;

// The nearest to the colours of the pictures; readable on dark and on light.
constexpr std::array<int, 8> kBarCodes{31, 110, 215, 167, 71, 150, 97, 181};
constexpr std::array<int, 6> kLineCodes{33, 203, 36, 172, 134, 37};
constexpr std::array<std::string_view, 5> kShades{"█", "▒", "░", "▓", "▚"};
constexpr std::array<std::string_view, 6> kAsciiBars{"#", "=", "+", ":", "%", "."};
constexpr std::array<std::string_view, 5> kAsciiLines{"*", "+", "x", "~", "."};
constexpr std::array<std::string_view, 9> kEighths{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

class Chart {
 public:
  Chart(const Panel& panel, const TerminalChartOptions& options)
      : panel_(panel),
        options_(options),
        rows_(std::clamp(options.height, kMinRows, kMaxRows)),
        y_axis_(y_axis_of(panel, std::max(rows_ / 3, 2))),
        x_range_(x_range_of(panel)),
        label_columns_(label_columns()),
        slot_columns_(slot_columns()),
        canvas_(plot_columns(), rows_) {}

  std::string render() {
    draw_bars();
    for (std::size_t i = 0; i < panel_.series.size(); ++i) {
      if (panel_.series[i].style == SeriesStyle::kLine) draw_curve(i);
    }
    for (std::size_t i = 0; i < panel_.series.size(); ++i) {
      if (panel_.series[i].style == SeriesStyle::kPoints) draw_points(i);
    }
    return title() + plot() + x_axis() + legend();
  }

 private:
  std::string shown(std::string_view text) const {
    return options_.utf8 ? std::string(text) : to_ascii(text);
  }
  std::string tick_text(double tick) const {
    return shown(format_tick(tick, y_axis_, panel_.y_unit));
  }
  int width() const { return std::clamp(options_.width, kMinColumns, kMaxColumns); }
  int label_columns() const {
    std::size_t columns = 0;
    for (const double tick : y_axis_.ticks) {
      columns = std::max(columns, display_width(tick_text(tick)));
    }
    return static_cast<int>(columns);
  }
  double num_x() const { return x_range_.high - x_range_.low + 1.0; }
  int available_columns() const { return width() - label_columns_ - 2; }
  // Columns of one whole number of the x axis; 0 where several share a column.
  int slot_columns() const {
    return std::min(static_cast<int>(available_columns() / num_x()), kMaxSlotColumns);
  }
  int plot_columns() const {
    return slot_columns_ > 0 ? slot_columns_ * static_cast<int>(num_x()) : available_columns();
  }

  int first_column(double x) const {
    if (slot_columns_ > 0) return static_cast<int>(x - x_range_.low) * slot_columns_;
    return static_cast<int>((x - x_range_.low) * canvas_.columns() / num_x());
  }
  int middle_column(double x) const { return first_column(x) + std::max(slot_columns_ - 1, 0) / 2; }
  // The row that holds `y`, and its height from the bottom in rows.
  double height_of(double y) const {
    return std::clamp(y_axis_.position(y), 0.0, 1.0) * static_cast<double>(rows_);
  }
  int row_of(double y) const {
    return rows_ - 1 - std::min(static_cast<int>(height_of(y)), rows_ - 1);
  }
  bool is_drawable(const Series& series, std::size_t i) const {
    return std::isfinite(series.x[i]) && std::isfinite(series.y[i]) &&
           (!y_axis_.log || series.y[i] > 0.0);
  }

  // The place of series `index` among those of its kind.
  std::size_t rank_of(std::size_t index) const {
    const bool bar = panel_.series[index].style == SeriesStyle::kStackedBar;
    std::size_t rank = 0;
    for (std::size_t i = 0; i < index; ++i) {
      rank += (panel_.series[i].style == SeriesStyle::kStackedBar) == bar ? 1 : 0;
    }
    return rank;
  }
  int color_of(std::size_t index) const {
    const std::size_t rank = rank_of(index);
    if (panel_.series[index].style == SeriesStyle::kStackedBar) {
      return kBarCodes[rank % kBarCodes.size()];
    }
    // Over bars every hue is taken: markers have the terminal's own text colour.
    if (has_stacked_bars(panel_)) return TerminalCanvas::kDefaultColor;
    return kLineCodes[rank % kLineCodes.size()];
  }
  std::string bar_glyph(std::size_t index) const {
    const std::size_t rank = rank_of(index);
    if (!options_.utf8) return std::string(kAsciiBars[rank % kAsciiBars.size()]);
    return options_.color ? "█" : std::string(kShades[rank % kShades.size()]);
  }
  std::string line_glyph(std::size_t index) const {
    if (options_.utf8) return has_stacked_bars(panel_) ? "─" : "⠒";
    return std::string(kAsciiLines[rank_of(index) % kAsciiLines.size()]);
  }
  std::string point_glyph() const { return options_.utf8 ? "●" : "o"; }

  struct Part {
    std::size_t series;
    double bottom;  // rows from the bottom
    double top;
  };

  void draw_bars() {
    std::map<double, std::vector<Part>> stacks;
    std::map<double, double> sums;
    for (std::size_t s = 0; s < panel_.series.size(); ++s) {
      const Series& series = panel_.series[s];
      if (series.style != SeriesStyle::kStackedBar) continue;
      for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
        if (!is_drawable(series, i) || series.y[i] <= 0.0) continue;
        double& sum = sums[series.x[i]];
        const double bottom = height_of(sum);
        sum += series.y[i];
        stacks[series.x[i]].push_back({s, bottom, height_of(sum)});
      }
    }
    const int bar = slot_columns_ > 1 ? slot_columns_ - 1 : 1;
    for (const auto& [x, parts] : stacks) {
      for (int up = 0; up < rows_ && up < parts.back().top; ++up) {
        for (int c = 0; c < bar; ++c) draw_bar_cell(parts, up, first_column(x) + c);
      }
    }
  }

  // The cell between heights `up` and `up` + 1: two parts of the stack at most can be shown in it,
  // the lowest as foreground and the largest of the others as background.
  void draw_bar_cell(const std::vector<Part>& parts, int up, int column) {
    const auto share = [up](const Part& part) {
      return std::min(part.top, up + 1.0) - std::max(part.bottom, static_cast<double>(up));
    };
    const Part* lowest = nullptr;
    const Part* largest = nullptr;
    const Part* other = nullptr;
    for (const Part& part : parts) {
      if (share(part) <= 0.0) continue;
      if (lowest == nullptr) {
        lowest = &part;
      } else if (other == nullptr || share(part) > share(*other)) {
        other = &part;
      }
      if (largest == nullptr || share(part) > share(*largest)) largest = &part;
    }
    const double filled = parts.back().top - up;
    const int row = rows_ - 1 - up;
    if (lowest == nullptr) return;
    if (!options_.utf8 || !options_.color) {
      if (filled >= 0.5) canvas_.put(column, row, bar_glyph(largest->series));
      return;
    }
    if (filled < 1.0) {
      // The top of the stack leaves the terminal's background to be seen: one part only.
      const auto eighths = static_cast<std::size_t>(std::lround(filled * 8.0));
      if (eighths > 0) {
        canvas_.put(column, row, std::string(kEighths[eighths]), color_of(largest->series));
      }
      return;
    }
    const auto eighths = static_cast<std::size_t>(std::lround(share(*lowest) * 8.0));
    canvas_.put(column, row, std::string(kEighths[std::min<std::size_t>(eighths, 8)]),
                color_of(lowest->series),
                other == nullptr ? TerminalCanvas::kDefaultColor : color_of(other->series));
  }

  void draw_curve(std::size_t index) {
    const Series& series = panel_.series[index];
    const bool dots = options_.utf8 && !has_stacked_bars(panel_);
    bool pen_down = false;
    int last_x = 0;
    int last_y = 0;
    for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
      if (!is_drawable(series, i)) {
        pen_down = false;
        continue;
      }
      if (!dots) {
        for (int c = 0; c < std::max(slot_columns_, 1); ++c) {
          canvas_.put_over(first_column(series.x[i]) + c, row_of(series.y[i]), line_glyph(index),
                           color_of(index));
        }
        continue;
      }
      const int x = middle_column(series.x[i]) * 2;
      const int num_dots = rows_ * 4;
      const int y = num_dots - 1 - static_cast<int>(height_of(series.y[i]) * 4.0 * (1.0 - 1e-9));
      if (!pen_down) {
        last_x = x;
        last_y = y;
      }
      canvas_.draw_dotted_line(last_x, last_y, x, y, color_of(index));
      pen_down = true;
      last_x = x;
      last_y = y;
    }
  }

  void draw_points(std::size_t index) {
    const Series& series = panel_.series[index];
    for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
      if (!is_drawable(series, i)) continue;
      canvas_.put_over(middle_column(series.x[i]), row_of(series.y[i]), point_glyph(),
                       color_of(index));
    }
  }

  std::string title() const {
    std::string text;
    if (!panel_.title.empty()) {
      text = options_.color ? "\x1b[1m" + shown(panel_.title) + "\x1b[0m" : shown(panel_.title);
    }
    if (!panel_.subtitle.empty()) text += (text.empty() ? "" : "  ") + shown(panel_.subtitle);
    if (!panel_.y_label.empty()) text += "  (" + shown(panel_.y_label) + ")";
    return text.empty() ? text : text + "\n";
  }

  std::string plot() const {
    std::map<int, std::string> labels;  // by row; of two ticks in one row the higher one stays
    for (const double tick : y_axis_.ticks) labels[row_of(tick)] = tick_text(tick);
    std::string text;
    for (int row = 0; row < rows_; ++row) {
      const auto label = labels.find(row);
      const std::string words = label == labels.end() ? "" : label->second;
      text.append(static_cast<std::size_t>(label_columns_) - display_width(words), ' ') += words;
      if (options_.utf8) {
        text += words.empty() ? " │" : " ┤";
      } else {
        text += words.empty() ? " |" : " +";
      }
      text += canvas_.row_text(row, options_.color) + "\n";
    }
    return text;
  }

  std::string x_axis() const {
    const std::string indent(static_cast<std::size_t>(label_columns_) + 1, ' ');
    std::string text = indent + (options_.utf8 ? "└" : "+");
    for (int c = 0; c < canvas_.columns(); ++c) text += options_.utf8 ? "─" : "-";
    text += "\n";

    std::string numbers(static_cast<std::size_t>(canvas_.columns()) + 8, ' ');
    const int step = x_label_step(x_range_, canvas_.columns() / 5);
    for (double x = std::ceil(x_range_.low / step) * step; x <= x_range_.high; x += step) {
      const std::string number = std::to_string(static_cast<long>(x));
      const auto at = static_cast<std::size_t>(std::max(middle_column(x), 0));
      if (at + number.size() <= numbers.size()) numbers.replace(at, number.size(), number);
    }
    numbers.erase(numbers.find_last_not_of(' ') + 1);
    text += indent + " " + numbers;
    if (!panel_.x_label.empty()) text += "  " + shown(panel_.x_label);
    text += "\n";

    if (panel_.highlight && std::isfinite(panel_.highlight->x)) {
      const auto at = static_cast<std::size_t>(std::max(middle_column(panel_.highlight->x), 0));
      text += indent + " " + mark_line(at, shown(panel_.highlight->label)) + "\n";
    }
    return text;
  }

  // The mark in column `at` with its label on the side where there is room.
  std::string mark_line(std::size_t at, const std::string& label) const {
    const std::string mark = options_.utf8 ? "▲" : "^";
    const std::size_t size = display_width(label) + 1;
    if (at + 1 + size <= static_cast<std::size_t>(available_columns()) || size > at) {
      return std::string(at, ' ') + mark + " " + label;
    }
    return std::string(at - size, ' ') + label + " " + mark;
  }

  std::string legend() const {
    std::string text;
    std::size_t used = 0;
    for (std::size_t i = 0; i < panel_.series.size(); ++i) {
      const Series& series = panel_.series[i];
      std::string glyph = bar_glyph(i);
      if (series.style == SeriesStyle::kLine) glyph = line_glyph(i) + line_glyph(i);
      if (series.style == SeriesStyle::kPoints) glyph = point_glyph();
      const std::string name = shown(series.name);
      const std::size_t size = display_width(glyph) + 1 + display_width(name) + 3;
      if (used > 0 && used + size > static_cast<std::size_t>(available_columns())) {
        text += "\n";
        used = 0;
      }
      if (used == 0) text.append(static_cast<std::size_t>(label_columns_) + 2, ' ');
      if (used > 0) text += "   ";
      text += colored(glyph, color_of(i), options_.color) + " " + name;
      used += size;
    }
    return text.empty() ? text : text + "\n";
  }

  const Panel& panel_;
  const TerminalChartOptions& options_;
  int rows_;
  Axis y_axis_;
  XRange x_range_;
  int label_columns_;
  int slot_columns_;
  TerminalCanvas canvas_;
};

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

TerminalChartOptions terminal_chart_options() {
  TerminalChartOptions options;
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  winsize window{};
  if (on_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
    options.width = window.ws_col;
  } else if (const int columns = std::atoi(std::string(environment("COLUMNS")).c_str());
             columns > 0) {
    options.width = columns;
  }
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (locale.empty()) locale = environment(name);
  }
  std::ranges::transform(locale, locale.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  options.utf8 =
      locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  options.color = on_terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  return options;
}

std::string render_terminal(const Panel& panel, const TerminalChartOptions& options) {
  return Chart(panel, options).render();
}

}  // namespace tinysplit
