#include "formats/tflite/window.h"

#include <algorithm>

#include "core/limits.h"

namespace tinysplit::tflite {

Result<Spatial2d> make_window(schema::Padding padding, const Shape& input,
                              const std::array<std::int64_t, 2>& size,
                              const std::array<std::int64_t, 2>& stride,
                              const std::array<std::int64_t, 2>& dilation) {
  if (padding != schema::Padding::SAME && padding != schema::Padding::VALID) {
    return unimplemented("padding = " + std::to_string(static_cast<int>(padding)) +
                         " is not supported");
  }
  Spatial2d spatial;
  spatial.stride = stride;
  spatial.dilation = dilation;
  for (std::size_t i = 0; i < 2; ++i) {
    for (const std::int64_t number : {size[i], stride[i], dilation[i]}) {
      if (number < 1 || number > limits::kMaxElements) {
        return invalid_argument("its window, stride or dilation is " + std::to_string(number) +
                                ", needs 1 or more");
      }
    }
    if (padding == schema::Padding::VALID) continue;
    const std::int64_t cells = input[static_cast<int>(i) + 1];
    const std::int64_t places = (cells + stride[i] - 1) / stride[i];
    const std::int64_t reach = (size[i] - 1) * dilation[i] + 1;
    const std::int64_t total = std::max<std::int64_t>((places - 1) * stride[i] + reach - cells, 0);
    spatial.pad_before[i] = total / 2;
    spatial.pad_after[i] = total - total / 2;
  }
  return spatial;
}

}  // namespace tinysplit::tflite
