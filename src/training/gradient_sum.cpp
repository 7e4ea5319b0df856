#include "training/gradient_sum.h"

#include "training/parallel.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kGrain = 16384;  // floats worth a thread

}  // namespace

bool GradientSum::plan(PlanContext& context, std::size_t output,
                       const std::optional<ClipBounds>& clip) {
  PlanValue& value = context.values[output];
  if (value.gradient.empty()) return false;
  std::vector<Block> blocks = std::move(value.gradient);
  value.gradient.clear();
  for (const Block& block : blocks) parts_.push_back(block.get());
  values_ = value.data;
  clip_ = clip;
  size_ = value.size();
  threads_ = context.threads;
  result_ = blocks.front();
  blocks.front().reset();
  if (parts_.size() == 1 && !clip) return true;
  // Written over the first part, unless somebody else reads that too.
  if (!exclusive()) result_ = context.gradients.take(size_);
  written_ = result_.get();
  return true;
}

const float* GradientSum::run() const {
  if (written_ == nullptr) return parts_.front();
  parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
    const std::size_t size = end - begin;
    float* sum = written_ + begin;
    const PartsAt parts(parts_, begin, sum, size);
    if (clip_) {
      loops().clip_gradient(parts.data(), parts.count(), values_ + begin, *clip_, sum, size);
    } else {
      loops().sum(parts.data(), parts.count(), sum, size);
    }
  });
  return written_;
}

}  // namespace tinysplit::training
