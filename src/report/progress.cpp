#include "report/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "report/table.h"
#include "report/table_layout.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kRedrawIntervalNs = 100'000'000;
constexpr int kBarColumns = 20;
constexpr int kShortBarColumns = 10;
constexpr std::size_t kShortLabelColumns = 16;

// Eighths of a block give the bar a resolution of 8 steps for each of its columns.
std::string bar_of(double fraction, int columns) {
  static constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(fraction * columns * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  const int used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  bar.append(static_cast<std::size_t>(columns - used), ' ');
  return bar;
}

std::string rate_of(double per_s, const std::string& unit) {
  return (per_s < 100 ? format_magnitude(std::round(per_s * 10) / 10) : format_magnitude(per_s)) +
         " " + unit + "/s";
}

}  // namespace

Progress::Progress(std::string label, std::int64_t total, std::string unit, const Clock& clock)
    : Progress(std::move(label), total, std::move(unit), clock, stderr,
               ::isatty(STDERR_FILENO) == 1, static_cast<int>(terminal_columns(STDERR_FILENO))) {}

Progress::Progress(std::string label, std::int64_t total, std::string unit, const Clock& clock,
                   std::FILE* stream, bool enabled, int width)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 1)),
      unit_(std::move(unit)),
      clock_(clock),
      stream_(stream),
      enabled_(enabled),
      width_(width),
      start_ns_(clock.now_ns()) {
  redraw();
}

Progress::~Progress() { finish(); }

void Progress::advance(std::int64_t count) {
  done_ = std::min(done_ + count, total_);
  if (clock_.now_ns() - last_drawn_ns_ >= kRedrawIntervalNs) redraw();
}

void Progress::set_label(std::string label) {
  if (label == label_) return;
  label_ = std::move(label);
  if (clock_.now_ns() - last_drawn_ns_ >= kRedrawIntervalNs) redraw();
}

void Progress::finish() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  drawn_ = false;
}

std::string Progress::line() const {
  const double fraction = static_cast<double>(done_) / static_cast<double>(total_);
  const double elapsed_s = seconds_between(start_ns_, clock_.now_ns());
  const std::string percent = "  " + std::to_string(static_cast<int>(fraction * 100)) + "%";
  const std::string count = "  " + format_count(done_) + "/" + format_count(total_);
  std::string rate, left;
  if (done_ > 0 && elapsed_s > 0) {
    const double per_s = static_cast<double>(done_) / elapsed_s;
    rate = "  " + rate_of(per_s, unit_);
    if (done_ < total_) {
      const double left_s = static_cast<double>(total_ - done_) / per_s;
      left = "  " +
             (left_s < 100 ? std::to_string(static_cast<int>(std::ceil(left_s))) + " s"
                           : format_seconds(left_s)) +
             " left";
    }
  }
  const auto bar = [&](int columns) { return "  [" + bar_of(fraction, columns) + "]"; };
  const std::string label = break_lines(label_, kShortLabelColumns).front();
  // From all there is to what says most: how far, and how long yet.
  const std::string forms[] = {
      label_ + bar(kBarColumns) + percent + count + " " + unit_ + rate + left,
      label_ + bar(kBarColumns) + percent + count + " " + unit_ + left,
      label_ + bar(kBarColumns) + percent + left,
      label_ + bar(kShortBarColumns) + percent + left,
      label + bar(kShortBarColumns) + percent + left,
      label + percent,
  };
  for (const std::string& form : forms) {
    // A line as long as the window would wrap, and a wrapped line cannot be redrawn in place.
    if (display_width(form) < static_cast<std::size_t>(std::max(width_, 1))) return form;
  }
  return "";
}

void Progress::redraw() {
  last_drawn_ns_ = clock_.now_ns();
  if (!enabled_) return;
  const std::string text = line();
  if (text.empty()) return;
  std::fprintf(stream_, "\r%s\x1b[K", text.c_str());
  std::fflush(stream_);
  drawn_ = true;
}

}  // namespace tinysplit
