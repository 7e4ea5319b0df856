#pragma once

#include <array>
#include <cstddef>

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

// Estimates the rates and the base latency of a link that changes, from the last kMaxSamples
// exchanges: link_s = base + up_bytes / uplink + down_bytes / downlink.
//
// A regression on the sizes that (1) weights samples by recency, each 0.8 of the next newer one;
// (2) bounds the pull of outliers (Huber's M-estimator, by iterated reweighting, scale from the
// median absolute residual); (3) starts from a weak prior, which is the estimate before, scaled so
// that it explains the median sample. Where sizes do not vary, the data fix only the sum, and the
// prior its split into base latency and rate. Both directions are taken to be equally fast unless
// the samples contradict. Robust statistics: Huber, "Robust Estimation of a Location Parameter"
// (1964); the prior is a Gaussian one, as in ridge regression.
//
// A plain value of fixed size; add() and estimate() do not allocate. Not thread-safe.
class NetworkEstimator {
 public:
  static constexpr std::size_t kMaxSamples = 32;

  explicit NetworkEstimator(const LinkEstimate& prior = LinkEstimate()) : estimate_(prior) {}

  // False, and nothing changes, if a number is negative, not finite or beyond
  // limits::kMaxLinkTimeS, or if no byte was sent.
  bool add(const LinkSample& sample);

  // The prior while there is no sample.
  const LinkEstimate& estimate() const { return estimate_; }
  std::size_t num_samples() const { return size_; }

 private:
  void update();
  const LinkSample& by_age(std::size_t age) const;

  std::array<LinkSample, kMaxSamples> samples_{};
  std::size_t size_ = 0;
  std::size_t next_ = 0;  // where the next sample goes
  LinkEstimate estimate_;
};

}  // namespace tinysplit
