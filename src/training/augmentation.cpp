#include "training/augmentation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tinysplit::training {
namespace {

constexpr int kMaxShift = 1024;
constexpr float kMaxCrop = 0.9F;

template <typename Number>
bool parse_number(std::string_view text, Number low, Number high, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // NaN fails too.
  return error == std::errc{} && end == text.data() + text.size() && number >= low &&
         number <= high;
}

bool parse_word(std::string_view word, AugmentationOptions& options) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (equals == std::string_view::npos) {
    if (name == "flip") options.flip = true;
    return name == "flip" || name == "none" || name.empty();
  }
  const std::string_view value = word.substr(equals + 1);
  if (name == "shift") return parse_number(value, 0, kMaxShift, options.shift);
  if (name == "crop") return parse_number(value, 0.0F, kMaxCrop, options.crop);
  if (name == "brightness") return parse_number(value, 0.0F, 1.0F, options.brightness);
  return false;
}

void flip_rows(std::span<float> image, const ImageSize& size) {
  for (std::size_t y = 0; y < size.height; ++y) {
    float* const row = image.data() + y * size.width * size.channels;
    for (std::size_t left = 0, right = size.width - 1; left < right; ++left, --right) {
      std::swap_ranges(row + left * size.channels, row + (left + 1) * size.channels,
                       row + right * size.channels);
    }
  }
}

// The part of [0, size) of which both it and it moved by `shift` are inside.
struct Overlap {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Overlap overlap_of(std::size_t size, std::ptrdiff_t shift) {
  const auto length = static_cast<std::ptrdiff_t>(size);
  const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(-shift, 0, length);
  const std::ptrdiff_t end = std::clamp<std::ptrdiff_t>(length - shift, begin, length);
  return {std::size_t(begin), std::size_t(end)};
}

void move_image(std::span<const float> image, const ImageSize& size, std::ptrdiff_t down,
                std::ptrdiff_t right, std::span<float> moved) {
  std::ranges::fill(moved, 0.0F);
  const Overlap rows = overlap_of(size.height, down);
  const Overlap columns = overlap_of(size.width, right);
  const std::size_t stride = size.width * size.channels;
  for (std::size_t y = rows.begin; y < rows.end; ++y) {
    const float* const from = image.data() + y * stride + columns.begin * size.channels;
    const auto to_row = std::size_t(static_cast<std::ptrdiff_t>(y) + down);
    const auto to_column = std::size_t(static_cast<std::ptrdiff_t>(columns.begin) + right);
    std::copy_n(from, (columns.end - columns.begin) * size.channels,
                moved.data() + to_row * stride + to_column * size.channels);
  }
}

}  // namespace

Result<AugmentationOptions> parse_augmentation(std::string_view text) {
  AugmentationOptions options;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    if (!parse_word(word, options)) {
      return invalid_argument("\"" + std::string(word) +
                              "\" is no augmentation; write flip, shift=0..1024 (pixels), "
                              "crop=0..0.9, brightness=0..1, with commas between them");
    }
    if (comma == std::string_view::npos) return options;
    text.remove_prefix(comma + 1);
  }
}

std::string augmentation_text(const AugmentationOptions& options) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : ",") + word; };
  const auto add_number = [&](const char* name, float value) {
    if (value == 0.0F) return;
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    add(std::string(name) + "=" + std::string(buffer, end));
  };
  if (options.flip) add("flip");
  if (options.shift != 0) add("shift=" + std::to_string(options.shift));
  add_number("crop", options.crop);
  add_number("brightness", options.brightness);
  return text.empty() ? "none" : text;
}

Augmenter::Augmenter(const AugmentationOptions& options, const ImageSize& size)
    : options_(options), size_(size), moved_(size.height * size.width * size.channels) {}

void Augmenter::crop(std::span<const std::uint8_t> image, Random& random, std::span<float> result) {
  const auto shortened = [&](std::size_t side) {
    const double kept = 1.0 - random.uniform(0.0, options_.crop);
    return std::max<std::size_t>(1, std::size_t(std::lround(kept * static_cast<double>(side))));
  };
  const ImageSize window{shortened(size_.height), shortened(size_.width), size_.channels};
  const std::size_t top = random.below(size_.height - window.height + 1);
  const std::size_t left = random.below(size_.width - window.width + 1);
  const std::size_t row = window.width * window.channels;
  window_.resize(window.height * row);
  for (std::size_t y = 0; y < window.height; ++y) {
    const std::size_t from = ((top + y) * size_.width + left) * size_.channels;
    std::copy_n(image.data() + from, row, window_.data() + y * row);
  }
  resize_image(window_, window, result, size_);
}

void Augmenter::apply(std::span<const std::uint8_t> image, Random& random,
                      std::span<float> result) {
  if (options_.crop > 0.0F) {
    crop(image, random, result);
  } else {
    std::ranges::copy(image, result.begin());
  }
  if (options_.flip && random.below(2) == 1) flip_rows(result, size_);
  if (options_.shift > 0) {
    const auto range = std::uint64_t(2 * options_.shift + 1);
    const auto down = static_cast<std::ptrdiff_t>(random.below(range)) - options_.shift;
    const auto right = static_cast<std::ptrdiff_t>(random.below(range)) - options_.shift;
    move_image(result, size_, down, right, moved_);
    std::ranges::copy(moved_, result.begin());
  }
  if (options_.brightness > 0.0F) {
    const auto factor =
        static_cast<float>(random.uniform(1.0 - options_.brightness, 1.0 + options_.brightness));
    for (float& pixel : result) pixel = std::min(pixel * factor, 255.0F);
  }
}

}  // namespace tinysplit::training
