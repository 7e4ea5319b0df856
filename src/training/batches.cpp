#include "training/batches.h"

#include <algorithm>
#include <numeric>

namespace tinysplit::training {
namespace {

// Streams of random numbers of one seed.
enum Stream : std::uint64_t { kOrderStream = 1, kImageStream = 2 };

// Of one sample.
std::size_t elements_of(const LabelledImages& data) {
  return std::size_t(data.images.shape().num_elements()) / data.size();
}

std::size_t target_size_of(const LabelledImages& data, TargetKind kind) {
  switch (kind) {
    case TargetKind::kOneOfMany:
      return data.classes.size();
    case TargetKind::kYesOrNo:
      return 1;
    case TargetKind::kInput:
      break;
  }
  return elements_of(data);
}

ImageSize size_of(const LabelledImages& data) {
  const Shape& shape = data.images.shape();
  return {std::size_t(shape[1]), std::size_t(shape[2]), std::size_t(shape[3])};
}

}  // namespace

BatchMaker::BatchMaker(const LabelledImages& data, const BatchOptions& options)
    : data_(data),
      options_(options),
      batch_(std::min(options.batch, std::int64_t(data.size()))),
      image_size_(elements_of(data)),
      target_size_(target_size_of(data, options.target)),
      pixels_(image_size_),
      order_(data.size()) {
  if (data.are_pixels) augmenter_.emplace(options.augmentation, size_of(data));
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
}

std::int64_t BatchMaker::batches_per_epoch() const {
  const auto images = std::int64_t(data_.size());
  return options_.shuffle ? images / batch_ : (images + batch_ - 1) / batch_;
}

void BatchMaker::fill(std::int64_t epoch, std::int64_t index, Batch& batch) {
  if (options_.shuffle && epoch != ordered_epoch_) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    Random::of({options_.seed, kOrderStream, std::uint64_t(epoch)}).shuffle(std::span(order_));
    ordered_epoch_ = epoch;
  }
  const auto first = std::size_t(index * batch_);
  const std::size_t count = std::min(std::size_t(batch_), data_.size() - first);
  batch.images = std::int64_t(count);
  batch.input.resize(count * image_size_);
  batch.targets.resize(count * target_size_);
  batch.labels.resize(count);
  for (std::size_t row = 0; row < count; ++row) fill_image(epoch, order_[first + row], row, batch);
}

void BatchMaker::fill_image(std::int64_t epoch, std::size_t image, std::size_t row, Batch& batch) {
  const auto input = std::span(batch.input).subspan(row * image_size_, image_size_);
  if (data_.are_pixels) {
    fill_pixels(epoch, image, input);
  } else {
    std::ranges::copy(data_.images.as<float>().subspan(image * image_size_, image_size_),
                      pixels_.begin());
    std::ranges::copy(pixels_, input.begin());
  }
  batch.labels[row] = data_.labels.empty() ? 0 : data_.labels[image];
  fill_target(pixels_, batch.labels[row],
              std::span(batch.targets).subspan(row * target_size_, target_size_));
}

// Leaves what the augmentation made in pixels_.
void BatchMaker::fill_pixels(std::int64_t epoch, std::size_t image, std::span<float> input) {
  const auto raw = data_.images.as<std::uint8_t>().subspan(image * image_size_, image_size_);
  if (options_.shuffle) {
    auto random = Random::of({options_.seed, kImageStream, std::uint64_t(epoch), image});
    augmenter_->apply(raw, random, pixels_);
  } else {
    std::ranges::copy(raw, pixels_.begin());
  }
  const PixelScaling& scaling = options_.scaling;
  std::ranges::transform(pixels_, input.begin(),
                         [&](float pixel) { return pixel * scaling.scale + scaling.offset; });
}

void BatchMaker::fill_target(std::span<const float> pixels, std::int32_t label,
                             std::span<float> target) const {
  switch (options_.target) {
    case TargetKind::kOneOfMany:
      std::ranges::fill(target, 0.0F);
      target[std::size_t(label)] = 1.0F;
      break;
    case TargetKind::kYesOrNo:
      target[0] = static_cast<float>(label);
      break;
    case TargetKind::kInput:
      std::ranges::transform(pixels, target.begin(), [&](float pixel) {
        return data_.are_pixels ? pixel / 255.0F : pixel;
      });
      break;
  }
}

BatchStream::BatchStream(const LabelledImages& data, const BatchOptions& options,
                         std::int64_t epoch, std::int64_t batch)
    : maker_(data, options), epoch_(epoch), index_(batch), thread_([this] { make_batches(); }) {}

BatchStream::~BatchStream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

const Batch& BatchStream::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return made_ > taken_; });
  const Batch& batch = slots_[taken_ % slots_.size()];
  ++taken_;
  changed_.notify_all();
  return batch;
}

void BatchStream::make_batches() {
  for (std::uint64_t i = 0;; ++i) {
    {
      // The slot is free once the batch two before is no longer in use.
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || i < slots_.size() || taken_ >= i; });
      if (stopping_) return;
    }
    maker_.fill(epoch_, index_, slots_[i % slots_.size()]);
    if (++index_ == maker_.batches_per_epoch()) {
      index_ = 0;
      ++epoch_;
    }
    {
      const std::lock_guard lock(mutex_);
      made_ = i + 1;
    }
    changed_.notify_all();
  }
}

}  // namespace tinysplit::training
