#include "offloading/network_estimator.h"

#include <algorithm>
#include <cmath>

#include "core/clock.h"
#include "core/limits.h"

namespace tinysplit {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

constexpr double kMaxBytes = 1e15;     // of one sample
constexpr double kInitialNoise = 0.1;  // standard deviation as a part of the time
constexpr double kMinNoise = 0.02;     // links are never more regular than this
constexpr double kMaxNoise = 1.0;
constexpr double kMinNoiseS = 20e-6;       // nor timers of operating systems than this
constexpr double kNoiseGain = 0.1;         // of one sample in the estimate of the noise
constexpr double kHuberThreshold = 1.345;  // in standard deviations; 95% efficient on clean data
constexpr double kOutlierThreshold = 3.0;
constexpr double kMemory = 0.9;  // what a sample leaves of the weight of older ones
constexpr double kSameTimeS = 2.0;
constexpr double kSameSize = 0.1;      // sizes that differ by less, as a part, tell no rate
constexpr double kSimilarSizes = 2.0;  // up to this factor
// Growth of the standard deviations, as parts of the estimates, by the square root of a second: of
// all parts together, and of each for itself. A rate that was known well is known to a third after
// half a minute.
constexpr double kCommonDrift = 0.05;
constexpr double kOwnDrift = 0.06;
constexpr double kUnknown = 1.0;           // standard deviation of what nothing was told of
constexpr double kUnknownExtraDown = 0.5;  // as a part of the seconds per byte
constexpr double kMostExtraDown = 3.0;
// Each part of a sample's time may be as long as this part of the whole: when nothing is known of
// the parts, and as they drift.
constexpr double kPartInDoubt = 0.5;
constexpr double kPartThatDrifts = 0.1;
constexpr double kTypicalGain = 0.2;
// Confidence is that in the time of a message this many times as large as the usual one: what the
// samples tell of other sizes counts too.
constexpr double kOtherSize = 4.0;
constexpr double kLeastSPerByte = 1.0 / kMaxBytesPerS;
constexpr double kMostSPerByte = 1.0 / kMinBytesPerS;

bool is_within(double value, double max) {
  return std::isfinite(value) && value >= 0.0 && value <= max;
}

double bounded_rate(double s_per_byte) {
  return std::clamp(1.0 / std::max(s_per_byte, kLeastSPerByte), kMinBytesPerS, kMaxBytesPerS);
}

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector product(const Matrix& matrix, const Vector& vector) {
  return {dot(matrix[0], vector), dot(matrix[1], vector), dot(matrix[2], vector)};
}

double bytes_of(const LinkSample& sample) { return sample.up_bytes + sample.down_bytes; }

bool are_similar(const LinkSample& a, const LinkSample& b) {
  return a.has_base_latency == b.has_base_latency &&
         std::max(bytes_of(a), bytes_of(b)) <= kSimilarSizes * std::min(bytes_of(a), bytes_of(b));
}

// Moves `parts` the likeliest way to where columns . parts is at least `least`.
void raise_to(double least, const Vector& columns, const Matrix& covariance, Vector& parts) {
  const double missing = least - dot(columns, parts);
  if (missing <= 0.0) return;
  const Vector direction = product(covariance, columns);
  const double variance = dot(columns, direction);
  if (!(variance > 0.0)) return;
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] += missing * direction[i] / variance;
}

}  // namespace

NetworkEstimator::NetworkEstimator(const LinkEstimate& prior)
    : parts_{prior.base_latency_s, 1.0 / prior.uplink_bytes_per_s,
             1.0 / prior.downlink_bytes_per_s - 1.0 / prior.uplink_bytes_per_s},
      noise_(kInitialNoise),
      prior_confidence_(prior.confidence) {}

NetworkEstimator::Vector NetworkEstimator::columns_of(const LinkSample& sample) {
  return {sample.has_base_latency ? 1.0 : 0.0, bytes_of(sample), sample.down_bytes};
}

double NetworkEstimator::noise_variance(double expected_s) const {
  return noise_ * noise_ * expected_s * expected_s + kMinNoiseS * kMinNoiseS;
}

// What each part's uncertainty is measured in: the part, or what it may be at least.
NetworkEstimator::Vector NetworkEstimator::scales(double least_part) const {
  const double s_per_byte =
      std::max(parts_[1], least_part * typical_s_ / std::max(typical_bytes_, 1.0));
  return {std::max(parts_[0], least_part * typical_s_), s_per_byte, kUnknownExtraDown * parts_[1]};
}

void NetworkEstimator::doubt(double deviation) {
  const Vector scale = scales(kPartInDoubt);
  for (std::size_t i = 0; i < scale.size(); ++i) {
    covariance_[i][i] += deviation * deviation * scale[i] * scale[i];
  }
}

NetworkEstimator::Matrix NetworkEstimator::covariance_at(std::int64_t now_ns) const {
  Matrix covariance = covariance_;
  const double age_s = std::max(0.0, seconds_between(updated_ns_, now_ns));
  const Vector scale = scales(kPartThatDrifts);
  const Vector largest = scales(kPartInDoubt);
  Vector shrink{};
  for (std::size_t i = 0; i < scale.size(); ++i) {
    for (std::size_t j = 0; j < scale.size(); ++j) {
      covariance[i][j] += age_s * kCommonDrift * kCommonDrift * parts_[i] * parts_[j];
    }
    covariance[i][i] += age_s * kOwnDrift * kOwnDrift * scale[i] * scale[i];
    const double most = kUnknown * largest[i];
    shrink[i] = std::min(1.0, most / std::sqrt(std::max(covariance[i][i], 1e-300)));
  }
  for (std::size_t i = 0; i < scale.size(); ++i) {
    for (std::size_t j = 0; j < scale.size(); ++j) covariance[i][j] *= shrink[i] * shrink[j];
  }
  return covariance;
}

void NetworkEstimator::forget(const Vector& columns) {
  const Vector direction = product(covariance_, columns);
  const double variance = dot(columns, direction);
  if (!(variance > 0.0)) return;
  const double growth = (1.0 / kMemory - 1.0) / variance;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      covariance_[i][j] += growth * direction[i] * direction[j];
    }
  }
}

// Of hardly differing sizes, what else differs between them would pass for the rate: they count as
// one size, the time corrected by what the estimate makes of the few bytes.
LinkSample NetworkEstimator::at_known_size(const LinkSample& sample) {
  const bool is_alike =
      num_samples_ > 0 && sample.has_base_latency == reference_.has_base_latency &&
      std::abs(bytes_of(sample) - bytes_of(reference_)) <= kSameSize * bytes_of(reference_) &&
      std::abs(sample.down_bytes - reference_.down_bytes) <= kSameSize * bytes_of(reference_);
  if (!is_alike) {
    reference_ = sample;
    return sample;
  }
  LinkSample alike = reference_;
  const double other_s = dot(columns_of(sample), parts_) - dot(columns_of(alike), parts_);
  alike.link_s = std::max(0.0, sample.link_s - other_s);
  return alike;
}

bool NetworkEstimator::add(const LinkSample& given, std::int64_t now_ns) {
  if (!is_within(given.up_bytes, kMaxBytes) || !is_within(given.down_bytes, kMaxBytes) ||
      !is_within(given.link_s, limits::kMaxLinkTimeS) || bytes_of(given) <= 0.0) {
    return false;
  }
  const LinkSample sample = at_known_size(given);
  if (++num_samples_ == 1) {
    updated_ns_ = now_ns;
    scale_to(std::span(&sample, 1));
    doubt(kUnknown);
    correct(sample);
    return true;
  }
  covariance_ = covariance_at(now_ns);
  updated_ns_ = std::max(updated_ns_, now_ns);
  const Vector columns = columns_of(sample);
  forget(columns);
  const double expected_s = dot(columns, parts_);
  const double noise_variance_s2 = noise_variance(expected_s);
  const double variance_s2 = dot(columns, product(covariance_, columns)) + noise_variance_s2;
  const double deviation_s = sample.link_s - expected_s;
  const double bounded_s2 =
      std::min(deviation_s * deviation_s, kOutlierThreshold * kOutlierThreshold * variance_s2);
  // Deviations tell of the noise as far as the noise explains them.
  const double surprise = (bounded_s2 - variance_s2) / std::max(variance_s2, 1e-300);
  const double noise_share = noise_variance_s2 / variance_s2;
  noise_ = std::clamp(noise_ * std::sqrt(1.0 + kNoiseGain * noise_share * surprise), kMinNoise,
                      kMaxNoise);
  const bool is_far = std::abs(deviation_s) > kOutlierThreshold * std::sqrt(variance_s2);
  if (is_far) {
    take_outlier(sample, deviation_s > 0.0);
    return true;
  }
  if (num_outliers_ > 0 && are_similar(sample, outliers_[0])) num_outliers_ = 0;
  correct(sample);
  return true;
}

void NetworkEstimator::take_outlier(const LinkSample& sample, bool is_slow) {
  // Exchanges of one size that are now faster, now slower, are noise, and so are single ones of two
  // sizes at different times.
  if (num_outliers_ > 0) {
    const bool is_noise = are_similar(sample, outliers_[0])
                              ? is_slow != outliers_are_slow_
                              : seconds_between(outlier_ns_, updated_ns_) > kSameTimeS;
    if (is_noise) num_outliers_ = 0;
  }
  outlier_ns_ = updated_ns_;
  outliers_are_slow_ = is_slow;
  outliers_[num_outliers_++] = sample;
  if (num_outliers_ == kOutliersOfAChange) follow_change();
}

void NetworkEstimator::follow_change() {
  double largest = 0.0;
  for (const LinkSample& sample : outliers_) {
    const double expected_s = std::max(dot(columns_of(sample), parts_), kMinNoiseS);
    largest =
        std::max(largest, std::abs(std::log(std::max(sample.link_s, kMinNoiseS) / expected_s)));
  }
  scale_to(outliers_);
  doubt(std::min(kUnknown, 2.0 * largest));
  for (const LinkSample& sample : outliers_) correct(sample);
  num_outliers_ = 0;
}

// Scales all parts alike so that they explain the samples; the base latency only where these hold
// it.
void NetworkEstimator::scale_to(std::span<const LinkSample> samples) {
  double sum = 0.0;
  bool have_base = false;
  for (const LinkSample& sample : samples) {
    const double expected_s = std::max(dot(columns_of(sample), parts_), 1e-12);
    sum += std::log(std::max(sample.link_s, kMinNoiseS) / expected_s);
    have_base = have_base || sample.has_base_latency;
    typical_s_ = std::max(sample.link_s, kMinNoiseS);
    typical_bytes_ = bytes_of(sample);
  }
  const double factor = std::exp(sum / static_cast<double>(samples.size()));
  const Vector factors = {have_base ? factor : 1.0, factor, factor};
  for (std::size_t i = 0; i < factors.size(); ++i) {
    parts_[i] *= factors[i];
    for (std::size_t j = 0; j < factors.size(); ++j) covariance_[i][j] *= factors[i] * factors[j];
  }
  bound();
}

void NetworkEstimator::correct(const LinkSample& sample) {
  const Vector columns = columns_of(sample);
  const double expected_s = dot(columns, parts_);
  const double deviation_s = sample.link_s - expected_s;
  const Vector direction = product(covariance_, columns);
  const double explained_s2 = dot(columns, direction);
  double noise_s2 = noise_variance(std::max(expected_s, 0.0));
  const double deviations = std::abs(deviation_s) / std::sqrt(explained_s2 + noise_s2);
  if (deviations > kHuberThreshold) noise_s2 *= deviations / kHuberThreshold;
  Vector gain{};
  for (std::size_t i = 0; i < gain.size(); ++i) {
    gain[i] = direction[i] / (explained_s2 + noise_s2);
  }
  // A time of arrival says nothing of the latency, however much both go together.
  if (!sample.has_base_latency) gain[0] = 0.0;
  // (I - gain columns) P (I - gain columns)' + gain noise gain': right for every gain.
  for (std::size_t i = 0; i < gain.size(); ++i) {
    parts_[i] += gain[i] * deviation_s;
    for (std::size_t j = 0; j < gain.size(); ++j) {
      covariance_[i][j] += gain[i] * gain[j] * (explained_s2 + noise_s2) - gain[i] * direction[j] -
                           direction[i] * gain[j];
    }
  }
  typical_s_ += kTypicalGain * (std::max(sample.link_s, kMinNoiseS) - typical_s_);
  typical_bytes_ += kTypicalGain * (bytes_of(sample) - typical_bytes_);
  bound();
}

// Noise can ask for a negative latency or rate: then for the nearest possible one, weighed by what
// is known.
void NetworkEstimator::bound() {
  raise_to(0.0, {1.0, 0.0, 0.0}, covariance_, parts_);
  raise_to(kLeastSPerByte, {0.0, 1.0, 0.0}, covariance_, parts_);
  raise_to(kLeastSPerByte, {0.0, 1.0, 1.0}, covariance_, parts_);
  // Replies of one size look like latency: they may not take its place.
  raise_to(0.0, {0.0, kMostExtraDown, -1.0}, covariance_, parts_);
  parts_[0] = std::clamp(parts_[0], 0.0, limits::kMaxLinkTimeS);
  parts_[1] = std::clamp(parts_[1], kLeastSPerByte, kMostSPerByte);
  parts_[2] = std::clamp(parts_[2], kLeastSPerByte - parts_[1],
                         std::min(kMostExtraDown * parts_[1], kMostSPerByte - parts_[1]));
}

LinkEstimate NetworkEstimator::estimate(std::int64_t now_ns) const {
  LinkEstimate estimate;
  estimate.base_latency_s = parts_[0];
  estimate.uplink_bytes_per_s = bounded_rate(parts_[1]);
  estimate.downlink_bytes_per_s = bounded_rate(parts_[1] + parts_[2]);
  estimate.confidence = prior_confidence_;
  if (num_samples_ == 0) return estimate;
  const Vector message = {1.0, kOtherSize * typical_bytes_, 0.0};
  const double variance_s2 = dot(message, product(covariance_at(now_ns), message));
  const double deviation = std::sqrt(std::max(variance_s2, 0.0)) / dot(message, parts_);
  const double count = static_cast<double>(num_samples_ - num_outliers_);
  estimate.confidence = count / (count + 1.0) / (1.0 + deviation + noise_);
  return estimate;
}

double NetworkEstimator::rate_uncertainty(std::int64_t now_ns) const {
  if (num_samples_ == 0) return kUnknown;
  return std::min(kUnknown, std::sqrt(std::max(covariance_at(now_ns)[1][1], 0.0)) / parts_[1]);
}

}  // namespace tinysplit
