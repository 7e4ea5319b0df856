#include "formats/keras/window.h"

#include <algorithm>

namespace tinysplit::keras {

Result<Spatial2d> parse_window(const LayerOptions& options, const Shape& input,
                               const LayerOptions::Pair& size,
                               const LayerOptions::Pair& default_stride) {
  Spatial2d spatial;
  TINYSPLIT_ASSIGN_OR_RETURN(spatial.stride, options.pair("strides", default_stride));
  TINYSPLIT_ASSIGN_OR_RETURN(spatial.dilation,
                             options.pair("dilation_rate", LayerOptions::Pair{1, 1}));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string padding,
                             options.word("padding", {"valid", "same"}, "valid"));
  if (padding == "valid") return spatial;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t extent = input[static_cast<int>(i) + 1];
    const std::int64_t places = (extent + spatial.stride[i] - 1) / spatial.stride[i];
    const std::int64_t reach = (size[i] - 1) * spatial.dilation[i] + 1;
    const std::int64_t total =
        std::max<std::int64_t>((places - 1) * spatial.stride[i] + reach - extent, 0);
    spatial.pad_before[i] = total / 2;
    spatial.pad_after[i] = total - total / 2;
  }
  return spatial;
}

}  // namespace tinysplit::keras
