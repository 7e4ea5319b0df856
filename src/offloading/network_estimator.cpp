#include "offloading/network_estimator.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/limits.h"

namespace tinysplit {
namespace {

constexpr double kRecencyDecay = 0.8;       // weight of a sample to that of the next newer one
constexpr double kHuberThreshold = 1.345;   // in standard deviations; 95% efficient on clean data
constexpr double kMadToDeviation = 1.4826;  // of a normal distribution
constexpr double kInitialNoise = 0.1;       // standard deviation as a part of the median time
constexpr double kMinNoise = 0.01;          // links are never more regular than this
constexpr double kMinNoiseS = 20e-6;        // nor timers of operating systems than this
constexpr int kIterations = 8;
constexpr double kMaxBytes = 1e15;  // of one sample
constexpr double kHalfConfidenceWeight = 2.0;

// Seconds explained by the columns base latency, seconds per byte, and what a byte down costs more
// than one up.
struct Fit {
  double base_s = 0.0;
  double s_per_byte = 0.0;
  double extra_down_s_per_byte = 0.0;
};

struct Row {
  std::array<double, 3> columns{};
  double link_s = 0.0;
  double recency = 0.0;
  double robustness = 1.0;

  double residual(const Fit& fit) const {
    return link_s - columns[0] * fit.base_s - columns[1] * fit.s_per_byte -
           columns[2] * fit.extra_down_s_per_byte;
  }
};

struct Weighted {
  double value;
  double weight;
};

// The value below which half of the weight lies.
double weighted_median(std::span<Weighted> items) {
  std::sort(items.begin(), items.end(),
            [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double total = 0.0;
  for (const Weighted& item : items) total += item.weight;
  double below = 0.0;
  for (const Weighted& item : items) {
    below += item.weight;
    if (below >= 0.5 * total) return item.value;
  }
  return items.back().value;
}

// Solves the symmetric positive definite system a x = b by Gaussian elimination; pivoting is not
// needed for such matrices.
std::array<double, 3> solve(std::array<std::array<double, 3>, 3> a, std::array<double, 3> b) {
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t row = i + 1; row < 3; ++row) {
      const double factor = a[row][i] / a[i][i];
      for (std::size_t column = i; column < 3; ++column) a[row][column] -= factor * a[i][column];
      b[row] -= factor * b[i];
    }
  }
  std::array<double, 3> x{};
  for (std::size_t i = 3; i-- > 0;) {
    double rest = b[i];
    for (std::size_t column = i + 1; column < 3; ++column) rest -= a[i][column] * x[column];
    x[i] = rest / a[i][i];
  }
  return x;
}

// The regression of one update: rows, the prior and its scales.
class Regression {
 public:
  explicit Regression(std::span<Row> rows) : rows_(rows) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      scratch_[i] = {rows_[i].link_s, rows_[i].recency};
      weight_ += rows_[i].recency;
      mean_bytes_ += rows_[i].recency * rows_[i].columns[1];
    }
    mean_bytes_ /= weight_;
    median_s_ = std::max(weighted_median(scratch()), kMinNoiseS);
  }

  double median_s() const { return median_s_; }
  double weight() const { return weight_; }

  // The prior scaled so that it explains the median sample.
  Fit scale(const Fit& prior) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const double predicted = rows_[i].link_s - rows_[i].residual(prior);
      scratch_[i] = {rows_[i].link_s / std::max(predicted, 1e-12), rows_[i].recency};
    }
    const double factor = weighted_median(scratch());
    return {prior.base_s * factor, prior.s_per_byte * factor, prior.extra_down_s_per_byte * factor};
  }

  Fit solve_around(const Fit& prior) {
    Fit fit = prior;
    double noise_s = std::max(kInitialNoise * median_s_, kMinNoiseS);
    for (Row& row : rows_) row.robustness = 1.0;
    for (int i = 0; i < kIterations; ++i) {
      fit = solve_once(prior, noise_s);
      noise_s = residual_scale_s(fit);
      for (Row& row : rows_) {
        const double deviations = std::abs(row.residual(fit)) / noise_s;
        row.robustness = deviations <= kHuberThreshold ? 1.0 : kHuberThreshold / deviations;
      }
    }
    return fit;
  }

  double residual_scale_s(const Fit& fit) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      scratch_[i] = {std::abs(rows_[i].residual(fit)), rows_[i].recency};
    }
    return std::max(
        {kMadToDeviation * weighted_median(scratch()), kMinNoise * median_s_, kMinNoiseS});
  }

  // The base latency that is best for given rates.
  double base_for(const Fit& rates, double fallback_s) {
    std::size_t count = 0;
    for (const Row& row : rows_) {
      if (row.columns[0] == 0.0) continue;
      scratch_[count++] = {row.residual({0.0, rates.s_per_byte, rates.extra_down_s_per_byte}),
                           row.recency};
    }
    return count == 0 ? fallback_s : std::max(weighted_median(scratch().first(count)), 0.0);
  }

 private:
  // Columns are scaled to what each could explain at most, so that the prior's deviation is 1 and
  // the matrix is well conditioned.
  Fit solve_once(const Fit& prior, double noise_s) const {
    const double byte_scale = median_s_ / std::max(mean_bytes_, 1.0);
    const std::array<double, 3> scale = {median_s_, byte_scale, byte_scale};
    std::array<std::array<double, 3>, 3> a{};
    std::array<double, 3> b{};
    for (std::size_t i = 0; i < 3; ++i) a[i][i] = 1.0;
    for (const Row& row : rows_) {
      const double precision = row.recency * row.robustness / (noise_s * noise_s);
      const double residual_s = row.residual(prior);
      for (std::size_t i = 0; i < 3; ++i) {
        const double column = row.columns[i] * scale[i];
        b[i] += precision * column * residual_s;
        for (std::size_t j = 0; j < 3; ++j) {
          a[i][j] += precision * column * row.columns[j] * scale[j];
        }
      }
    }
    const std::array<double, 3> x = solve(a, b);
    return {prior.base_s + x[0] * scale[0], prior.s_per_byte + x[1] * scale[1],
            prior.extra_down_s_per_byte + x[2] * scale[2]};
  }

  std::span<Weighted> scratch() { return std::span(scratch_).first(rows_.size()); }

  std::span<Row> rows_;
  std::array<Weighted, NetworkEstimator::kMaxSamples> scratch_{};
  double weight_ = 0.0;
  double mean_bytes_ = 0.0;
  double median_s_ = 0.0;
};

bool is_within(double value, double max) {
  return std::isfinite(value) && value >= 0.0 && value <= max;
}

double bounded_rate(double s_per_byte) {
  return std::clamp(1.0 / std::max(s_per_byte, 1.0 / kMaxBytesPerS), kMinBytesPerS, kMaxBytesPerS);
}

}  // namespace

bool NetworkEstimator::add(const LinkSample& sample) {
  if (!is_within(sample.up_bytes, kMaxBytes) || !is_within(sample.down_bytes, kMaxBytes) ||
      !is_within(sample.link_s, limits::kMaxLinkTimeS) ||
      sample.up_bytes + sample.down_bytes <= 0.0) {
    return false;
  }
  samples_[next_] = sample;
  next_ = (next_ + 1) % kMaxSamples;
  size_ = std::min(size_ + 1, kMaxSamples);
  update();
  return true;
}

const LinkSample& NetworkEstimator::by_age(std::size_t age) const {
  return samples_[(next_ + kMaxSamples - 1 - age) % kMaxSamples];
}

void NetworkEstimator::update() {
  std::array<Row, kMaxSamples> storage;
  double recency = 1.0;
  for (std::size_t age = 0; age < size_; ++age) {
    const LinkSample& sample = by_age(age);
    storage[age] = {{sample.has_base_latency ? 1.0 : 0.0, sample.up_bytes + sample.down_bytes,
                     sample.down_bytes},
                    sample.link_s,
                    recency,
                    1.0};
    recency *= kRecencyDecay;
  }
  Regression regression(std::span<Row>(storage).first(size_));

  const double up_s_per_byte = 1.0 / estimate_.uplink_bytes_per_s;
  const Fit prior = regression.scale({estimate_.base_latency_s, up_s_per_byte,
                                      1.0 / estimate_.downlink_bytes_per_s - up_s_per_byte});
  Fit fit = regression.solve_around(prior);
  // Noise can ask for a negative latency or rate: then the nearest possible one, and the rest anew.
  const double least_s_per_byte = 1.0 / kMaxBytesPerS;
  fit.s_per_byte = std::max(fit.s_per_byte, least_s_per_byte);
  fit.extra_down_s_per_byte =
      std::max(fit.extra_down_s_per_byte, least_s_per_byte - fit.s_per_byte);
  fit.base_s = regression.base_for(fit, std::max(fit.base_s, 0.0));
  if (fit.base_s == 0.0) fit = regression.scale(fit);

  estimate_.uplink_bytes_per_s = bounded_rate(fit.s_per_byte);
  estimate_.downlink_bytes_per_s = bounded_rate(fit.s_per_byte + fit.extra_down_s_per_byte);
  estimate_.base_latency_s = std::min(fit.base_s, limits::kMaxLinkTimeS);
  const double relative_noise = regression.residual_scale_s(fit) / regression.median_s();
  estimate_.confidence =
      regression.weight() / (regression.weight() + kHalfConfidenceWeight) / (1.0 + relative_noise);
}

}  // namespace tinysplit
