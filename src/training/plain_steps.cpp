// Steps that move or scale values: dropout, rescaling, padding, reshaping, global pooling.
#include <algorithm>
#include <cstring>

#include "core/numeric.h"
#include "core/random.h"
#include "training/channel_rows.h"
#include "training/parallel.h"
#include "training/unary_step.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kGrain = 8192;  // floats worth a thread

// Which elements stay depends on the seed, the number of the training step, the layer and the
// element, and on nothing that ran before.
class DropoutStep final : public UnaryStep {
 public:
  DropoutStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context),
        keep_(1.0 - double{op_of<DropoutOp>(fused).rate}),
        stream_(Random::of({context.seed, fused.operation->layer}).next()),
        steps_(context.steps),
        factors_(size_) {}

 private:
  void compute(Pass pass) override {
    if (pass == Pass::kInference) {
      std::copy_n(x_, size_, y_);
      return;
    }
    const std::uint64_t seed = mix_bits(stream_ ^ mix_bits(steps_));
    const auto scale = static_cast<float>(1.0 / keep_);
    parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        Random random(seed + i * 0xd1342543de82ef95);
        factors_[i] = random.uniform() < keep_ ? scale : 0.0f;
        y_[i] = x_[i] * factors_[i];
      }
    });
  }

  void compute_gradient(const float* dy, float* dx) override {
    for (std::size_t i = 0; i < size_; ++i) dx[i] = dy[i] * factors_[i];
  }

  const double keep_;
  const std::uint64_t stream_;
  const std::uint64_t& steps_;
  std::vector<float> factors_;
};

class RescaleStep final : public UnaryStep {
 public:
  RescaleStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context),
        rows_(size_ / channels(), channels(), threads_),
        scale_(spread(op_of<RescaleOp>(fused).scale)),
        offset_(spread(op_of<RescaleOp>(fused).offset)),
        zero_(rows_.make_vector()) {}

 private:
  std::size_t channels() const { return static_cast<std::size_t>(x_shape_[x_shape_.rank() - 1]); }

  Tensor spread(const std::vector<float>& numbers) const {
    std::vector<double> all(channels());
    for (std::size_t c = 0; c < all.size(); ++c) all[c] = numbers[c % numbers.size()];
    Tensor vector = rows_.make_vector();
    rows_.spread(all.data(), vector);
    return vector;
  }

  void scale(const float* x, const Tensor& offset, float* y) const {
    rows_.for_ranges(0, [&](int, std::size_t at, std::size_t rows, std::size_t width) {
      loops().affine(x + at, nullptr, rows, width, scale_.as<float>().data(),
                     offset.as<float>().data(), {-kInfinity, kInfinity}, y + at);
    });
  }

  void compute(Pass) override { scale(x_, offset_, y_); }
  void compute_gradient(const float* dy, float* dx) override { scale(dy, zero_, dx); }

  const ChannelRows rows_;
  const Tensor scale_, offset_, zero_;
};

class PadStep final : public UnaryStep {
 public:
  PadStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context),
        top_(op_of<PadOp>(fused).before[1]),
        left_(op_of<PadOp>(fused).before[2]) {
    std::fill_n(y_, y_shape_.num_elements(), 0.0f);
  }

 private:
  // copy(inner, outer, count) for each row of the image and where it stands in the padded one.
  template <typename Copy>
  void for_rows(const Copy& copy) const {
    const std::int64_t channels = x_shape_[3], row = x_shape_[2] * channels;
    for (std::int64_t n = 0; n < x_shape_[0]; ++n) {
      for (std::int64_t h = 0; h < x_shape_[1]; ++h) {
        const std::int64_t outer = ((n * y_shape_[1] + h + top_) * y_shape_[2] + left_) * channels;
        copy((n * x_shape_[1] + h) * row, outer, static_cast<std::size_t>(row));
      }
    }
  }

  void compute(Pass) override {
    for_rows([&](std::int64_t inner, std::int64_t outer, std::size_t count) {
      std::copy_n(x_ + inner, count, y_ + outer);
    });
  }

  void compute_gradient(const float* dy, float* dx) override {
    for_rows([&](std::int64_t inner, std::int64_t outer, std::size_t count) {
      std::copy_n(dy + outer, count, dx + inner);
    });
  }
  bool may_overwrite() const override { return false; }

  const std::int64_t top_, left_;
};

// The plan gives both values one buffer.
class ReshapeStep final : public UnaryStep {
 public:
  using UnaryStep::UnaryStep;

 private:
  void compute(Pass) override {}
  void compute_gradient(const float* dy, float* dx) override {
    if (dx != dy) std::copy_n(dy, size_, dx);
  }
};

// [N,H,W,C] to [N,C].
class GlobalPoolStep final : public UnaryStep {
 public:
  GlobalPoolStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context),
        kind_(op_of<GlobalPoolOp>(fused).kind),
        images_(static_cast<std::size_t>(x_shape_[0])),
        cells_(static_cast<std::size_t>(x_shape_[1] * x_shape_[2])),
        channels_(static_cast<std::size_t>(x_shape_[3])) {
    if (kind_ == PoolKind::kMax) largest_.resize(images_ * channels_);
  }

 private:
  template <typename Body>
  void for_images(const Body& body) const {
    const std::size_t grain = std::max<std::size_t>(kGrain / (cells_ * channels_), 1);
    parallel_ranges(threads_, images_, grain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t n = begin; n < end; ++n) body(n);
    });
  }

  void compute(Pass) override {
    for_images([&](std::size_t n) { kind_ == PoolKind::kMax ? find_largest(n) : find_mean(n); });
  }

  void find_mean(std::size_t n) {
    float* y = y_ + n * channels_;
    std::fill_n(y, channels_, 0.0f);
    for (std::size_t cell = 0; cell < cells_; ++cell) {
      const float* x = x_ + (n * cells_ + cell) * channels_;
      for (std::size_t c = 0; c < channels_; ++c) y[c] += x[c];
    }
    for (std::size_t c = 0; c < channels_; ++c) y[c] /= static_cast<float>(cells_);
  }

  void find_largest(std::size_t n) {
    std::size_t* largest = largest_.data() + n * channels_;
    float* y = y_ + n * channels_;
    std::fill_n(largest, channels_, std::size_t{0});
    std::copy_n(x_ + n * cells_ * channels_, channels_, y);
    for (std::size_t cell = 1; cell < cells_; ++cell) {
      const float* x = x_ + (n * cells_ + cell) * channels_;
      for (std::size_t c = 0; c < channels_; ++c) {
        if (!(x[c] > y[c])) continue;
        y[c] = x[c];
        largest[c] = cell;
      }
    }
  }

  void compute_gradient(const float* dy, float* dx) override {
    for_images([&](std::size_t n) {
      const float* from = dy + n * channels_;
      float* to = dx + n * cells_ * channels_;
      if (kind_ == PoolKind::kMax) {
        std::fill_n(to, cells_ * channels_, 0.0f);
        for (std::size_t c = 0; c < channels_; ++c) {
          to[largest_[n * channels_ + c] * channels_ + c] = from[c];
        }
        return;
      }
      const float share = 1.0f / static_cast<float>(cells_);
      for (std::size_t cell = 0; cell < cells_; ++cell, to += channels_) {
        for (std::size_t c = 0; c < channels_; ++c) to[c] = from[c] * share;
      }
    });
  }
  bool may_overwrite() const override { return false; }

  const PoolKind kind_;
  const std::size_t images_, cells_, channels_;
  std::vector<std::size_t> largest_;  // the cell, for each image and channel
};

template <typename T>
StepResult make(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new T(fused, context));
}

}  // namespace

StepResult make_dropout_step(const FusedOperation& fused, PlanContext& context) {
  return make<DropoutStep>(fused, context);
}

StepResult make_rescale_step(const FusedOperation& fused, PlanContext& context) {
  return make<RescaleStep>(fused, context);
}

StepResult make_pad_step(const FusedOperation& fused, PlanContext& context) {
  return make<PadStep>(fused, context);
}

StepResult make_reshape_step(const FusedOperation& fused, PlanContext& context) {
  return make<ReshapeStep>(fused, context);
}

StepResult make_global_pool_step(const FusedOperation& fused, PlanContext& context) {
  return make<GlobalPoolStep>(fused, context);
}

}  // namespace tinysplit::training
