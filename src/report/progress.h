#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/clock.h"

namespace tinysplit {

// A progress bar for work of known length, redrawn in place at most ten times a second and wiped
// when done, so that a log or a pipe never sees it. Not thread-safe.
class Progress {
 public:
  // Draws on standard error, and only if it is a terminal. `total` steps are to come; `unit` names
  // one
  // ("runs"). `clock` must outlive the bar.
  Progress(std::string label, std::int64_t total, std::string unit,
           const Clock& clock = SteadyClock::instance());
  // Draws on `stream` (which must outlive the bar) if `enabled`, in `width` columns.
  Progress(std::string label, std::int64_t total, std::string unit, const Clock& clock,
           std::FILE* stream, bool enabled, int width);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Says that `count` more steps are done.
  void advance(std::int64_t count = 1);
  // Changes the words before the bar: "profiling conv2d_1".
  void set_label(std::string label);
  // Wipes the bar. Called by the destructor.
  void finish();

  // The bar as it is now: "label  [█████     ]  50%  12/24 runs  3.1 runs/s  4 s left", without the
  // rate, then the count, then a shorter bar and label where the window is narrow; empty where not
  // even "label  50%" fits.
  std::string line() const;

 private:
  void redraw();

  std::string label_;
  std::int64_t total_;
  std::string unit_;
  const Clock& clock_;
  std::FILE* stream_;
  bool enabled_;
  int width_;
  std::int64_t done_ = 0;
  std::int64_t start_ns_;
  std::int64_t last_drawn_ns_ = 0;
  bool drawn_ = false;
};

}  // namespace tinysplit
