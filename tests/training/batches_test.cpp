#include "training/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "training/training_images.h"

namespace tinysplit::training {
namespace {

constexpr ImageSize kStripedSize{2, 3, 1};

// Each image is told by its first pixel.
LabelledImages numbered_images(std::size_t count) {
  LabelledImages data = test::striped_images(count, 3, kStripedSize);
  const auto pixels = data.images.as<std::uint8_t>();
  for (std::size_t i = 0; i < count; ++i) pixels[6 * i] = static_cast<std::uint8_t>(i);
  return data;
}

std::vector<int> numbers_in(const Batch& batch) {
  std::vector<int> numbers;
  for (std::int64_t i = 0; i < batch.images; ++i) {
    numbers.push_back(static_cast<int>(batch.input[std::size_t(6 * i)]));
  }
  return numbers;
}

TEST(Batches, ShuffledAreEachImageOnceInANewOrderEachEpoch) {
  const LabelledImages data = numbered_images(23);
  BatchMaker maker(data, {.batch = 5, .shuffle = true});
  ASSERT_EQ(maker.batches_per_epoch(), 4);
  std::set<std::vector<int>> orders;
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    std::vector<int> order;
    Batch batch;
    for (std::int64_t i = 0; i < 4; ++i) {
      maker.fill(epoch, i, batch);
      EXPECT_EQ(batch.images, 5);
      std::ranges::copy(numbers_in(batch), std::back_inserter(order));
      for (std::size_t row = 0; row < 5; ++row) {
        const auto image = std::size_t(numbers_in(batch)[row]);
        EXPECT_EQ(batch.labels[row], data.labels[image]);
        EXPECT_EQ(batch.targets[3 * row + std::size_t(data.labels[image])], 1.0F);
      }
      EXPECT_EQ(std::ranges::count(batch.targets, 1.0F), 5);
    }
    orders.insert(order);
    std::ranges::sort(order);
    EXPECT_TRUE(std::ranges::adjacent_find(order) == order.end());
  }
  EXPECT_EQ(orders.size(), 5U);
}

TEST(Batches, UnshuffledAreAllImagesAsTheyAre) {
  const LabelledImages data = numbered_images(7);
  BatchMaker maker(data, {.batch = 3, .augmentation = {.shift = 2}, .scaling = {2.0F, 0.0F}});
  ASSERT_EQ(maker.batches_per_epoch(), 3);
  Batch batch;
  maker.fill(0, 2, batch);
  EXPECT_EQ(batch.images, 1);
  EXPECT_EQ(numbers_in(batch), std::vector<int>{12});
  EXPECT_EQ(BatchMaker(data, {.batch = 100, .shuffle = true}).batch(), 7);
}

TEST(Batches, TargetsSuitTheNetwork) {
  LabelledImages data = numbered_images(4);
  data.classes.pop_back();
  for (std::int32_t& label : data.labels) label %= 2;
  Batch batch;
  BatchMaker(data, {.batch = 4, .target = TargetKind::kYesOrNo}).fill(0, 0, batch);
  EXPECT_TRUE(std::ranges::equal(batch.targets, data.labels));
  BatchMaker(data, {.batch = 4, .target = TargetKind::kInput}).fill(0, 0, batch);
  ASSERT_EQ(batch.targets.size(), batch.input.size());
  for (std::size_t i = 0; i < batch.input.size(); ++i) {
    EXPECT_FLOAT_EQ(batch.targets[i], batch.input[i] / 255.0F);
  }
}

// The thread of the stream must not change what is in a batch, wherever the stream begins.
TEST(Batches, StreamGivesWhatTheMakerMakes) {
  const LabelledImages data = numbered_images(20);
  const BatchOptions options{
      .batch = 6, .shuffle = true, .augmentation = {.flip = true, .shift = 1, .brightness = 0.5F}};
  BatchMaker maker(data, options);
  for (const std::int64_t first : {0, 1, 2}) {
    BatchStream stream(data, options, 4, first);
    std::int64_t epoch = 4;
    std::int64_t index = first;
    Batch expected;
    for (int i = 0; i < 8; ++i) {
      const Batch& batch = stream.next();
      maker.fill(epoch, index, expected);
      EXPECT_EQ(batch.input, expected.input);
      EXPECT_EQ(batch.targets, expected.targets);
      EXPECT_EQ(batch.labels, expected.labels);
      if (++index == 3) {
        index = 0;
        ++epoch;
      }
    }
  }
}

}  // namespace
}  // namespace tinysplit::training
