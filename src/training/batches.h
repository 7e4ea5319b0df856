#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "training/augmentation.h"

namespace tinysplit::training {

// What the outputs of a network are to become.
enum class TargetKind : std::uint8_t {
  kOneOfMany,  // an output for each class: 1 for the image's, 0 for the others
  kYesOrNo,    // one output: 1 for the second of two classes
  kInput,      // as many outputs as inputs: the sample itself, pixels from 0 to 1
};

// Images, or other samples, as a network takes them.
struct Batch {
  std::int64_t images = 0;
  std::vector<float> input;          // [images,H,W,C]
  std::vector<float> targets;        // [images,outputs]
  std::vector<std::int32_t> labels;  // [images]
};

struct BatchOptions {
  std::int64_t batch = 128;  // images of a batch
  // In a new random order each epoch, augmented, and without the few that do not fill a batch;
  // else all images in their order as they are.
  bool shuffle = false;
  AugmentationOptions augmentation = {};
  std::uint64_t seed = 1;
  PixelScaling scaling = {};
  TargetKind target = TargetKind::kOneOfMany;
};

// Cuts labelled images, or float32 samples, which it neither augments nor scales, into batches.
// What is in a batch depends on the data, the options and the numbers of the epoch and the batch
// alone, not on what was made before. Not thread-safe; several makers may share the data, which
// must outlive them.
class BatchMaker {
 public:
  BatchMaker(const LabelledImages& data, const BatchOptions& options);

  // Images of a batch: fewer than asked for where the data has not as many.
  std::int64_t batch() const { return batch_; }
  std::int64_t batches_per_epoch() const;
  void fill(std::int64_t epoch, std::int64_t index, Batch& batch);

 private:
  void fill_image(std::int64_t epoch, std::size_t image, std::size_t row, Batch& batch);
  void fill_pixels(std::int64_t epoch, std::size_t image, std::span<float> input);
  void fill_target(std::span<const float> pixels, std::int32_t label,
                   std::span<float> target) const;

  const LabelledImages& data_;
  BatchOptions options_;
  std::int64_t batch_;
  std::size_t image_size_;
  std::size_t target_size_;
  std::optional<Augmenter> augmenter_;  // of pixels
  std::vector<float> pixels_;
  std::vector<std::uint32_t> order_;  // of ordered_epoch_
  std::int64_t ordered_epoch_ = -1;
};

// The batches of one epoch after the other, each made by a thread while the one before is used.
// next() is for one thread.
class BatchStream {
 public:
  // From `batch` of `epoch` on, without end. `data` must outlive the stream.
  BatchStream(const LabelledImages& data, const BatchOptions& options, std::int64_t epoch,
              std::int64_t batch);
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  // The next batch, valid until the next call.
  const Batch& next();

 private:
  void make_batches();

  BatchMaker maker_;
  std::int64_t epoch_;
  std::int64_t index_;
  std::array<Batch, 2> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t made_ = 0;   // batches that were made, the last one in slots_[(made_ - 1) % 2]
  std::uint64_t taken_ = 0;  // batches that next() gave; the last of them is in use
  bool stopping_ = false;
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace tinysplit::training
