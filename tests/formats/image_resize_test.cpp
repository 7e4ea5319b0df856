#include <gtest/gtest.h>

#include <numeric>

#include "formats/image/resize.h"

namespace tinysplit {
namespace {

TEST(ImageResize, WeightsSumToOneAndStayInside) {
  for (const std::size_t input : {1, 2, 3, 7, 28, 96, 640}) {
    for (const std::size_t output : {1, 2, 5, 20, 28, 97, 1000}) {
      const std::vector<ResizeTaps> taps = resize_taps(input, output);
      ASSERT_EQ(taps.size(), output);
      for (const ResizeTaps& tap : taps) {
        ASSERT_FALSE(tap.weights.empty());
        EXPECT_LE(tap.first + tap.weights.size(), input) << input << " to " << output;
        EXPECT_NEAR(std::accumulate(tap.weights.begin(), tap.weights.end(), 0.0), 1.0, 1e-5);
        for (const float weight : tap.weights) EXPECT_GE(weight, 0.0F);
      }
    }
  }
}

TEST(ImageResize, ShrinkingCountsEveryInputAlike) {
  for (const std::size_t output : {1, 3, 5, 9}) {
    std::vector<double> counted(10, 0.0);
    for (const ResizeTaps& tap : resize_taps(10, output)) {
      for (std::size_t i = 0; i < tap.weights.size(); ++i) counted[tap.first + i] += tap.weights[i];
    }
    for (const double weight : counted) {
      EXPECT_NEAR(weight, static_cast<double>(output) / 10.0, 1e-5);
    }
  }
}

TEST(ImageResize, MirroredImagesGiveMirroredResults) {
  constexpr std::size_t kWidth = 13;
  std::vector<unsigned char> image(kWidth);
  for (std::size_t x = 0; x < kWidth; ++x) image[x] = static_cast<unsigned char>(x * x);
  const std::vector<unsigned char> mirrored(image.rbegin(), image.rend());
  for (const std::size_t width : {4, 13, 30}) {
    std::vector<float> a(width);
    std::vector<float> b(width);
    resize_image(image, {1, kWidth, 1}, a, {1, width, 1});
    resize_image(mirrored, {1, kWidth, 1}, b, {1, width, 1});
    for (std::size_t x = 0; x < width; ++x) EXPECT_NEAR(a[x], b[width - 1 - x], 1e-3) << width;
  }
}

TEST(ImageResize, KeepsChannelsApart) {
  std::vector<unsigned char> image;
  for (int i = 0; i < 6 * 5; ++i) image.insert(image.end(), {10, 20, 30});
  for (const std::size_t size : {2, 3, 9}) {
    std::vector<float> output(size * size * 3);
    resize_image(image, {6, 5, 3}, output, {size, size, 3});
    for (std::size_t i = 0; i < output.size(); ++i) {
      EXPECT_NEAR(output[i], 10.0F * static_cast<float>(i % 3 + 1), 1e-4);
    }
  }
}

}  // namespace
}  // namespace tinysplit
