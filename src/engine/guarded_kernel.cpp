#include "engine/guarded_kernel.h"

#include <deque>
#include <mutex>
#include <utility>

#include "core/numeric.h"
#include "kernels/clip.h"
#include "kernels/magnitude.h"

namespace tinysplit {
namespace {

class ClippedRun final : public BoundKernel {
 public:
  ClippedRun(std::unique_ptr<BoundKernel> run, const Clip& clip, float* output, std::size_t count)
      : run_(std::move(run)), clip_(clip), output_(output), count_(count) {}

  Status run() override {
    TINYSPLIT_RETURN_IF_ERROR(run_->run());
    native::clip(clip_, output_, count_);
    return ok_status();
  }

 private:
  std::unique_ptr<BoundKernel> run_;
  Clip clip_;
  float* output_;
  std::size_t count_;
};

class ClippedKernel final : public Kernel {
 public:
  ClippedKernel(std::shared_ptr<const Kernel> kernel, const Clip& clip, std::size_t count)
      : kernel_(std::move(kernel)), clip_(clip), count_(count) {}

  Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                            std::byte* output) const override {
    TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<BoundKernel> run, kernel_->bind(inputs, output));
    return std::unique_ptr<BoundKernel>(
        new ClippedRun(std::move(run), clip_, reinterpret_cast<float*>(output), count_));
  }
  std::string_view backend() const override { return kernel_->backend(); }

 private:
  std::shared_ptr<const Kernel> kernel_;
  Clip clip_;
  std::size_t count_;
};

class GuardedKernel final : public Kernel, public std::enable_shared_from_this<GuardedKernel> {
 public:
  GuardedKernel(const KernelSpec& spec, float limit, std::shared_ptr<const Kernel> fast,
                KernelMaker make_careful)
      : spec_(spec),
        output_(*spec.output),
        limit_(limit),
        fast_(std::move(fast)),
        make_careful_(std::move(make_careful)) {
    for (const Value* input : spec.inputs) inputs_.push_back(*input);
    for (std::size_t i = 0; i < inputs_.size(); ++i) spec_.inputs[i] = &inputs_[i];
    spec_.output = &output_;
    spec_.clip.reset();
    clip_ = spec.clip;
  }

  Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                            std::byte* output) const override;
  std::string_view backend() const override { return fast_->backend(); }
  float safe_magnitude() const override { return limit_; }

  bool is_safe(const std::byte* input) const {
    return all_within(
        {reinterpret_cast<const float*>(input), usize(inputs_[0].shape.num_elements())}, limit_);
  }

  Result<std::shared_ptr<const Kernel>> careful() const {
    const std::lock_guard lock(mutex_);
    if (careful_ == nullptr) {
      TINYSPLIT_ASSIGN_OR_RETURN(careful_, make_careful_(spec_));
      if (clip_) careful_ = make_clipped_kernel(careful_, *clip_, output_.shape);
    }
    return careful_;
  }

 private:
  KernelSpec spec_;
  std::deque<Value> inputs_;
  Value output_;
  std::optional<Clip> clip_;
  float limit_;
  std::shared_ptr<const Kernel> fast_;
  KernelMaker make_careful_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Kernel> careful_;  // guarded by mutex_
};

class GuardedRun final : public BoundKernel {
 public:
  GuardedRun(std::shared_ptr<const GuardedKernel> kernel, std::unique_ptr<BoundKernel> fast,
             std::span<const std::byte* const> inputs, std::byte* output)
      : kernel_(std::move(kernel)),
        fast_(std::move(fast)),
        inputs_(inputs.begin(), inputs.end()),
        output_(output) {}

  Status run() override {
    if (kernel_->is_safe(inputs_[0])) return fast_->run();
    if (careful_ == nullptr) {
      TINYSPLIT_ASSIGN_OR_RETURN(const auto careful, kernel_->careful());
      TINYSPLIT_ASSIGN_OR_RETURN(careful_, careful->bind(inputs_, output_));
    }
    return careful_->run();
  }
  Status run_within() override { return fast_->run(); }

 private:
  std::shared_ptr<const GuardedKernel> kernel_;
  std::unique_ptr<BoundKernel> fast_;
  std::unique_ptr<BoundKernel> careful_;
  std::vector<const std::byte*> inputs_;
  std::byte* output_;
};

Result<std::unique_ptr<BoundKernel>> GuardedKernel::bind(std::span<const std::byte* const> inputs,
                                                         std::byte* output) const {
  TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<BoundKernel> fast, fast_->bind(inputs, output));
  return std::unique_ptr<BoundKernel>(
      new GuardedRun(shared_from_this(), std::move(fast), inputs, output));
}

}  // namespace

std::shared_ptr<const Kernel> make_guarded_kernel(const KernelSpec& spec, float limit,
                                                  std::shared_ptr<const Kernel> fast,
                                                  KernelMaker make_careful) {
  return std::make_shared<const GuardedKernel>(spec, limit, std::move(fast),
                                               std::move(make_careful));
}

std::shared_ptr<const Kernel> make_clipped_kernel(std::shared_ptr<const Kernel> kernel,
                                                  const Clip& clip, const Shape& shape) {
  return std::make_shared<const ClippedKernel>(std::move(kernel), clip,
                                               usize(shape.num_elements()));
}

}  // namespace tinysplit
