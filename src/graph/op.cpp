#include "graph/op.h"

#include <array>

namespace tinysplit {

std::string_view op_name(const Op& op) {
  // In the order of the variant's alternatives.
  static constexpr std::array<std::string_view, std::variant_size_v<Op>> kNames = {
      "conv2d",     "conv3d",        "conv_transpose2d",
      "dense",      "matmul",        "pool2d",
      "pool3d",     "global_pool",   "channel_affine",
      "normalize",  "softmax",       "recurrent",
      "activation", "prelu",         "unary",
      "binary",     "select",        "cast",
      "quantize",   "dequantize",    "concat",
      "reshape",    "transpose",     "pad",
      "slice",      "gather",        "tile",
      "broadcast",  "resize",        "reduce",
      "arg_reduce", "cumulative_sum"};
  return kNames[op.index()];
}

}  // namespace tinysplit
