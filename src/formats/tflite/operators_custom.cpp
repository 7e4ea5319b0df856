// Custom operators that models are published with, by the sources of those who made them.
#include <algorithm>
#include <cstring>

#include "formats/tflite/operators.h"

namespace tinysplit::tflite {

// MediaPipe's transposed convolution: inputs x, kernel [F,KH,KW,C], bias. Its options are three
// numbers of 32 bits: the padding, the stride over columns and over rows. SAME cuts what a
// convolution of the input would pad.
Status translate_transposed_with_bias(OperatorContext& context) {
  constexpr std::int32_t kSame = 1, kValid = 2;
  std::int32_t options[3] = {};
  if (context.custom_options().size() < sizeof(options)) {
    return invalid_argument("its options are missing");
  }
  std::memcpy(options, context.custom_options().data(), sizeof(options));
  if (options[0] != kSame && options[0] != kValid) {
    return invalid_argument("its padding is " + std::to_string(options[0]) + ", needs 1 or 2");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.kernel(1, WeightLayout::kFirstBehindTwo));
  const Shape size = context.shape(kernel);  // [KH,KW,F,C]
  const Shape input = context.shape(x);
  ConvTranspose2dOp op;
  op.spatial.stride = {options[2], options[1]};
  for (std::size_t i = 0; i < 2; ++i) {
    const int at = static_cast<int>(i);
    const std::int64_t stride = op.spatial.stride[i];
    if (stride < 1) return invalid_argument("its stride is " + std::to_string(stride));
    const std::int64_t cut = size[at] - (input[at + 1] - 1) % stride - 1;
    if (options[0] == kValid || cut <= 0) continue;
    op.spatial.pad_before[i] = cut / 2;
    op.spatial.pad_after[i] = cut - cut / 2;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.bias(2, size[2]));
  return context.finish(op, {x, kernel, bias});
}

}  // namespace tinysplit::tflite
