#include "training/augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace tinysplit::training {
namespace {

constexpr ImageSize kAugmentedSize{3, 4, 2};

std::vector<std::uint8_t> ramp() {
  std::vector<std::uint8_t> image(kAugmentedSize.height * kAugmentedSize.width *
                                  kAugmentedSize.channels);
  std::iota(image.begin(), image.end(), std::uint8_t{10});
  return image;
}

std::vector<float> augmented(const AugmentationOptions& options, std::uint64_t seed) {
  Augmenter augmenter(options, kAugmentedSize);
  std::vector<float> result(ramp().size());
  Random random(seed);
  augmenter.apply(ramp(), random, result);
  return result;
}

// All that some seeds make of the image.
std::set<std::vector<float>> all_of(const AugmentationOptions& options) {
  std::set<std::vector<float>> all;
  for (std::uint64_t seed = 0; seed < 200; ++seed) all.insert(augmented(options, seed));
  return all;
}

float pixel(const std::vector<float>& image, std::ptrdiff_t y, std::ptrdiff_t x, std::size_t c) {
  if (y < 0 || x < 0 || y >= std::ptrdiff_t(kAugmentedSize.height) ||
      x >= std::ptrdiff_t(kAugmentedSize.width)) {
    return 0.0F;
  }
  return image[(std::size_t(y) * kAugmentedSize.width + std::size_t(x)) * kAugmentedSize.channels +
               c];
}

const std::vector<float> kPlain = augmented({}, 1);

TEST(Augmentation, WithoutOptionsChangesNothing) {
  const std::vector<std::uint8_t> image = ramp();
  EXPECT_EQ(kPlain, std::vector<float>(image.begin(), image.end()));
}

TEST(Augmentation, FlipsOrNot) {
  const auto all = all_of({.flip = true});
  ASSERT_EQ(all.size(), 2U);
  for (const auto& image : all) {
    if (image == kPlain) continue;
    for (std::ptrdiff_t y = 0; y < 3; ++y) {
      for (std::ptrdiff_t x = 0; x < 4; ++x) {
        EXPECT_EQ(pixel(image, y, x, 1), pixel(kPlain, y, 3 - x, 1));
      }
    }
  }
}

TEST(Augmentation, ShiftsEachWayAndFillsWithBlack) {
  std::set<std::vector<float>> expected;
  for (std::ptrdiff_t down = -1; down <= 1; ++down) {
    for (std::ptrdiff_t right = -1; right <= 1; ++right) {
      std::vector<float> moved;
      for (std::ptrdiff_t y = 0; y < 3; ++y) {
        for (std::ptrdiff_t x = 0; x < 4; ++x) {
          moved.push_back(pixel(kPlain, y - down, x - right, 0));
          moved.push_back(pixel(kPlain, y - down, x - right, 1));
        }
      }
      expected.insert(moved);
    }
  }
  EXPECT_EQ(all_of({.shift = 1}), expected);
  // Everything may leave the image.
  EXPECT_TRUE(all_of({.shift = 50}).contains(std::vector<float>(kPlain.size(), 0.0F)));
}

TEST(Augmentation, CropsStayWithinTheImagesValues) {
  const auto all = all_of({.crop = 0.6F});
  EXPECT_GT(all.size(), 10U);
  EXPECT_TRUE(all.contains(kPlain));
  for (const auto& image : all) {
    EXPECT_GE(std::ranges::min(image), std::ranges::min(kPlain));
    EXPECT_LE(std::ranges::max(image), std::ranges::max(kPlain));
  }
}

TEST(Augmentation, BrightnessScalesAllPixelsAlike) {
  for (const auto& image : all_of({.brightness = 0.5F})) {
    const float factor = image[0] / kPlain[0];
    EXPECT_GE(factor, 0.499F);
    EXPECT_LE(factor, 1.501F);
    for (std::size_t i = 0; i < image.size(); ++i) {
      EXPECT_NEAR(image[i], kPlain[i] * factor, 1e-3F);
    }
  }
}

TEST(Augmentation, DependsOnTheSeedAlone) {
  const AugmentationOptions options{.flip = true, .shift = 2, .crop = 0.3F, .brightness = 0.2F};
  EXPECT_EQ(augmented(options, 7), augmented(options, 7));
  EXPECT_NE(augmented(options, 7), augmented(options, 8));
}

TEST(Augmentation, IsWrittenAsItIsRead) {
  for (const char* text :
       {"none", "flip", "flip,shift=2", "flip,shift=1,crop=0.25,brightness=0.1"}) {
    EXPECT_EQ(augmentation_text(*parse_augmentation(text)), text);
  }
  EXPECT_EQ(augmentation_text(*parse_augmentation("")), "none");
  for (const char* wrong : {"flop", "flip=1", "shift", "shift=-1", "shift=1e9", "crop=1",
                            "crop=nan", "brightness=2", "flip;shift=2", "shift=2 "}) {
    EXPECT_FALSE(parse_augmentation(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace tinysplit::training
