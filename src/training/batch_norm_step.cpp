// Batch normalisation (Ioffe and Szegedy, 2015), with an addend and a clip where they follow it:
// each pass over the data that is saved counts, for there is little to compute.
#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "training/channel_rows.h"
#include "training/step.h"

namespace tinysplit::training {
namespace {

constexpr ClipBounds kNoBounds{-kInfinity, kInfinity};

class BatchNormStep final : public Step {
 public:
  BatchNormStep(const FusedOperation& fused, PlanContext& context)
      : op_(op_of<BatchNormOp>(fused)),
        fused_(fused),
        x_(context.values[fused.operation->inputs[0]]),
        rows_(x_.size() / channels_of(x_), channels_of(x_), context.threads),
        sums_(rows_, context.threads),
        mean_(rows_.channels()),
        inverse_(rows_.channels()),
        numbers_(3 * rows_.channels()) {
    for (const std::size_t p : fused.operation->parameters) {
      Parameter* const known[] = {&gamma_, &beta_, &moving_mean_, &moving_variance_};
      const auto role = static_cast<int>(context.architecture.parameters[p].role);
      *known[role - static_cast<int>(Role::kGamma)] = context.parameters[p];
    }
    for (Tensor* vector : {&a_, &b_, &c_}) *vector = rows_.make_vector();
    y_ = context.values[fused.output].data;
    if (fused.addend) addend_ = context.values[*fused.addend].data;
  }

  Status plan_backward(PlanContext& context) override {
    std::vector<Block> parts = std::move(context.values[fused_.output].gradient);
    context.values[fused_.output].gradient.clear();
    if (parts.empty()) return ok_status();
    for (const Block& part : parts) parts_.push_back(part.get());
    Block z = parts.front();
    parts.front().reset();
    const bool writes = parts_.size() > 1 || fused_.clip;
    if (writes && z.use_count() > 1) z = context.gradients.take(x_.size());
    z_ = z.get();
    if (fused_.addend && context.values[*fused_.addend].needs_gradient) {
      context.values[*fused_.addend].gradient.push_back(z);
    }
    PlanValue& input = context.values[fused_.operation->inputs[0]];
    if (!input.needs_gradient) return ok_status();
    // Over z, if nobody else reads that.
    const Block dx = z.use_count() == 1 ? z : context.gradients.take(x_.size());
    dx_ = dx.get();
    input.gradient.push_back(dx);
    return ok_status();
  }

  Status forward(Pass pass) override {
    const bool own_statistics = pass == Pass::kTraining && !op_.frozen;
    if (own_statistics) measure();
    for (std::size_t c = 0; c < rows_.channels(); ++c) {
      if (!own_statistics) set_statistics(c, moving_mean_.values[c], moving_variance_.values[c]);
      const double scale = gamma(c) * inverse_[c];
      numbers_[c] = scale;
      numbers_[rows_.channels() + c] = (beta_.values ? beta_.values[c] : 0.0) - mean_[c] * scale;
    }
    rows_.spread(numbers_.data(), a_);
    rows_.spread(numbers_.data() + rows_.channels(), b_);
    const ClipBounds bounds = fused_.clip.value_or(kNoBounds);
    rows_.for_ranges(0, [&](int, std::size_t offset, std::size_t rows, std::size_t width) {
      loops().affine(x_.data + offset, addend_ ? addend_ + offset : nullptr, rows, width,
                     a_.as<float>().data(), b_.as<float>().data(), bounds, y_ + offset);
    });
    return ok_status();
  }

  Status backward() override {
    if (parts_.empty()) return ok_status();
    rows_.spread(mean_.data(), c_);
    sums_.run([&](std::size_t offset, std::size_t rows, std::size_t width, float* sum,
                  float* products) { add_gradients(offset, rows, width, sum, products); });
    for (std::size_t c = 0; c < rows_.channels(); ++c) {
      if (beta_.gradient) beta_.gradient[c] = static_cast<float>(sums_.first()[c]);
      if (gamma_.gradient) {
        gamma_.gradient[c] = static_cast<float>(sums_.second()[c] * inverse_[c]);
      }
    }
    if (dx_ == nullptr) return ok_status();
    set_input_factors();
    rows_.for_ranges(0, [&](int, std::size_t offset, std::size_t rows, std::size_t width) {
      loops().combine(z_ + offset, x_.data + offset, rows, width, a_.as<float>().data(),
                      b_.as<float>().data(), c_.as<float>().data(), dx_ + offset);
    });
    return ok_status();
  }

 private:
  static std::size_t channels_of(const PlanValue& value) {
    return static_cast<std::size_t>(value.shape[value.shape.rank() - 1]);
  }

  double gamma(std::size_t c) const { return gamma_.values ? gamma_.values[c] : 1.0; }

  void set_statistics(std::size_t c, double mean, double variance) {
    mean_[c] = mean;
    inverse_[c] = 1.0 / std::sqrt(variance + double{op_.epsilon});
  }

  // Mean and variance of the batch in one pass: squares are taken of the distance to a rough mean,
  // so that nothing cancels out.
  void measure() {
    const std::size_t channels = rows_.channels();
    constexpr std::size_t kSamples = 16;
    const std::size_t stride = std::max<std::size_t>(rows_.rows() / kSamples, 1);
    double* pivot = numbers_.data();
    std::fill_n(pivot, channels, 0.0);
    std::size_t samples = 0;
    for (std::size_t row = 0; row < rows_.rows() && samples < kSamples; row += stride, ++samples) {
      const float* at = x_.data + row * channels;
      for (std::size_t c = 0; c < channels; ++c) pivot[c] += double{at[c]};
    }
    for (std::size_t c = 0; c < channels; ++c) {
      pivot[c] = double{static_cast<float>(pivot[c] / static_cast<double>(samples))};
    }
    rows_.spread(pivot, c_);
    sums_.run(
        [&](std::size_t offset, std::size_t rows, std::size_t width, float* sum, float* squares) {
          loops().moments(x_.data + offset, rows, width, c_.as<float>().data(), sum, squares);
        });
    const double count = static_cast<double>(rows_.rows());
    const double keep = op_.momentum;
    for (std::size_t c = 0; c < channels; ++c) {
      const double off = sums_.first()[c] / count;
      const double variance = std::max(sums_.second()[c] / count - off * off, 0.0);
      set_statistics(c, pivot[c] + off, variance);
      float& mean = moving_mean_.values[c];
      float& moving = moving_variance_.values[c];
      mean = static_cast<float>(double{mean} * keep + mean_[c] * (1.0 - keep));
      moving = static_cast<float>(double{moving} * keep + variance * (1.0 - keep));
    }
  }

  void add_gradients(std::size_t offset, std::size_t rows, std::size_t width, float* sum,
                     float* products) {
    const PartsAt parts(parts_, offset, z_ + offset, rows * width);
    const float* clipped = fused_.clip ? y_ + offset : nullptr;
    loops().norm_sums(parts.data(), parts.count(), clipped, fused_.clip.value_or(kNoBounds),
                      x_.data + offset, rows, width, c_.as<float>().data(), z_ + offset, sum,
                      products);
  }

  // dx = gamma inverse (z - mean of z - normalised x * mean of (z normalised x)), as a z + b x + c.
  void set_input_factors() {
    const std::size_t channels = rows_.channels();
    const double count = static_cast<double>(rows_.rows());
    for (std::size_t c = 0; c < channels; ++c) {
      const double a = gamma(c) * inverse_[c];
      double b = 0.0, constant = 0.0;
      if (!op_.frozen) {
        b = -a * inverse_[c] * inverse_[c] * sums_.second()[c] / count;
        constant = -a * sums_.first()[c] / count - b * mean_[c];
      }
      numbers_[c] = a;
      numbers_[channels + c] = b;
      numbers_[2 * channels + c] = constant;
    }
    rows_.spread(numbers_.data(), a_);
    rows_.spread(numbers_.data() + channels, b_);
    rows_.spread(numbers_.data() + 2 * channels, c_);
  }

  const BatchNormOp op_;
  const FusedOperation fused_;
  const PlanValue x_;
  ChannelRows rows_;
  ChannelSums sums_;
  Parameter gamma_, beta_, moving_mean_, moving_variance_;
  std::vector<double> mean_, inverse_;  // of the last pass
  std::vector<double> numbers_;
  Tensor a_, b_, c_;  // vectors for the loops
  const float* addend_ = nullptr;
  float* y_ = nullptr;
  std::vector<const float*> parts_;
  float* z_ = nullptr;  // the gradient behind the normalisation
  float* dx_ = nullptr;
};

}  // namespace

StepResult make_batch_norm_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new BatchNormStep(fused, context));
}

}  // namespace tinysplit::training
