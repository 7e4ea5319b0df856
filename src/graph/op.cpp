#include "graph/op.h"

#include <array>

namespace tinysplit {

std::string_view op_name(const Op& op) {
  // In the order of the variant's alternatives.
  static constexpr std::array<std::string_view, std::variant_size_v<Op>> kNames = {
      "conv2d",     "conv_transpose2d", "dense",   "pool2d", "global_pool", "channel_affine",
      "activation", "prelu",            "softmax", "binary", "concat",      "reshape",
      "transpose",  "pad2d",            "crop2d",  "upsample2d"};
  return kNames[op.index()];
}

}  // namespace tinysplit
