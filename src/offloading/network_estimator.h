#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "offloading/link_estimate.h"

namespace tinysplit {

// One exchange over the link, timed by one clock.
struct LinkSample {
  double up_bytes = 0.0;
  double down_bytes = 0.0;
  // The round trip without the edge's own time (its queue and layers).
  double link_s = 0.0;
  // False for the time in which a body arrived, which holds no propagation delay.
  bool has_base_latency = true;
};

// Estimates the rates and the base latency of a link that changes, exchange by exchange:
// link_s = base + up_bytes / uplink + down_bytes / downlink.
//
// Recursive least squares on (bytes, seconds), in the form of a Kalman filter, whose covariance
// knows what the samples have not told:
// - Exchanges of one size tell a sum and nothing of its parts. The first scales the prior; later
//   ones move the sum, its parts in proportion. What was learnt of the parts is kept.
//   Sizes within a tenth of each other count as one.
// - Each new sample makes older ones count less, in the direction that it measures and no other
//   ("directional forgetting": Kulhavy and Karny, 1984), so no variance winds up.
// - Age widens the covariance: rate_uncertainty() rises, and confidence falls, while nobody looks.
// - A sample beyond three standard deviations changes nothing. A second one that agrees with it, or
//   is of another size, is a change of the link: the estimate is scaled to both, and its parts are
//   in doubt by as much. Milder ones pull less than in proportion (Huber, 1964).
// Both directions are taken to be equally fast until samples contradict.
//
// Times `now_ns` are of one monotonic clock. A plain value of fixed size that never allocates. Not
// thread-safe.
class NetworkEstimator {
 public:
  explicit NetworkEstimator(const LinkEstimate& prior = LinkEstimate());

  // False, and nothing changes, if a number is negative, not finite or beyond
  // limits::kMaxLinkTimeS, or if no byte was sent.
  bool add(const LinkSample& sample, std::int64_t now_ns);

  // The prior while there is no sample. Age changes the confidence alone.
  LinkEstimate estimate(std::int64_t now_ns) const;

  // Standard deviation of the seconds per byte up, as a part of them, 0..1; 1 while there is no
  // sample. Samples of other sizes lower it.
  double rate_uncertainty(std::int64_t now_ns) const;

  // The last sample contradicts the estimate: another one will tell whether the link has changed.
  bool is_in_doubt() const { return num_outliers_ > 0; }

  std::size_t num_samples() const { return num_samples_; }

 private:
  // Of base latency, seconds per byte, and what a byte down costs more than one up.
  using Vector = std::array<double, 3>;
  using Matrix = std::array<Vector, 3>;
  static constexpr std::size_t kOutliersOfAChange = 2;

  static Vector columns_of(const LinkSample& sample);
  LinkSample at_known_size(const LinkSample& sample);
  double noise_variance(double expected_s) const;
  Vector scales(double least_part) const;
  void doubt(double deviation);
  Matrix covariance_at(std::int64_t now_ns) const;
  void forget(const Vector& columns);
  void take_outlier(const LinkSample& sample, bool is_slow);
  void follow_change();
  void scale_to(std::span<const LinkSample> samples);
  void correct(const LinkSample& sample);
  void bound();

  Vector parts_;
  Matrix covariance_{};
  double noise_;          // standard deviation of a sample, as a part of it
  double typical_s_ = 0;  // of the samples taken
  double typical_bytes_ = 0;
  std::int64_t updated_ns_ = 0;
  std::size_t num_samples_ = 0;
  LinkSample reference_;  // the last one of a size unlike the one before
  std::array<LinkSample, kOutliersOfAChange> outliers_{};  // that wait for one more
  std::size_t num_outliers_ = 0;
  bool outliers_are_slow_ = false;
  std::int64_t outlier_ns_ = 0;
  double prior_confidence_;
};

}  // namespace tinysplit
