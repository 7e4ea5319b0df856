#include "image_input.h"

#include <algorithm>

#include "formats/image/image.h"

namespace tinysplit {

Result<Tensor> image_for(std::string_view bytes, const Value& input) {
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor image, decode_image(bytes, input.shape));
  if (input.dtype == DType::kFloat32) return image;
  if (input.dtype != DType::kInt8 && input.dtype != DType::kUint8) {
    return invalid_argument("input \"" + input.name + "\" is " +
                            std::string(dtype_name(input.dtype)) + ", which no image can be");
  }
  // One byte serves both types: less 128 turns the highest bit.
  const std::uint8_t turned = input.dtype == DType::kInt8 ? 0x80 : 0;
  Tensor stored(input.dtype, input.shape);
  std::ranges::transform(image.as<float>(), stored.as<std::uint8_t>().begin(), [&](float pixel) {
    const float rounded = std::clamp(pixel + 0.5f, 0.0f, 255.0f);
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(rounded) ^ turned);
  });
  return stored;
}

}  // namespace tinysplit
