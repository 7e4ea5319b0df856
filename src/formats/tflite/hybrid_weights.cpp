#include "formats/tflite/hybrid_weights.h"

#include <algorithm>
#include <string>

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

enum class Bytes : std::uint8_t { kNone, kByTensor, kByTensorOrFilter };

struct HybridOperator {
  Code code;
  Bytes int8;
  Bytes uint8;  // with the bytes of int8
};

// As the kernels of LiteRT 2.3 have it. CONV_2D takes UINT8 by filter and uses the first scale for
// all filters, SVDF and the LSTM those of int8 as well: numbers that no converter meant.
constexpr HybridOperator kHybridOperators[] = {
    {Code::CONV_2D, Bytes::kByTensorOrFilter, Bytes::kByTensor},
    {Code::DEPTHWISE_CONV_2D, Bytes::kByTensorOrFilter, Bytes::kNone},
    {Code::TRANSPOSE_CONV, Bytes::kByTensorOrFilter, Bytes::kNone},
    {Code::FULLY_CONNECTED, Bytes::kByTensorOrFilter, Bytes::kByTensorOrFilter},
    {Code::BATCH_MATMUL, Bytes::kByTensorOrFilter, Bytes::kNone},
    {Code::EMBEDDING_LOOKUP, Bytes::kByTensorOrFilter, Bytes::kByTensorOrFilter},
    {Code::SVDF, Bytes::kByTensor, Bytes::kByTensor},
    {Code::UNIDIRECTIONAL_SEQUENCE_LSTM, Bytes::kByTensor, Bytes::kByTensor},
};

Bytes allowed(Code code, DType dtype) {
  const auto* found = std::ranges::find(kHybridOperators, code, &HybridOperator::code);
  if (found == std::end(kHybridOperators)) return Bytes::kNone;
  if (dtype == DType::kInt8) return found->int8;
  return dtype == DType::kUint8 ? found->uint8 : Bytes::kNone;
}

}  // namespace

Status check_hybrid_weights(Code code, DType dtype,
                            const std::optional<Quantization>& quantization) {
  const std::string what = "is " + std::string(dtype_name(dtype));
  const Bytes bytes = allowed(code, dtype);
  if (bytes == Bytes::kNone) {
    return unimplemented(what + " beside float32, which no runtime has for this operator");
  }
  if (!quantization) return invalid_argument(what + " without a scale beside float32");
  if (bytes == Bytes::kByTensor && quantization->scale.size() > 1) {
    return unimplemented(what + " with " + std::to_string(quantization->scale.size()) +
                         " scales beside float32; runtimes use the first for all of it, so that "
                         "what is meant is not known");
  }
  const auto zero = std::ranges::find_if(quantization->zero_point, [](int z) { return z != 0; });
  if (zero == quantization->zero_point.end()) return ok_status();
  return unimplemented(what + " with the zero point " + std::to_string(*zero) +
                       " beside float32; runtimes pass over it, so that what is meant is not "
                       "known");
}

}  // namespace tinysplit::tflite
