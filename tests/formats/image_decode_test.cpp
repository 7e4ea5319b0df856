#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/limits.h"
#include "formats/image/image.h"
#include "formats/image/png_writer.h"
#include "formats/image_test_files.h"

namespace tinysplit {
namespace {

const std::vector<std::uint8_t> kFourColors{255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};

std::vector<float> values_of(const Result<Tensor>& tensor) {
  if (!tensor.ok()) {
    ADD_FAILURE() << tensor.status().to_string();
    return {};
  }
  const auto values = tensor->as<float>();
  return {values.begin(), values.end()};
}

// A picture without sharp edges, so that JPEG keeps it well.
std::vector<std::uint8_t> smooth(unsigned width, unsigned height, unsigned channels) {
  std::vector<std::uint8_t> pixels;
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      for (unsigned c = 0; c < channels; ++c) {
        pixels.push_back(static_cast<std::uint8_t>(40 + 3 * x + 2 * y + 30 * c));
      }
    }
  }
  return pixels;
}

std::string with_png_size(std::string png, std::uint32_t width, std::uint32_t height) {
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) png[at + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  put(29, static_cast<std::uint32_t>(
              crc32(0, reinterpret_cast<const unsigned char*>(png.data()) + 12, 17)));
  return png;
}

TEST(ImageDecode, GivesThePixelsOfAPngAsTheyAre) {
  const std::string png = png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data());
  EXPECT_EQ(values_of(decode_image(png, {1, 2, 2, 3})),
            std::vector<float>(kFourColors.begin(), kFourColors.end()));
}

TEST(ImageDecode, ReadsWhatThePngWriterWrites) {
  const auto color = encode_png(kFourColors, {2, 2, 3});
  ASSERT_TRUE(color.ok()) << color.status().to_string();
  EXPECT_EQ(values_of(decode_image(*color, {1, 2, 2, 3})),
            std::vector<float>(kFourColors.begin(), kFourColors.end()));
  EXPECT_EQ(values_of(decode_image(*encode_png(kFourColors, {3, 4, 1}), {1, 3, 4, 1})),
            std::vector<float>(kFourColors.begin(), kFourColors.end()));
  EXPECT_FALSE(encode_png(kFourColors, {3, 2, 2}).ok());
  EXPECT_FALSE(encode_png(kFourColors, {2, 2, 1}).ok());
  EXPECT_FALSE(encode_png({}, {0, 0, 1}).ok());
}

TEST(ImageDecode, TurnsColourIntoLumaOfBt601) {
  const std::string png = png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data());
  EXPECT_EQ(values_of(decode_image(png, {1, 2, 2, 1})), (std::vector<float>{76, 150, 29, 18}));
}

TEST(ImageDecode, KeepsEveryGreyExactly) {
  std::vector<std::uint8_t> greys(256);
  for (std::size_t i = 0; i < greys.size(); ++i) greys[i] = static_cast<std::uint8_t>(i);
  const std::string png = png_bytes(16, 16, PNG_FORMAT_GRAY, greys.data());
  EXPECT_EQ(values_of(decode_image(png, {1, 16, 16, 1})),
            std::vector<float>(greys.begin(), greys.end()));
  const std::vector<float> colors = values_of(decode_image(png, {1, 16, 16, 3}));
  ASSERT_EQ(colors.size(), 768U);
  for (std::size_t i = 0; i < colors.size(); ++i) {
    EXPECT_EQ(colors[i], static_cast<float>(greys[i / 3])) << i;
  }
}

TEST(ImageDecode, LaysTransparencyOnBlack) {
  const std::vector<std::uint8_t> pixels{200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128};
  const std::string png = png_bytes(3, 1, PNG_FORMAT_RGBA, pixels.data());
  EXPECT_EQ(values_of(decode_image(png, {1, 1, 3, 3})),
            (std::vector<float>{200, 100, 50, 0, 0, 0, 100, 50, 25}));
}

TEST(ImageDecode, ReadsTheBundledImages) {
  const std::filesystem::path folder =
      std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "models/test_model/data";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    const std::vector<float> values = values_of(read_image(entry.path(), {1, 20, 20, 3}));
    EXPECT_GT(*std::ranges::max_element(values), 100.0F) << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0);
}

TEST(ImageDecode, ReadsBaselineAndProgressiveJpeg) {
  for (const int channels : {1, 3}) {
    for (const bool progressive : {false, true}) {
      const std::vector<std::uint8_t> pixels = smooth(24, 16, unsigned(channels));
      const std::string jpeg = jpeg_bytes(24, 16, channels, pixels, progressive);
      const std::vector<float> values = values_of(decode_image(jpeg, {1, 16, 24, channels}));
      ASSERT_EQ(values.size(), pixels.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(values[i], pixels[i], 3.0F) << channels << " " << progressive << " " << i;
      }
    }
  }
}

TEST(ImageDecode, ResizesToTheShape) {
  const std::vector<std::uint8_t> pixels{0, 100, 200, 60};
  const std::string png = png_bytes(2, 2, PNG_FORMAT_GRAY, pixels.data());
  EXPECT_EQ(values_of(decode_image(png, {1, 1, 1, 1})), std::vector<float>{90});
  EXPECT_EQ(values_of(decode_image(png, {1, 1, 2, 1})), (std::vector<float>{100, 80}));
  EXPECT_EQ(values_of(decode_image(png, {1, 2, 4, 1})),
            (std::vector<float>{0, 25, 75, 100, 200, 165, 95, 60}));
}

TEST(ImageDecode, RefusesShapesThatAreNoImages) {
  const std::string png = png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data());
  for (const Shape& shape : {Shape{}, Shape{2, 2, 3}, Shape{2, 2, 2, 3}, Shape{1, 2, 2, 2},
                             Shape{1, 0, 2, 3}, Shape{1, 2, 2, 4}, Shape{1, 2, 2, 3, 1}}) {
    EXPECT_EQ(decode_image(png, shape).status().code(), StatusCode::kInvalidArgument)
        << shape.to_string();
  }
  EXPECT_EQ(decode_image(png, {1, 100'000, 1, 3}).status().code(), StatusCode::kOutOfRange);
}

TEST(ImageDecode, RefusesHugeImagesBeforeAllocating) {
  const std::string png = png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data());
  ASSERT_TRUE(decode_image(with_png_size(png, 2, 2), {1, 2, 2, 3}).ok());
  for (const auto& [width, height] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {16'385, 1}, {1, 16'385}, {16'384, 16'384}, {1'000'000, 1'000'000}}) {
    const Status status = decode_image(with_png_size(png, width, height), {1, 2, 2, 3}).status();
    EXPECT_FALSE(status.ok()) << width << " x " << height;
  }
  EXPECT_EQ(decode_image(with_png_size(png, 16'384, 16'384), {1, 2, 2, 3}).status().code(),
            StatusCode::kOutOfRange);

  std::string jpeg = jpeg_bytes(8, 8, 3, smooth(8, 8, 3));
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");  // 65500 x 65500, the most that libjpeg takes
  EXPECT_EQ(decode_image(jpeg, {1, 8, 8, 3}).status().code(), StatusCode::kOutOfRange);
}

TEST(ImageDecode, RefusesEveryTruncation) {
  const std::vector<std::string> files{
      png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data()),
      jpeg_bytes(16, 8, 3, smooth(16, 8, 3)),
      jpeg_bytes(16, 8, 3, smooth(16, 8, 3), true),
  };
  for (const std::string& bytes : files) {
    ASSERT_TRUE(decode_image(bytes, {1, 2, 2, 3}).ok());
    // The last bytes of either format only say that it ends there.
    const std::size_t last = bytes.size() - (bytes.starts_with("\xff\xd8") ? 2 : 12);
    for (std::size_t size = 0; size < last; ++size) {
      const auto tensor = decode_image(std::string_view(bytes).substr(0, size), {1, 2, 2, 3});
      EXPECT_EQ(tensor.status().code(), StatusCode::kInvalidArgument) << size;
    }
  }
}

TEST(ImageDecode, SurvivesEveryDamagedByte) {
  for (const std::string& bytes :
       {png_bytes(2, 2, PNG_FORMAT_RGB, kFourColors.data()), jpeg_bytes(16, 8, 3, smooth(16, 8, 3)),
        jpeg_bytes(16, 8, 1, smooth(16, 8, 1), true)}) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        const auto tensor = decode_image(damaged, {1, 2, 2, 3});
        if (!tensor.ok()) {
          EXPECT_FALSE(tensor.status().message().empty());
          continue;
        }
        for (const float value : tensor->as<float>()) {
          EXPECT_TRUE(value >= 0.0F && value <= 255.0F) << i;
        }
      }
    }
  }
}

TEST(ImageDecode, RefusesAJpegOfEndlessScans) {
  const std::string jpeg = jpeg_bytes(8, 8, 1, smooth(8, 8, 1), true);
  // The last scan over and over, as a hostile file would do it.
  const std::size_t scan = jpeg.rfind("\xff\xda");
  ASSERT_NE(scan, std::string::npos);
  const std::string body = jpeg.substr(scan, jpeg.size() - 2 - scan);
  std::string endless = jpeg.substr(0, scan);
  for (int i = 0; i < 2 * limits::kMaxJpegScans; ++i) endless += body;
  endless += jpeg.substr(jpeg.size() - 2);
  EXPECT_EQ(decode_image(endless, {1, 8, 8, 1}).status().code(), StatusCode::kInvalidArgument);
}

TEST(ImageDecode, NamesTheFile) {
  const Status missing = read_image("/nowhere/picture.png", {1, 2, 2, 3}).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  const auto readme = std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "LICENSE";
  const Status text = read_image(readme, {1, 2, 2, 3}).status();
  EXPECT_EQ(text.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(text.message().find("LICENSE: neither a PNG, JPEG"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
