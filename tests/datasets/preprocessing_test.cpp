#include "datasets/preprocessing.h"

#include <gtest/gtest.h>

#include <array>

#include "datasets/dataset_files.h"

namespace tinysplit::test {
namespace {

TEST(Preprocessing, MapsPixelsToARange) {
  const std::array<std::uint8_t, 3> pixels{0, 51, 255};
  std::array<float, 3> values{};
  scale_pixels(pixels, *parse_pixel_range("-1..1"), values);
  EXPECT_FLOAT_EQ(values[0], -1.0F);
  EXPECT_FLOAT_EQ(values[1], -0.6F);
  EXPECT_FLOAT_EQ(values[2], 1.0F);
  EXPECT_EQ(*parse_pixel_range("0..255"), PixelScaling{});
  for (const char* wrong : {"", "..", "1..", "1..0", "0..nan", "0..inf", "0-1", "0..1x"}) {
    EXPECT_FALSE(parse_pixel_range(wrong).ok()) << wrong;
  }
}

TEST(Preprocessing, IsRecordedBesideTheModel) {
  const TemporaryFolder folder;
  const auto model = folder.path() / "model.keras";
  EXPECT_EQ(*pixel_scaling_of(model), PixelScaling{});
  folder.write("preprocessing.json", R"({"pixels": "0..1"})");
  EXPECT_FLOAT_EQ(pixel_scaling_of(model)->scale, 1.0F / 255.0F);
  for (const char* wrong : {"", "[]", "{}", R"({"pixels": 1})", R"({"pixels": "1..0"})", "{"}) {
    folder.write("preprocessing.json", wrong);
    EXPECT_NE(pixel_scaling_of(model).status().message().find("preprocessing.json"),
              std::string::npos)
        << wrong;
  }
}

}  // namespace
}  // namespace tinysplit::test
