#pragma once

#include <algorithm>

#include "offloading/cost_model.h"

namespace tinysplit {

// A time that grows with an amount, from measurements: fixed + slope * amount. Least squares around
// a running mean, in which each measurement weighs 0.9 of the next newer one. Neither part is ever
// negative. The slope begins at `usual_slope`, and counts older measurements less only as new ones
// of other amounts tell it anew: where amounts stop varying, what was learnt of it is kept. A plain
// value.
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
    const double dx = amount - mean_x_;
    const double dy = seconds - mean_y_;
    mean_x_ += dx / weight_;
    mean_y_ += dy / weight_;
    if (count_ == 1) return;
    const double told = dx * dx + prior_spread();
    const double decay = told > 0.0 ? 1.0 - (1.0 - kDecay) * dx * dx / told : 1.0;
    const double share = (weight_ - 1.0) / weight_;
    xx_ = decay * xx_ + share * dx * dx;
    xy_ = decay * xy_ + share * dx * dy;
  }

  bool empty() const { return count_ == 0; }

  double slope() const {
    if (empty() || mean_x_ <= 0.0) return usual_slope_;
    const double prior = prior_spread();
    const double wanted = std::max(0.0, (xy_ + prior * usual_slope_) / (xx_ + prior));
    // More would make the fixed part negative.
    return std::min(wanted, mean_y_ / mean_x_);
  }

  double fixed() const { return empty() ? 0.0 : std::max(0.0, mean_y_ - slope() * mean_x_); }

  CodecCost cost() const { return {fixed(), slope()}; }

 private:
  static constexpr double kDecay = 0.9;
  // The usual slope counts as much as one measurement this far, as a part of it, from the mean.
  static constexpr double kUsualSpread = 0.05;
  static constexpr double kMaxChange = 4.0;
  static constexpr double kHiccupS = 100e-6;
  static constexpr int kTrusted = 3;

  double prior_spread() const { return kUsualSpread * kUsualSpread * mean_x_ * mean_x_; }

  double usual_slope_;
  int count_ = 0;
  double weight_ = 0.0;
  double mean_x_ = 0.0;
  double mean_y_ = 0.0;
  double xx_ = 0.0;
  double xy_ = 0.0;
};

}  // namespace tinysplit
