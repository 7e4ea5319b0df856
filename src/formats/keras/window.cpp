#include "formats/keras/window.h"

namespace tinysplit::keras {
Result<Spatial2d> parse_window(const LayerOptions& options, const Shape& input, int axes,
                               const LayerOptions::Pair& size,
                               const LayerOptions::Pair& default_stride) {
  Spatial2d spatial;
  spatial.stride = default_stride;
  if (!options.at("strides").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(spatial.stride, options.pair("strides", axes));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(spatial.dilation, options.pair("dilation_rate", axes, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string padding,
                             options.word("padding", {"valid", "same", "causal"}, "valid"));
  if (padding == "same") pad_same(spatial, input, size);
  if (padding == "causal") {
    // Each step sees itself and those before it.
    if (axes != 1) return options.unsupported("padding");
    spatial.pad_before[1] = (size[1] - 1) * spatial.dilation[1];
  }
  return spatial;
}

Result<Spatial3d> parse_window3d(const LayerOptions& options, const Shape& input,
                                 const std::array<std::int64_t, 3>& size,
                                 const std::array<std::int64_t, 3>& default_stride) {
  Spatial3d spatial;
  spatial.stride = default_stride;
  if (!options.at("strides").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(spatial.stride, parse_triple(options, "strides"));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(spatial.dilation, parse_triple(options, "dilation_rate", 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string padding,
                             options.word("padding", {"valid", "same"}, "valid"));
  if (padding == "same") pad_same(spatial, input, size);
  return spatial;
}

void pad_transposed(ConvTranspose2dOp& op, std::size_t axis, std::int64_t extent, std::int64_t size,
                    bool same, std::optional<std::int64_t> extra) {
  const std::int64_t stride = op.spatial.stride[axis];
  const std::int64_t reach = (size - 1) * op.spatial.dilation[axis] + 1;
  const std::int64_t last = (extent - 1) * stride;
  const std::int64_t full = last + reach;
  std::int64_t length = 0;
  if (same) {
    length = last + (extra ? reach % 2 + *extra : stride);
  } else {
    length = last + (extra ? reach + *extra : std::max(reach, stride));
  }
  const std::int64_t surplus = std::max<std::int64_t>(full - length, 0);
  op.spatial.pad_before[axis] = surplus / 2;
  op.spatial.pad_after[axis] = surplus - surplus / 2;
  op.output_padding[axis] = std::max<std::int64_t>(length - full, 0);
}

Result<std::array<std::int64_t, 3>> parse_triple(const LayerOptions& options, const char* key,
                                                 std::optional<std::int64_t> fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> sizes,
                             options.sizes(key, 3, fallback));
  return std::array<std::int64_t, 3>{sizes[0], sizes[1], sizes[2]};
}

Result<Border> parse_border(const LayerOptions& options, const char* key, int axes) {
  const Json& json = options.at(key);
  const Json as_list =
      json.is_array() && axes == 1 && json.size() == 2 ? Json::array({json}) : Json();
  const Json& sides = as_list.is_null() ? json : as_list;
  Border border{{0}, {0}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(axes); ++i) {
    const Json* side = &sides;
    if (sides.is_array()) {
      if (sides.size() != static_cast<std::size_t>(axes)) break;
      side = &sides[i];
    }
    const bool both = side->is_array() && side->size() == 2;
    const auto before = whole_number(both ? (*side)[0] : *side, 0, LayerOptions::kMaxOption);
    const auto after = whole_number(both ? (*side)[1] : *side, 0, LayerOptions::kMaxOption);
    if (!before || !after) break;
    border.before.push_back(*before);
    border.after.push_back(*after);
  }
  if (border.before.size() != static_cast<std::size_t>(axes) + 1) {
    return options.wrong(key, "one whole number, or for each axis one or a pair [before,after]");
  }
  border.before.push_back(0);
  border.after.push_back(0);
  return border;
}

}  // namespace tinysplit::keras
