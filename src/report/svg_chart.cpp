#include "report/svg_chart.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "report/axis.h"
#include "report/svg.h"
#include "report/table.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

using svg::add_line;
using svg::add_text;
using svg::kGrid;
using svg::kInk;
using svg::kMuted;
using svg::num;
using svg::text_width;

// All lengths in CSS pixels of the drawing's own coordinates.
constexpr double kChartMargin = 28.0;
constexpr double kPanelGap = 26.0;
constexpr double kAxisLeft = 64.0;  // room for the numbers of the y axis and its label
constexpr double kAxisBottom = 44.0;
constexpr double kPanelHead = 64.0;  // title, subtitle and the highlight's label
constexpr double kPlotHeight = 230.0;
constexpr double kTitleHeight = 30.0;
constexpr double kSubtitleHeight = 22.0;
constexpr double kLegendHeight = 26.0;
constexpr double kMarkerRadius = 3.6;
constexpr std::size_t kPanelsPerRow = 3;
constexpr std::array<double, kPanelsPerRow> kPlotWidths{700.0, 400.0, 300.0};

constexpr std::string_view kAxisColor = "#a9b3bd";
constexpr std::string_view kHighlight = "#ffe8a3";
constexpr std::string_view kHighlightInk = "#7a5200";

// Told apart by most colour-blind readers, too: neighbours differ in lightness.
constexpr std::array<std::string_view, 8> kBarColors{"#2f6690", "#8fc1e3", "#f2a541", "#d1605e",
                                                     "#5a9e6f", "#b5d99c", "#8e6c8a", "#c9ada7"};
constexpr std::array<std::string_view, 8> kLineColors{"#1f5fbf", "#d4372c", "#1a936f", "#b8710a",
                                                      "#7b3fa0", "#0e7c86", "#a03e6d", "#5c6b2f"};
// Over bars, lines are ink and markers stand out.
constexpr std::array<std::string_view, 4> kOverlayColors{"#1c2733", "#b3123f", "#5b21b6",
                                                         "#0f5f5c"};

struct LegendEntry {
  std::string name;
  std::string_view color;
  SeriesStyle style;
};

// One entry for every name, in the order of first appearance, with its colour.
std::vector<LegendEntry> legend_of(const Figure& figure) {
  const bool bars = std::ranges::any_of(figure.panels, has_stacked_bars);
  std::vector<LegendEntry> legend;
  std::size_t num_bars = 0;
  std::size_t num_others = 0;
  for (const Panel& panel : figure.panels) {
    for (const Series& series : panel.series) {
      const auto same = [&](const LegendEntry& entry) { return entry.name == series.name; };
      if (std::ranges::any_of(legend, same)) continue;
      std::string_view color;
      if (series.style == SeriesStyle::kStackedBar) {
        color = kBarColors[num_bars++ % kBarColors.size()];
      } else if (bars) {
        color = kOverlayColors[num_others++ % kOverlayColors.size()];
      } else {
        color = kLineColors[num_others++ % kLineColors.size()];
      }
      legend.push_back({series.name, color, series.style});
    }
  }
  return legend;
}

std::string_view color_of(const std::vector<LegendEntry>& legend, const std::string& name) {
  for (const LegendEntry& entry : legend) {
    if (entry.name == name) return entry.color;
  }
  return kInk;
}

void add_marker(std::string& svg, double x, double y, double radius, std::string_view color,
                const std::string& tooltip) {
  svg += "<circle cx=\"" + num(x) + "\" cy=\"" + num(y) + "\" r=\"" + num(radius) +
         "\" fill=\"#ffffff\" stroke=\"" + std::string(color) + "\" stroke-width=\"" +
         num(radius / 2.0) + "\">";
  if (!tooltip.empty()) svg += "<title>" + escape_xml(tooltip) + "</title>";
  svg += "</circle>\n";
}

// Draws one panel; (left, top) is the corner of its plot area.
class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, const std::vector<LegendEntry>& legend, double left, double top,
               double width)
      : panel_(panel),
        legend_(legend),
        left_(left),
        top_(top),
        width_(width),
        y_axis_(y_axis_of(panel, 5)),
        x_range_(x_range_of(panel)),
        slot_(width / (x_range_.high - x_range_.low + 1.0)) {}

  void draw(std::string& svg) const {
    add_text(svg, left_, top_ - 46.0, panel_.title, {15.0, kInk, "start", true});
    add_text(svg, left_, top_ - 29.0, panel_.subtitle, {12.0, kMuted});
    draw_highlight(svg);
    draw_axes(svg);
    draw_bars(svg);
    for (const Series& series : panel_.series) {
      if (series.style == SeriesStyle::kLine) draw_curve(svg, series);
    }
    for (const Series& series : panel_.series) {
      if (series.style == SeriesStyle::kPoints) draw_points(svg, series);
    }
  }

 private:
  double x_of(double x) const { return left_ + (x - x_range_.low + 0.5) * slot_; }
  double y_of(double y) const { return top_ + kPlotHeight * (1.0 - y_axis_.position(y)); }
  bool is_drawable(const Series& series, std::size_t i) const {
    return std::isfinite(series.x[i]) && std::isfinite(series.y[i]) &&
           (!y_axis_.log || series.y[i] > 0.0);
  }
  std::string tooltip(const Series& series, std::size_t i) const {
    return series.name + ", " + panel_.x_label + " " + num(series.x[i]) + ": " +
           format_value(series.y[i], panel_.y_unit);
  }

  void draw_highlight(std::string& svg) const {
    if (!panel_.highlight || !std::isfinite(panel_.highlight->x)) return;
    const double center = x_of(panel_.highlight->x);
    const double band = std::max(slot_ * 0.94, 5.0);
    svg += "<rect x=\"" + num(center - band / 2) + "\" y=\"" + num(top_) + "\" width=\"" +
           num(band) + "\" height=\"" + num(kPlotHeight) + "\" fill=\"" + std::string(kHighlight) +
           "\"/>\n";
    const std::string& label = panel_.highlight->label;
    if (label.empty()) return;
    const double half = text_width(label, 11.0) / 2.0 + 7.0;
    const double middle = half * 2.0 >= width_
                              ? left_ + width_ / 2.0
                              : std::clamp(center, left_ + half, left_ + width_ - half);
    svg += "<rect x=\"" + num(middle - half) + "\" y=\"" + num(top_ - 19.0) + "\" width=\"" +
           num(2 * half) + "\" height=\"17\" rx=\"4\" fill=\"" + std::string(kHighlight) + "\"/>\n";
    add_text(svg, middle, top_ - 6.5, label, {11.0, kHighlightInk, "middle", true});
  }

  void draw_axes(std::string& svg) const {
    for (const double tick : y_axis_.ticks) {
      const double y = y_of(tick);
      add_line(svg, left_, y, left_ + width_, y, tick == y_axis_.low ? kAxisColor : kGrid);
      add_text(svg, left_ - 8.0, y + 4.0, format_tick(tick, y_axis_, panel_.y_unit),
               {11.0, kMuted, "end"});
    }
    const double bottom = top_ + kPlotHeight;
    add_line(svg, left_, bottom, left_ + width_, bottom, kAxisColor);
    const int step = x_label_step(x_range_, static_cast<int>(width_ / 26.0));
    const double first = std::ceil(x_range_.low / step) * step;
    for (double x = first; x <= x_range_.high; x += step) {
      add_line(svg, x_of(x), bottom, x_of(x), bottom + 4.0, kAxisColor);
      add_text(svg, x_of(x), bottom + 17.0, num(x), {11.0, kMuted, "middle"});
    }
    add_text(svg, left_ + width_ / 2.0, bottom + 35.0, panel_.x_label, {12.0, kMuted, "middle"});
    const double label_x = left_ - 56.0;
    const double label_y = top_ + kPlotHeight / 2.0;
    add_text(svg, label_x, label_y, panel_.y_label, {12.0, kMuted, "middle"},
             " transform=\"rotate(-90 " + num(label_x) + " " + num(label_y) + ")\"");
  }

  void draw_bars(std::string& svg) const {
    std::map<double, double> height;
    const double bar = std::clamp(slot_ * 0.72, 1.0, 46.0);
    for (const Series& series : panel_.series) {
      if (series.style != SeriesStyle::kStackedBar) continue;
      const std::size_t count = std::min(series.x.size(), series.y.size());
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_drawable(series, i) || series.y[i] <= 0.0) continue;
        double& base = height[series.x[i]];
        const double lower = y_of(base);
        base += series.y[i];
        const double upper = y_of(base);
        if (lower - upper < 0.05) continue;
        svg += "<rect x=\"" + num(x_of(series.x[i]) - bar / 2) + "\" y=\"" + num(upper) +
               "\" width=\"" + num(bar) + "\" height=\"" + num(lower - upper) + "\" fill=\"" +
               std::string(color_of(legend_, series.name)) + "\"><title>" +
               escape_xml(tooltip(series, i)) + "</title></rect>\n";
      }
    }
  }

  void draw_curve(std::string& svg, const Series& series) const {
    std::string path;
    bool pen_down = false;
    const std::size_t count = std::min(series.x.size(), series.y.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_drawable(series, i)) {
        pen_down = false;
        continue;
      }
      // A line through one point alone has no length.
      const bool ends = i + 1 == count || !is_drawable(series, i + 1);
      if (!pen_down && ends) {
        add_marker(svg, x_of(series.x[i]), y_of(series.y[i]), kMarkerRadius,
                   color_of(legend_, series.name), tooltip(series, i));
        continue;
      }
      path += (pen_down ? "L" : "M") + num(x_of(series.x[i])) + " " + num(y_of(series.y[i]));
      pen_down = true;
    }
    if (path.empty()) return;
    svg += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" +
           std::string(color_of(legend_, series.name)) +
           "\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n";
  }

  void draw_points(std::string& svg, const Series& series) const {
    const std::size_t count = std::min(series.x.size(), series.y.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_drawable(series, i)) continue;
      add_marker(svg, x_of(series.x[i]), y_of(series.y[i]),
                 std::clamp(slot_ * 0.25, 2.2, kMarkerRadius), color_of(legend_, series.name),
                 tooltip(series, i));
    }
  }

  const Panel& panel_;
  const std::vector<LegendEntry>& legend_;
  double left_;
  double top_;
  double width_;
  Axis y_axis_;
  XRange x_range_;
  double slot_;  // the width that one whole number takes
};

// Draws the entries in lines of at most `width`, from baseline `y`; gives the height taken.
double draw_legend(std::string& svg, const std::vector<LegendEntry>& legend, double y,
                   double width) {
  double x = kChartMargin;
  double height = legend.empty() ? 0.0 : kLegendHeight;
  for (const LegendEntry& entry : legend) {
    const double advance = 26.0 + text_width(entry.name, 12.0) + 18.0;
    if (x > kChartMargin && x + advance > width - kChartMargin) {
      x = kChartMargin;
      y += kLegendHeight - 6.0;
      height += kLegendHeight - 6.0;
    }
    const std::string color(entry.color);
    switch (entry.style) {
      case SeriesStyle::kStackedBar:
        svg += "<rect x=\"" + num(x + 3.0) + "\" y=\"" + num(y - 10.0) +
               "\" width=\"13\" height=\"12\" rx=\"2\" fill=\"" + color + "\"/>\n";
        break;
      case SeriesStyle::kLine:
        svg += "<line x1=\"" + num(x) + "\" y1=\"" + num(y - 4.0) + "\" x2=\"" + num(x + 19.0) +
               "\" y2=\"" + num(y - 4.0) + "\" stroke=\"" + color +
               "\" stroke-width=\"2\" stroke-linecap=\"round\"/>\n";
        break;
      case SeriesStyle::kPoints:
        add_marker(svg, x + 9.5, y - 4.0, kMarkerRadius, entry.color, "");
        break;
    }
    add_text(svg, x + 26.0, y, entry.name, {12.0, kInk});
    x += advance;
  }
  return height;
}

}  // namespace

std::string render_svg(const Figure& figure) {
  const std::vector<LegendEntry> legend = legend_of(figure);
  const std::size_t columns = std::clamp<std::size_t>(figure.panels.size(), 1, kPanelsPerRow);
  const double plot_width = kPlotWidths[columns - 1];
  const double width = 2.0 * kChartMargin +
                       static_cast<double>(columns) * (kAxisLeft + plot_width) +
                       static_cast<double>(columns - 1) * kPanelGap;

  std::string body;
  double y = kChartMargin;
  if (!figure.title.empty()) {
    add_text(body, kChartMargin, y + 16.0, figure.title, {20.0, kInk, "start", true});
    y += kTitleHeight;
  }
  if (!figure.subtitle.empty()) {
    add_text(body, kChartMargin, y + 10.0, figure.subtitle, {13.0, kMuted});
    y += kSubtitleHeight;
  }
  y += draw_legend(body, legend, y + 18.0, width) + 8.0;

  for (std::size_t i = 0; i < figure.panels.size(); ++i) {
    const std::size_t column = i % columns;
    if (i > 0 && column == 0) y += kPanelHead + kPlotHeight + kAxisBottom;
    const double left = kChartMargin + kAxisLeft +
                        static_cast<double>(column) * (kAxisLeft + plot_width + kPanelGap);
    PanelDrawing(figure.panels[i], legend, left, y + kPanelHead, plot_width).draw(body);
  }
  if (!figure.panels.empty()) y += kPanelHead + kPlotHeight + kAxisBottom;
  const double height = y + kChartMargin - 8.0;

  const std::string size = num(width) + " " + num(height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" +
         num(width) + "\" height=\"" + num(height) +
         "\" role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, "
         "Arial, sans-serif\">\n<title>" +
         escape_xml(figure.title) + "</title>\n<desc>" + escape_xml(figure.subtitle) +
         "</desc>\n<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#ffffff\"/>\n" + body +
         "</svg>\n";
}

}  // namespace tinysplit
