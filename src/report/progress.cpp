#include "report/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "report/table.h"
#include "report/units.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kRedrawIntervalNs = 100'000'000;
constexpr int kBarColumns = 20;

int columns_of_terminal(int fd) {
  winsize window{};
  if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return 80;
  return window.ws_col;
}

// Eighths of a block give the bar a resolution of 160 steps.
std::string bar_of(double fraction) {
  static constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(fraction * kBarColumns * 8);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  const int used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  bar.append(static_cast<std::size_t>(kBarColumns - used), ' ');
  return bar;
}

std::string rate_of(double per_s, const std::string& unit) {
  return (per_s < 100 ? format_magnitude(std::round(per_s * 10) / 10) : format_magnitude(per_s)) +
         " " + unit + "/s";
}

}  // namespace

Progress::Progress(std::string label, std::int64_t total, std::string unit, const Clock& clock)
    : Progress(std::move(label), total, std::move(unit), clock, stderr,
               ::isatty(STDERR_FILENO) == 1, columns_of_terminal(STDERR_FILENO)) {}

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
  std::string text = label_ + "  [" + bar_of(fraction) + "]  " +
                     std::to_string(static_cast<int>(fraction * 100)) + "%  " +
                     format_count(done_) + "/" + format_count(total_) + " " + unit_;
  if (done_ > 0 && elapsed_s > 0) {
    const double per_s = static_cast<double>(done_) / elapsed_s;
    text += "  " + rate_of(per_s, unit_);
    if (done_ < total_) {
      const double left_s = static_cast<double>(total_ - done_) / per_s;
      text += "  " +
              (left_s < 100 ? std::to_string(static_cast<int>(std::ceil(left_s))) + " s"
                            : format_seconds(left_s)) +
              " left";
    }
  }
  return text;
}

void Progress::redraw() {
  last_drawn_ns_ = clock_.now_ns();
  if (!enabled_) return;
  std::string text = line();
  // A line longer than the window would wrap, and a wrapped line cannot be redrawn in place.
  if (display_width(text) >= static_cast<std::size_t>(std::max(width_, 1))) {
    text = label_ + "  " + std::to_string(done_ * 100 / total_) + "%";
    if (display_width(text) >= static_cast<std::size_t>(std::max(width_, 1))) return;
  }
  std::fprintf(stream_, "\r%s\x1b[K", text.c_str());
  std::fflush(stream_);
  drawn_ = true;
}

}  // namespace tinysplit
