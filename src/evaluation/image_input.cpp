#include "evaluation/image_input.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "datasets/source.h"
#include "formats/image/image.h"

namespace tinysplit {
namespace {

bool are_channels(std::int64_t count) { return count == 1 || count == 3; }

bool has_type(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kInt8 || dtype == DType::kUint8 ||
         dtype == DType::kInt16;
}

// Whether the channels come before the rows; nothing if it is no image.
std::optional<bool> channels_first_of(const Shape& shape, std::optional<bool> stated) {
  if (shape.rank() != 4 || shape[0] != 1) return std::nullopt;
  const bool may_be_last = are_channels(shape[3]), may_be_first = are_channels(shape[1]);
  if (stated && (*stated ? may_be_first : may_be_last)) return stated;
  if (stated || (!may_be_last && !may_be_first)) return std::nullopt;
  return !may_be_last;
}

// A real number as a quantised type stores it.
template <typename T>
float stored(float real, const Quantization& quantization) {
  const float number =
      std::round(real / quantization.scale[0]) + static_cast<float>(quantization.zero_point[0]);
  constexpr float kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  return std::clamp(number, kLow, kHigh);
}

float stored(float real, DType dtype, const Quantization& quantization) {
  if (dtype == DType::kInt8) return stored<std::int8_t>(real, quantization);
  if (dtype == DType::kInt16) return stored<std::int16_t>(real, quantization);
  return stored<std::uint8_t>(real, quantization);
}

}  // namespace

ImageInput::ImageInput(const Value& input, const ImageSize& size, bool channels_first,
                       const Preprocessing& preprocessing)
    : dtype_(input.dtype),
      size_(size),
      channels_first_(channels_first),
      scaling_(preprocessing.channels),
      numbers_() {
  const bool has_scale = input.quantization && input.quantization->scale.size() == 1;
  const bool is_scaled = has_scale && dtype_ != DType::kFloat32 &&
                         (preprocessing.is_stated || dtype_ == DType::kInt16);
  for (std::size_t c = 0; c < scaling_.size(); ++c) {
    for (std::size_t level = 0; level < 256; ++level) {
      float& number = numbers_[c][level];
      number = real_of(level, c);
      if (is_scaled) {
        number = stored(number, dtype_, *input.quantization);
      } else if (dtype_ != DType::kFloat32) {
        number = static_cast<float>(level) - (dtype_ == DType::kInt8 ? 128.0F : 0.0F);
      }
    }
  }
}

float ImageInput::real_of(std::size_t level, std::size_t c) const {
  return static_cast<float>(level) * scaling_[c].scale + scaling_[c].offset;
}

Result<ImageInput> ImageInput::create(const Value& input, const Preprocessing& preprocessing) {
  const Shape& shape = input.shape;
  const std::optional<bool> first = channels_first_of(shape, preprocessing.channels_first);
  if (!first || !has_type(input.dtype)) {
    const bool is_stated = preprocessing.channels_first.has_value();
    return invalid_argument("input \"" + input.name + "\" is " +
                            std::string(dtype_name(input.dtype)) + " " + shape.to_string() +
                            ", which no image can be: needs [1,height,width,1 or 3] or [1,1 or "
                            "3,height,width] of float32, int8, uint8 or int16" +
                            (is_stated ? ", in the layout that preprocessing.json states" : ""));
  }
  const auto side = [&](int at) { return static_cast<std::size_t>(shape[at]); };
  const ImageSize size =
      *first ? ImageSize{side(2), side(3), side(1)} : ImageSize{side(1), side(2), side(3)};
  return ImageInput(input, size, *first, preprocessing);
}

template <typename T>
void ImageInput::write_as(std::span<const std::uint8_t> pixels, std::span<T> numbers) const {
  const std::size_t channels = size_.channels, plane = size_.height * size_.width;
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t begin = channels_first_ ? c * plane : c,
                      step = channels_first_ ? 1 : channels;
    for (std::size_t i = 0; i < plane; ++i) {
      numbers[begin + i * step] = static_cast<T>(numbers_[c][pixels[i * channels + c]]);
    }
  }
}

void ImageInput::write(std::span<const std::uint8_t> pixels, std::span<std::byte> bytes) const {
  const auto as = [&]<typename T>(T*) {
    write_as(pixels, std::span(reinterpret_cast<T*>(bytes.data()), pixels.size()));
  };
  switch (dtype_) {
    case DType::kInt8:
      return as(static_cast<std::int8_t*>(nullptr));
    case DType::kUint8:
      return as(static_cast<std::uint8_t*>(nullptr));
    case DType::kInt16:
      return as(static_cast<std::int16_t*>(nullptr));
    default:
      return as(static_cast<float*>(nullptr));
  }
}

std::pair<float, float> ImageInput::range() const {
  float low = real_of(0, 0), high = low;
  for (std::size_t c = 0; c < size_.channels; ++c) {
    low = std::min({low, real_of(0, c), real_of(255, c)});
    high = std::max({high, real_of(0, c), real_of(255, c)});
  }
  return {low, high};
}

Result<ImageInput> image_input_of(const Graph& graph, const Preprocessing& preprocessing) {
  if (graph.inputs().size() != 1) {
    return invalid_argument("the model takes " + std::to_string(graph.inputs().size()) +
                            " inputs, a data set of images fills one");
  }
  return ImageInput::create(graph.value(graph.inputs()[0]), preprocessing);
}

Result<Tensor> image_for(std::string_view bytes, const Value& input,
                         const Preprocessing& preprocessing) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ImageInput taken, ImageInput::create(input, preprocessing));
  const ImageSize& size = taken.size();
  const Shape shape{1, std::int64_t(size.height), std::int64_t(size.width),
                    std::int64_t(size.channels)};
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor image, decode_image(bytes, shape, preprocessing.image));
  std::vector<std::uint8_t> pixels(image.as<float>().size());
  round_pixels(image.as<float>(), pixels);
  Tensor filled(input.dtype, input.shape);
  taken.write(pixels, filled.bytes());
  return filled;
}

}  // namespace tinysplit
