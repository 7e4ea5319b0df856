#include "datasets/preprocessing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "core/limits.h"

namespace tinysplit {
namespace {

using Json = nlohmann::json;
using Triple = std::array<float, 3>;

std::optional<float> number_of(std::string_view text) {
  float value = 0.0F;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

Status wrong(std::string_view key, const char* needed) {
  return invalid_argument("\"" + std::string(key) + "\" must be " + needed);
}

// A number, or one for each channel.
std::optional<Triple> triple_of(const Json& value) {
  Triple triple{};
  const bool is_list = value.is_array() && (value.size() == 3 || value.size() == 1);
  if (!is_list && !value.is_number()) return std::nullopt;
  for (std::size_t c = 0; c < triple.size(); ++c) {
    const Json& number = is_list ? value[std::min(c, value.size() - 1)] : value;
    if (!number.is_number()) return std::nullopt;
    triple[c] = number.get<float>();
    if (!std::isfinite(triple[c])) return std::nullopt;
  }
  return triple;
}

struct Choice {
  std::string_view word;
  int value;
};

// The value of one of `choices`.
template <typename T, std::size_t N>
bool choose(const Json& value, const std::array<Choice, N>& choices, T& chosen) {
  if (!value.is_string()) return false;
  const auto found = std::ranges::find(choices, value.get_ref<const std::string&>(), &Choice::word);
  if (found != choices.end()) chosen = static_cast<T>(found->value);
  return found != choices.end();
}

// What the keys say, before it is put together.
struct Stated {
  Preprocessing preprocessing;
  PixelScaling range;
  Triple mean{0.0F, 0.0F, 0.0F};
  Triple deviation{1.0F, 1.0F, 1.0F};
};

Status read_scaling(const std::string& key, const Json& value, Stated& stated) {
  if (key == "pixels") {
    if (!value.is_string()) return wrong(key, "a range such as \"0..1\"");
    TINYSPLIT_ASSIGN_OR_RETURN(stated.range,
                               parse_pixel_range(value.get_ref<const std::string&>()));
    return ok_status();
  }
  const std::optional<Triple> triple = triple_of(value);
  if (key == "mean") {
    if (!triple) return wrong(key, "a number, or a list of one for each of 3 channels");
    stated.mean = *triple;
    return ok_status();
  }
  if (!triple || std::ranges::any_of(*triple, [](float part) { return !(part > 0.0F); })) {
    return wrong(key, "a number above 0, or a list of one for each of 3 channels");
  }
  stated.deviation = *triple;
  return ok_status();
}

Status read_key(const std::string& key, const Json& value, Stated& stated) {
  constexpr std::array<Choice, 2> kChannels = {{{"rgb", 0}, {"bgr", 1}}};
  constexpr std::array<Choice, 2> kLayouts = {{{"nhwc", 0}, {"nchw", 1}}};
  constexpr std::array<Choice, 3> kAlphas = {{{"black", int(AlphaMode::kBlack)},
                                              {"white", int(AlphaMode::kWhite)},
                                              {"drop", int(AlphaMode::kDrop)}}};
  constexpr std::array<Choice, 3> kFits = {{{"stretch", int(ImageFit::kStretch)},
                                            {"crop", int(ImageFit::kCrop)},
                                            {"pad", int(ImageFit::kPad)}}};
  ImageOptions& image = stated.preprocessing.image;
  if (key == "pixels" || key == "mean" || key == "std") return read_scaling(key, value, stated);
  if (key == "channels") {
    return choose(value, kChannels, image.blue_first) ? ok_status()
                                                      : wrong(key, "\"rgb\" or \"bgr\"");
  }
  if (key == "layout") {
    bool first = false;
    if (!choose(value, kLayouts, first)) return wrong(key, "\"nhwc\" or \"nchw\"");
    stated.preprocessing.channels_first = first;
    return ok_status();
  }
  if (key == "alpha") {
    return choose(value, kAlphas, image.alpha) ? ok_status()
                                               : wrong(key, "\"black\", \"white\" or \"drop\"");
  }
  if (key == "fit") {
    return choose(value, kFits, image.fit) ? ok_status()
                                           : wrong(key, "\"stretch\", \"crop\" or \"pad\"");
  }
  if (key == "crop") {
    const double share = value.is_number() ? value.get<double>() : 0.0;
    if (!(share > 0.0 && share <= 1.0)) return wrong(key, "a share above 0 and up to 1");
    image.crop_share = share;
    return ok_status();
  }
  return invalid_argument("\"" + key +
                          "\" is none of its keys: pixels, mean, std, channels, layout, alpha, "
                          "fit and crop");
}

// (range(pixel) - mean) / deviation as one scale and offset.
Result<Preprocessing> put_together(Stated stated) {
  for (std::size_t c = 0; c < stated.mean.size(); ++c) {
    PixelScaling& scaling = stated.preprocessing.channels[c];
    scaling.scale = stated.range.scale / stated.deviation[c];
    scaling.offset = (stated.range.offset - stated.mean[c]) / stated.deviation[c];
    if (!std::isfinite(scaling.scale) || !std::isfinite(scaling.offset) || scaling.scale == 0.0F) {
      return invalid_argument("\"pixels\", \"mean\" and \"std\" leave no numbers of use");
    }
  }
  stated.preprocessing.is_stated = true;
  return stated.preprocessing;
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

Result<Preprocessing> parse_preprocessing(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return invalid_argument("is not of the form {\"pixels\": \"0..1\"}");
  Stated stated;
  for (const auto& [key, value] : json.items()) {
    TINYSPLIT_RETURN_IF_ERROR(read_key(key, value, stated));
  }
  return put_together(std::move(stated));
}

Result<Preprocessing> preprocessing_of(const std::filesystem::path& model_path) {
  const std::filesystem::path path = model_path.parent_path() / "preprocessing.json";
  const Result<std::string> text = read_file(path, limits::kMaxPreprocessingBytes);
  if (!text.ok()) {
    if (text.status().code() == StatusCode::kNotFound) return Preprocessing{};
    return text.status();
  }
  const Result<Preprocessing> stated = parse_preprocessing(*text);
  if (!stated.ok()) return stated.status().with_context(path.string());
  return stated;
}

Result<PixelScaling> common_scaling(const Preprocessing& preprocessing) {
  const PixelScaling& first = preprocessing.channels[0];
  if (std::ranges::count(preprocessing.channels, first) == 3) return first;
  return unimplemented("preprocessing.json scales the channels apart, which training does not");
}

}  // namespace tinysplit
