#include "datasets/preprocessing.h"

#include <gtest/gtest.h>

#include <array>

#include "datasets/dataset_files.h"

namespace tinysplit::test {
namespace {

TEST(Preprocessing, MapsPixelsToARange) {
  const PixelScaling around_zero = *parse_pixel_range("-1..1");
  for (const auto& [pixel, value] : {std::pair{0.0F, -1.0F}, {51.0F, -0.6F}, {255.0F, 1.0F}}) {
    EXPECT_FLOAT_EQ(pixel * around_zero.scale + around_zero.offset, value);
  }
  EXPECT_EQ(*parse_pixel_range("0..255"), PixelScaling{});
  for (const char* wrong : {"", "..", "1..", "1..0", "0..nan", "0..inf", "0-1", "0..1x"}) {
    EXPECT_FALSE(parse_pixel_range(wrong).ok()) << wrong;
  }
}

TEST(Preprocessing, IsRecordedBesideTheModel) {
  const TemporaryFolder folder;
  const auto model = folder.path() / "model.keras";
  EXPECT_EQ(*preprocessing_of(model), Preprocessing{});
  folder.write("preprocessing.json", R"({"pixels": "0..1"})");
  EXPECT_FLOAT_EQ(preprocessing_of(model)->channels[2].scale, 1.0F / 255.0F);
  EXPECT_TRUE(preprocessing_of(model)->is_stated);
  folder.write("preprocessing.json", "{");
  EXPECT_NE(preprocessing_of(model).status().message().find("preprocessing.json"),
            std::string::npos);
}

TEST(Preprocessing, HasAllKeys) {
  const auto stated = parse_preprocessing(
      R"({"pixels": "0..1", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
          "channels": "bgr", "layout": "nchw", "alpha": "white", "fit": "crop", "crop": 0.875})");
  ASSERT_TRUE(stated.ok()) << stated.status().message();
  EXPECT_TRUE(stated->image.blue_first);
  EXPECT_EQ(stated->channels_first, true);
  EXPECT_EQ(stated->image.alpha, AlphaMode::kWhite);
  EXPECT_EQ(stated->image.fit, ImageFit::kCrop);
  EXPECT_EQ(stated->image.crop_share, 0.875);
  const std::array<float, 3> mean = {0.485F, 0.456F, 0.406F}, deviation = {0.229F, 0.224F, 0.225F};
  for (std::size_t c = 0; c < 3; ++c) {
    const PixelScaling& scaling = stated->channels[c];
    for (const float pixel : {0.0F, 77.0F, 255.0F}) {
      EXPECT_NEAR(pixel * scaling.scale + scaling.offset, (pixel / 255.0F - mean[c]) / deviation[c],
                  1e-5F);
    }
  }
  EXPECT_EQ(common_scaling(*stated).status().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(*common_scaling(*parse_preprocessing(R"({"mean": 127.5, "std": 127.5})")),
            (PixelScaling{1.0F / 127.5F, -1.0F}));
  EXPECT_EQ(*common_scaling(*parse_preprocessing("{}")), PixelScaling{});
}

TEST(Preprocessing, RefusesWhatItDoesNotKnow) {
  for (const char* wrong : {"",
                            "[]",
                            "{",
                            "3",
                            R"({"pixels": 1})",
                            R"({"pixels": "1..0"})",
                            R"({"pixel": "0..1"})",
                            R"({"mean": "0.5"})",
                            R"({"mean": [1, 2]})",
                            R"({"mean": [1, 2, "3"]})",
                            R"({"std": 0})",
                            R"({"std": [1, -1, 1]})",
                            R"({"std": 1e-45, "pixels": "0..1"})",
                            R"({"mean": 1e300})",
                            R"({"channels": "RGB"})",
                            R"({"layout": "chw"})",
                            R"({"alpha": 1})",
                            R"({"fit": "cover"})",
                            R"({"crop": 0})",
                            R"({"crop": 1.5})",
                            R"({"crop": "0.9"})"}) {
    const auto stated = parse_preprocessing(wrong);
    EXPECT_EQ(stated.status().code(), StatusCode::kInvalidArgument) << wrong;
    EXPECT_FALSE(stated.status().message().empty());
  }
}

}  // namespace
}  // namespace tinysplit::test
