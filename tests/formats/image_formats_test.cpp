#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "core/file.h"
#include "core/limits.h"
#include "formats/image/fit.h"
#include "formats/image/orientation.h"
#include "formats/image/pixels.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/images";

// The files of tools/make_image_golden.py with the pixels that Pillow gives, [height,width,4].
struct GoldenImage {
  std::string name;
  std::string bytes;
  Tensor rgba;
};

std::vector<GoldenImage> golden_images() {
  std::vector<GoldenImage> images;
  auto arrays = read_arrays(kFolder / "expected.npz").value();
  for (NamedTensor& array : arrays) {
    const std::string bytes = read_file(kFolder / array.name, limits::kMaxImageFileBytes).value();
    images.push_back({array.name, bytes, std::move(array.tensor)});
  }
  return images;
}

bool is_lossy(const std::string& name) { return name.ends_with(".jpg") || name == "lossy.webp"; }

TEST(ImageFormats, GiveThePixelsOfPillow) {
  const std::vector<GoldenImage> images = golden_images();
  EXPECT_GT(images.size(), 20U);
  for (const GoldenImage& golden : images) {
    for (const AlphaMode alpha : {AlphaMode::kBlack, AlphaMode::kWhite, AlphaMode::kDrop}) {
      const auto image = decode_pixels(golden.bytes, alpha);
      ASSERT_TRUE(image.ok()) << golden.name << ": " << image.status().message();
      ASSERT_EQ(image->height, std::size_t(golden.rgba.shape()[0])) << golden.name;
      ASSERT_EQ(image->width, std::size_t(golden.rgba.shape()[1])) << golden.name;
      const auto expected = golden.rgba.as<std::uint8_t>();
      // Which colour a fully transparent pixel of a palette has is nobody's business.
      const bool has_colors = alpha != AlphaMode::kDrop || !golden.name.ends_with(".gif");
      for (std::size_t i = 0; has_colors && i < image->pixels.size(); ++i) {
        const int color = expected[i / 3 * 4 + i % 3], share = expected[i / 3 * 4 + 3];
        const int behind = alpha == AlphaMode::kWhite ? 255 : 0;
        const double laid =
            alpha == AlphaMode::kDrop ? color : (color * share + behind * (255 - share)) / 255.0;
        ASSERT_NEAR(image->pixels[i], laid, is_lossy(golden.name) ? 3.0 : 0.51)
            << golden.name << " " << i << " " << int(alpha);
      }
    }
  }
}

TEST(ImageFormats, EveryTruncationIsAnErrorOrThePixels) {
  for (const GoldenImage& golden : golden_images()) {
    const auto whole = decode_pixels(golden.bytes).value();
    int refused = 0;
    for (std::size_t size = 0; size < golden.bytes.size(); ++size) {
      const auto image = decode_pixels(std::string_view(golden.bytes).substr(0, size));
      if (!image.ok()) {
        EXPECT_FALSE(image.status().message().empty());
        ++refused;
      } else if (golden.name.find("turned") == std::string::npos) {
        // What is only missing comes after the picture.
        EXPECT_EQ(image->pixels, whole.pixels) << golden.name << " " << size;
      }
    }
    EXPECT_GT(refused, int(golden.bytes.size()) / 3) << golden.name;
  }
}

TEST(ImageFormats, EveryDamagedByteIsAnErrorOrAnImage) {
  for (const GoldenImage& golden : golden_images()) {
    for (std::size_t i = 0; i < golden.bytes.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = golden.bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        const auto image = decode_pixels(damaged);
        if (image.ok()) {
          EXPECT_EQ(image->pixels.size(), 3 * image->width * image->height);
        } else {
          EXPECT_FALSE(image.status().message().empty());
        }
      }
    }
  }
}

std::string little(std::uint32_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

// A BMP file with a header of 40 bytes; `rest` is what follows it.
std::string bmp_bytes(std::int32_t width, std::int32_t height, unsigned bits,
                      std::uint32_t compression, std::uint32_t data, const std::string& rest) {
  return "BM" + little(0, 8) + little(data, 4) + little(40, 4) + little(std::uint32_t(width), 4) +
         little(std::uint32_t(height), 4) + little(1, 2) + little(bits, 2) +
         little(compression, 4) + little(0, 20) + rest;
}

using Pixels = std::vector<std::uint8_t>;

TEST(ImageFormats, ReadsBmpOfEveryDepthAndDirection) {
  const Pixels red_green{255, 0, 0, 0, 255, 0};
  // One row of two pixels, stored in four bytes of 16 bits, five for a colour.
  EXPECT_EQ(decode_bmp(bmp_bytes(2, 1, 16, 0, 54, little(0x7c00, 2) + little(0x03e0, 2)))->pixels,
            red_green);
  const std::string masks = little(0xf800, 4) + little(0x07e0, 4) + little(0x001f, 4);
  EXPECT_EQ(
      decode_bmp(bmp_bytes(2, 1, 16, 3, 66, masks + little(0xf800, 2) + little(0x07e0, 2)))->pixels,
      red_green);
  EXPECT_EQ(
      decode_bmp(bmp_bytes(2, 1, 32, 0, 54, little(0xff0000, 4) + little(0x00ff00, 4)))->pixels,
      red_green);
  const std::string palette = little(0xff0000, 4) + little(0x00ff00, 4) + std::string(56, '\0');
  EXPECT_EQ(decode_bmp(bmp_bytes(2, 1, 4, 0, 118, palette + '\x01' + std::string(3, '\0')))->pixels,
            red_green);
  const std::string rows = little(0x00ff00, 3) + '\0' + little(0xff0000, 3) + '\0';
  EXPECT_EQ(decode_bmp(bmp_bytes(1, 2, 24, 0, 54, rows))->pixels, red_green);  // from below
  EXPECT_EQ(decode_bmp(bmp_bytes(1, -2, 24, 0, 54, rows))->pixels, (Pixels{0, 255, 0, 255, 0, 0}));
}

TEST(ImageFormats, RefusesHugeImagesBeforeAllocating) {
  EXPECT_EQ(decode_pixels(bmp_bytes(16'385, 1, 24, 0, 54, "")).status().code(),
            StatusCode::kOutOfRange);
  EXPECT_EQ(
      decode_pixels(bmp_bytes(16'000, std::int32_t(0x80000000), 24, 0, 54, "")).status().code(),
      StatusCode::kOutOfRange);
  EXPECT_EQ(decode_pixels(bmp_bytes(16'384, 16'384, 24, 0, 54, "")).status().code(),
            StatusCode::kOutOfRange);
  std::string gif = read_file(kFolder / "palette.gif", 1 << 20).value();
  gif.replace(6, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(decode_pixels(gif).status().code(), StatusCode::kOutOfRange);
  // The dimensions of a canvas are 24 bits, less one.
  std::string webp = read_file(kFolder / "animated.webp", 1 << 20).value();
  ASSERT_EQ(webp.substr(12, 4), "VP8X");
  webp.replace(24, 6, "\x00\x70\x00\x00\x70\x00", 6);
  EXPECT_FALSE(decode_pixels(webp).ok());
}

TEST(ImageFormats, NamesWhatIsNotRead) {
  EXPECT_NE(decode_pixels(bmp_bytes(2, 1, 8, 1, 54, "")).status().message().find("run lengths"),
            std::string::npos);
  EXPECT_NE(decode_pixels("II*").status().message().find("neither"), std::string::npos);
  const std::string tiff = std::string("II*") + '\0' + "more";
  EXPECT_FALSE(looks_like_image(tiff));
  EXPECT_NE(decode_pixels(tiff).status().message().find("TIFF"), std::string::npos);
  EXPECT_TRUE(has_image_name("a/b.JPEG"));
  EXPECT_TRUE(has_image_name("x.webp"));
  EXPECT_FALSE(has_image_name("x.tif"));
}

TEST(Orientation, TurnsAndTurnsBack) {
  // Each orientation and the one that undoes it.
  for (const auto& [turn, back] :
       std::map<int, int>{{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 8}, {7, 7}, {8, 6}}) {
    RgbImage image{3, 2, {}};
    for (std::uint8_t i = 0; i < 18; ++i) image.pixels.push_back(i);
    const Pixels before = image.pixels;
    turn_upright(turn, image);
    EXPECT_EQ(image.width, turn < 5 ? 3U : 2U);
    turn_upright(back, image);
    EXPECT_EQ(image.pixels, before) << turn;
    EXPECT_EQ(image.width, 3U);
  }
}

TEST(Orientation, AFileWithoutOrWithADamagedOneIsUpright) {
  EXPECT_EQ(orientation_of(""), 1);
  EXPECT_EQ(orientation_of("\xff\xd8\xff\xe1"), 1);
  std::string jpeg = read_file(kFolder / "turned_6.jpg", 1 << 20).value();
  EXPECT_EQ(orientation_of(jpeg), 6);
  const std::size_t exif = jpeg.find("Exif");
  for (std::size_t i = exif; i < exif + 40; ++i) {
    for (int value = 0; value < 256; value += 5) {
      std::string damaged = jpeg;
      damaged[i] = static_cast<char>(value);
      const int orientation = orientation_of(damaged);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8);
    }
  }
}

std::vector<float> fitted(const Pixels& image, const ImageSize& from, const ImageOptions& options,
                          const ImageSize& to) {
  std::vector<float> pixels(to.height * to.width * to.channels);
  fit_image(image, from, options, pixels, to);
  return pixels;
}

TEST(FitImage, CropsTheMiddleOrPadsWithBlack) {
  const Pixels wide{10, 20, 30, 40};  // one row
  ImageOptions crop;
  crop.fit = ImageFit::kCrop;
  EXPECT_EQ(fitted(wide, {1, 4, 1}, crop, {1, 2, 1}), (std::vector<float>{20, 30}));
  ImageOptions pad;
  pad.fit = ImageFit::kPad;
  EXPECT_EQ(fitted(wide, {1, 4, 1}, pad, {4, 4, 1}),
            (std::vector<float>{0, 0, 0, 0, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0}));
  Pixels square(16);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = std::uint8_t(i);
  crop.crop_share = 0.5;
  EXPECT_EQ(fitted(square, {4, 4, 1}, crop, {2, 2, 1}), (std::vector<float>{5, 6, 9, 10}));
}

TEST(FitImage, EveryFitFillsEverySize) {
  const Pixels image(5 * 7 * 3, 100);
  for (const ImageFit fit : {ImageFit::kStretch, ImageFit::kCrop, ImageFit::kPad}) {
    for (std::size_t height = 1; height < 12; ++height) {
      for (std::size_t width = 1; width < 12; ++width) {
        ImageOptions options;
        options.fit = fit;
        const auto pixels = fitted(image, {5, 7, 3}, options, {height, width, 3});
        const auto inside = std::ranges::count_if(
            pixels, [](float pixel) { return std::abs(pixel - 100.0F) < 0.01F; });
        const auto black = std::ranges::count(pixels, 0.0F);
        EXPECT_EQ(std::size_t(inside + black), pixels.size());
        EXPECT_GT(inside, 0);
        EXPECT_TRUE(fit == ImageFit::kPad || black == 0);
      }
    }
  }
}

TEST(FitImage, PutsBlueFirst) {
  ImageOptions options;
  options.blue_first = true;
  EXPECT_EQ(fitted({1, 2, 3, 4, 5, 6}, {1, 2, 3}, options, {1, 2, 3}),
            (std::vector<float>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(fitted({7, 8}, {1, 2, 1}, options, {1, 2, 1}), (std::vector<float>{7, 8}));
}

}  // namespace
}  // namespace tinysplit
