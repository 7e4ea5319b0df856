#include "datasets/preprocessing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/file.h"
#include "core/limits.h"

namespace tinysplit {
namespace {

std::optional<float> number_of(std::string_view text) {
  float value = 0.0F;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Result<PixelScaling> parse_pixel_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots != std::string_view::npos) {
    const std::optional<float> low = number_of(text.substr(0, dots));
    const std::optional<float> high = number_of(text.substr(dots + 2));
    if (low && high && *low < *high && std::isfinite(*high - *low)) {
      return PixelScaling{(*high - *low) / 255.0F, *low};
    }
  }
  return invalid_argument("\"" + std::string(text) +
                          "\" is no range of pixels; write it as 0..255, 0..1 or -1..1");
}

Result<PixelScaling> pixel_scaling_of(const std::filesystem::path& model_path) {
  const std::filesystem::path path = model_path.parent_path() / "preprocessing.json";
  const Result<std::string> text = read_file(path, limits::kMaxPreprocessingBytes);
  if (!text.ok()) {
    if (text.status().code() == StatusCode::kNotFound) return PixelScaling{};
    return text.status();
  }
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto pixels = json.is_object() ? json.find("pixels") : json.end();
  if (pixels == json.end() || !pixels->is_string()) {
    return invalid_argument(path.string() + " is not of the form {\"pixels\": \"0..1\"}");
  }
  const Result<PixelScaling> scaling = parse_pixel_range(pixels->get_ref<const std::string&>());
  if (!scaling.ok()) return scaling.status().with_context(path.string());
  return scaling;
}

void scale_pixels(std::span<const std::uint8_t> pixels, const PixelScaling& scaling,
                  std::span<float> values) {
  std::ranges::transform(pixels, values.begin(), [&](std::uint8_t pixel) {
    return static_cast<float>(pixel) * scaling.scale + scaling.offset;
  });
}

}  // namespace tinysplit
