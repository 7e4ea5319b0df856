#include "training/loss_function.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tinysplit::training {
namespace {

// How far Keras keeps probabilities away from 0 and 1.
constexpr double kLeast = 1e-7;

double clipped(double probability) { return std::clamp(probability, kLeast, 1.0 - kLeast); }
bool is_clipped(double probability) { return clipped(probability) != probability; }

}  // namespace

std::string_view loss_name(LossKind kind) {
  switch (kind) {
    case LossKind::kCrossEntropy:
      return "cross_entropy";
    case LossKind::kBinaryCrossEntropy:
      return "binary_cross_entropy";
    case LossKind::kMeanSquaredError:
      return "mean_squared_error";
  }
  return "";
}

Result<LossKind> loss_of(std::string_view name) {
  for (const auto kind :
       {LossKind::kCrossEntropy, LossKind::kBinaryCrossEntropy, LossKind::kMeanSquaredError}) {
    if (loss_name(kind) == name) return kind;
  }
  return invalid_argument("no loss is called \"" + std::string(name.substr(0, 64)) +
                          "\"; there are cross_entropy, binary_cross_entropy and "
                          "mean_squared_error");
}

double LossFunction::smooth(float target) const {
  const double share = options_.label_smoothing;
  const double even =
      options_.kind == LossKind::kCrossEntropy ? 1.0 / static_cast<double>(width_) : 0.5;
  return double{target} * (1.0 - share) + share * even;
}

double LossFunction::cross_entropy_row(const float* z, const float* y, const float* t,
                                       float* gradient) const {
  // -sum t log softmax(z); a target may be a distribution of any total.
  const double most = double{*std::max_element(z, z + width_)};
  double total = 0.0, exponentials = 0.0, products = 0.0;
  for (std::size_t c = 0; c < width_; ++c) {
    const double target = smooth(t[c]);
    total += target;
    products += target * (double{z[c]} - most);
    exponentials += std::exp(double{z[c]} - most);
  }
  for (std::size_t c = 0; gradient != nullptr && c < width_; ++c) {
    gradient[c] = static_cast<float>(total * double{y[c]} - smooth(t[c]));
  }
  return total * std::log(exponentials) - products;
}

// Keras scales them to a sum of 1 first.
double LossFunction::cross_entropy_of_probabilities(const float* y, const float* t,
                                                    float* gradient) const {
  double sum = 0.0, loss = 0.0, mean = 0.0;
  for (std::size_t c = 0; c < width_; ++c) sum += double{y[c]};
  for (std::size_t c = 0; c < width_; ++c) {
    const double p = double{y[c]} / sum;
    loss -= smooth(t[c]) * std::log(clipped(p));
    if (!is_clipped(p)) mean -= smooth(t[c]);
  }
  for (std::size_t c = 0; gradient != nullptr && c < width_; ++c) {
    const double p = double{y[c]} / sum;
    const double slope = is_clipped(p) ? 0.0 : -smooth(t[c]) / p;
    gradient[c] = static_cast<float>((slope - mean) / sum);
  }
  return loss;
}

double LossFunction::binary_row(const float* z, const float* y, const float* t,
                                float* gradient) const {
  double loss = 0.0;
  for (std::size_t c = 0; c < width_; ++c) {
    const double target = smooth(t[c]);
    double slope = 0.0;
    if (from_logits_) {
      const double logit = double{z[c]};
      loss += std::max(logit, 0.0) - logit * target + std::log1p(std::exp(-std::fabs(logit)));
      slope = double{y[c]} - target;
    } else {
      const double p = clipped(double{y[c]});
      loss -= target * std::log(p) + (1.0 - target) * std::log(1.0 - p);
      if (!is_clipped(double{y[c]})) slope = (p - target) / (p * (1.0 - p));
    }
    if (gradient != nullptr) gradient[c] = static_cast<float>(slope / static_cast<double>(width_));
  }
  return loss / static_cast<double>(width_);
}

double LossFunction::squared_row(const float* y, const float* t, float* gradient) const {
  double loss = 0.0;
  for (std::size_t c = 0; c < width_; ++c) {
    const double off = double{y[c]} - double{t[c]};
    loss += off * off;
    if (gradient != nullptr) {
      gradient[c] = static_cast<float>(2.0 * off / static_cast<double>(width_));
    }
  }
  return loss / static_cast<double>(width_);
}

double LossFunction::weight_of(const float* t) const {
  const std::vector<float>& weights = options_.class_weights;
  if (width_ == 1) return double{weights[t[0] > 0.5F ? 1 : 0]};
  return double{weights[std::size_t(std::max_element(t, t + width_) - t)]};
}

double LossFunction::run(std::span<const float> outputs, const float* scores, const float* targets,
                         float* gradient) const {
  const std::size_t rows = outputs.size() / width_;
  double loss = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t at = r * width_;
    const float *y = outputs.data() + at, *z = scores + at, *t = targets + at;
    float* g = gradient == nullptr ? nullptr : gradient + at;
    double row = 0.0;
    switch (options_.kind) {
      case LossKind::kCrossEntropy:
        row =
            from_logits_ ? cross_entropy_row(z, y, t, g) : cross_entropy_of_probabilities(y, t, g);
        break;
      case LossKind::kBinaryCrossEntropy:
        row = binary_row(z, y, t, g);
        break;
      case LossKind::kMeanSquaredError:
        row = squared_row(y, t, g);
        break;
    }
    if (g != nullptr && !options_.class_weights.empty()) {
      const double weight = weight_of(t);
      row *= weight;
      for (std::size_t c = 0; c < width_; ++c) g[c] = static_cast<float>(double{g[c]} * weight);
    }
    loss += row;
  }
  const double share = 1.0 / static_cast<double>(rows);
  for (std::size_t i = 0; gradient != nullptr && i < outputs.size(); ++i) {
    gradient[i] = static_cast<float>(double{gradient[i]} * share);
  }
  return loss * share;
}

}  // namespace tinysplit::training
