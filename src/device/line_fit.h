#pragma once

#include <algorithm>

#include "offloading/cost_model.h"

namespace tinysplit {

// A time that grows with an amount, from measurements: fixed + slope * amount. Least squares, each
// measurement weighing 0.9 of the next newer one. Neither part is ever negative. Where the amounts
// do not vary, the slope is `usual_slope`, bounded by what was measured. A plain value.
class LineFit {
 public:
  explicit LineFit(double usual_slope) : usual_slope_(usual_slope) {}

  // A measurement far beyond what is expected is bounded: it is the operating system's, not the
  // work's.
  void add(double amount, double seconds) {
    if (count_ >= kTrusted) {
      const double expected = fixed() + slope() * amount;
      seconds = std::min(seconds, kMaxChange * expected + kHiccupS);
    }
    ++count_;
    weight_ = kDecay * weight_ + 1.0;
    x_ = kDecay * x_ + amount;
    y_ = kDecay * y_ + seconds;
    xx_ = kDecay * xx_ + amount * amount;
    xy_ = kDecay * xy_ + amount * seconds;
  }

  bool empty() const { return count_ == 0; }

  double slope() const {
    if (empty()) return usual_slope_;
    if (x_ <= 0.0) return usual_slope_;
    const double spread = xx_ * weight_ - x_ * x_;
    const double wanted = spread > kLeastSpread * x_ * x_
                              ? std::max(0.0, (xy_ * weight_ - x_ * y_) / spread)
                              : usual_slope_;
    // More would make the fixed part negative.
    return std::min(wanted, y_ / x_);
  }

  double fixed() const { return empty() ? 0.0 : std::max(0.0, (y_ - slope() * x_) / weight_); }

  CodecCost cost() const { return {fixed(), slope()}; }

 private:
  static constexpr double kDecay = 0.9;
  static constexpr double kLeastSpread = 1e-3;
  static constexpr double kMaxChange = 4.0;
  static constexpr double kHiccupS = 100e-6;
  static constexpr int kTrusted = 3;

  double usual_slope_;
  int count_ = 0;
  double weight_ = 0.0;
  double x_ = 0.0;
  double y_ = 0.0;
  double xx_ = 0.0;
  double xy_ = 0.0;
};

}  // namespace tinysplit
