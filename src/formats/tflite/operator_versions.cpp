#include "formats/tflite/operator_versions.h"

#include <algorithm>
#include <map>

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;
using Versions = std::map<Code, int>;

// Versions above 1 that an operator needs for the type of its data.
const Versions& for_int8() {
  static const Versions table{{Code::CONV_2D, 3},
                              {Code::DEPTHWISE_CONV_2D, 3},
                              {Code::TRANSPOSE_CONV, 2},
                              {Code::FULLY_CONNECTED, 4},
                              {Code::BATCH_MATMUL, 2},
                              {Code::MAX_POOL_2D, 2},
                              {Code::AVERAGE_POOL_2D, 2},
                              {Code::ADD, 2},
                              {Code::SUB, 2},
                              {Code::MUL, 2},
                              {Code::MAXIMUM, 2},
                              {Code::MINIMUM, 2},
                              {Code::SQUARED_DIFFERENCE, 2},
                              {Code::FLOOR_DIV, 3},
                              {Code::FLOOR_MOD, 2},
                              {Code::EQUAL, 2},
                              {Code::NOT_EQUAL, 2},
                              {Code::LESS, 2},
                              {Code::LESS_EQUAL, 2},
                              {Code::GREATER, 2},
                              {Code::GREATER_EQUAL, 2},
                              {Code::RELU, 2},
                              {Code::RELU6, 2},
                              {Code::TANH, 2},
                              {Code::LOGISTIC, 2},
                              {Code::GELU, 2},
                              {Code::SOFTMAX, 2},
                              {Code::LOG_SOFTMAX, 2},
                              {Code::L2_NORMALIZATION, 2},
                              {Code::ABS, 2},
                              {Code::EXP, 2},
                              {Code::LOG, 2},
                              {Code::SQRT, 2},
                              {Code::RSQRT, 2},
                              {Code::MEAN, 2},
                              {Code::SUM, 2},
                              {Code::REDUCE_MAX, 2},
                              {Code::REDUCE_MIN, 2},
                              {Code::REDUCE_PROD, 2},
                              {Code::ARG_MAX, 2},
                              {Code::ARG_MIN, 2},
                              {Code::CONCATENATION, 2},
                              {Code::TRANSPOSE, 2},
                              {Code::PAD, 2},
                              {Code::PADV2, 2},
                              {Code::MIRROR_PAD, 2},
                              {Code::TILE, 3},
                              {Code::BROADCAST_TO, 3},
                              {Code::SLICE, 2},
                              {Code::STRIDED_SLICE, 2},
                              {Code::SPLIT, 2},
                              {Code::SPLIT_V, 2},
                              {Code::UNPACK, 2},
                              {Code::PACK, 2},
                              {Code::GATHER, 2},
                              {Code::REVERSE_V2, 3},
                              {Code::RESIZE_BILINEAR, 2},
                              {Code::RESIZE_NEAREST_NEIGHBOR, 2},
                              {Code::SPACE_TO_DEPTH, 2},
                              {Code::DEPTH_TO_SPACE, 2},
                              {Code::DEQUANTIZE, 2},
                              {Code::CAST, 3}};
  return table;
}

const Versions& for_uint8() {
  static const Versions table{{Code::ABS, 2}, {Code::RELU, 2}, {Code::GELU, 2}, {Code::UNPACK, 2}};
  return table;
}

const Versions& for_int16() {
  static const Versions table{{Code::CONV_2D, 4},
                              {Code::DEPTHWISE_CONV_2D, 5},
                              {Code::TRANSPOSE_CONV, 3},
                              {Code::FULLY_CONNECTED, 7},
                              {Code::BATCH_MATMUL, 3},
                              {Code::MAX_POOL_2D, 3},
                              {Code::AVERAGE_POOL_2D, 3},
                              {Code::ADD, 3},
                              {Code::SUB, 5},
                              {Code::MUL, 4},
                              {Code::MAXIMUM, 4},
                              {Code::MINIMUM, 4},
                              {Code::FLOOR_DIV, 3},
                              {Code::FLOOR_MOD, 2},
                              {Code::EQUAL, 5},
                              {Code::NOT_EQUAL, 4},
                              {Code::LESS, 3},
                              {Code::GREATER_EQUAL, 3},
                              {Code::RELU, 3},
                              {Code::RELU6, 3},
                              {Code::LEAKY_RELU, 2},
                              {Code::TANH, 3},
                              {Code::LOGISTIC, 3},
                              {Code::SOFTMAX, 3},
                              {Code::ABS, 3},
                              {Code::EXP, 2},
                              {Code::LOG, 2},
                              {Code::SQRT, 2},
                              {Code::RSQRT, 3},
                              {Code::MEAN, 3},
                              {Code::REDUCE_MAX, 3},
                              {Code::REDUCE_MIN, 3},
                              {Code::REDUCE_PROD, 2},
                              {Code::CONCATENATION, 3},
                              {Code::TRANSPOSE, 5},
                              {Code::PAD, 3},
                              {Code::PADV2, 3},
                              {Code::MIRROR_PAD, 3},
                              {Code::BROADCAST_TO, 3},
                              {Code::SLICE, 4},
                              {Code::SPLIT, 4},
                              {Code::UNPACK, 4},
                              {Code::PACK, 3},
                              {Code::GATHER, 4},
                              {Code::RESIZE_BILINEAR, 4},
                              {Code::RESIZE_NEAREST_NEIGHBOR, 4},
                              {Code::DEQUANTIZE, 3}};
  return table;
}

const Versions& for_others(DType dtype) {
  static const Versions none;
  static const Versions bools{{Code::TRANSPOSE, 3}, {Code::STRIDED_SLICE, 3}, {Code::GATHER, 3},
                              {Code::PAD, 5},       {Code::PADV2, 5},         {Code::REVERSE_V2, 2},
                              {Code::UNPACK, 3},    {Code::ARG_MAX, 3},       {Code::ARG_MIN, 3}};
  static const Versions int32s{{Code::ABS, 5}, {Code::SIGN, 2}, {Code::SPLIT, 3}};
  static const Versions int64s{{Code::ADD, 4}, {Code::SUB, 4}, {Code::MUL, 5}};
  static const Versions floats{{Code::FLOOR_DIV, 2}};
  static const Versions halves{{Code::DEQUANTIZE, 3}, {Code::CAST, 5}};
  switch (dtype) {
    case DType::kBool:
      return bools;
    case DType::kInt32:
      return int32s;
    case DType::kInt64:
      return int64s;
    case DType::kFloat32:
      return floats;
    case DType::kFloat16:
      return halves;
    default:
      return none;
  }
}

int version_for(Code code, DType dtype) {
  const Versions& table = dtype == DType::kInt8    ? for_int8()
                          : dtype == DType::kUint8 ? for_uint8()
                          : dtype == DType::kInt16 ? for_int16()
                                                   : for_others(dtype);
  const auto found = table.find(code);
  return found == table.end() ? 1 : found->second;
}

// Versions for more dimensions than the first kernels took.
int version_for_rank(Code code, int rank, bool broadcasts) {
  if (rank <= 4) return 1;
  switch (code) {
    case Code::TRANSPOSE:
      return rank == 5 ? 4 : rank == 6 ? 6 : 8;
    case Code::SLICE:
      return 5;
    case Code::STRIDED_SLICE:
    case Code::PAD:
    case Code::PADV2:
      return 4;
    case Code::MAXIMUM:
    case Code::MINIMUM:
    case Code::SUB:
      return broadcasts ? 3 : 1;
    case Code::DIV:
      return broadcasts ? 2 : 1;
    default:
      return 1;
  }
}

// int8 factors whose product is more than the output's scale.
bool rescales_up(const std::vector<const TensorInfo*>& inputs, const TensorInfo& output) {
  if (inputs.size() != 2 || !output.type.quantization) return false;
  const auto& a = inputs[0]->type.quantization;
  const auto& b = inputs[1]->type.quantization;
  return a && b && a->scale[0] * b->scale[0] / output.type.quantization->scale[0] >= 1.0f;
}

}  // namespace

int version_of_types(Code code, const std::vector<const TensorInfo*>& inputs,
                     const std::vector<const TensorInfo*>& outputs) {
  if (inputs.empty() || outputs.empty()) return 1;
  // SPLIT and TRANSPOSE_CONV begin with integers that are no data.
  const bool data_second = code == Code::SPLIT;
  const bool data_third = code == Code::TRANSPOSE_CONV;
  const std::size_t at = std::min<std::size_t>(data_third    ? 2
                                               : data_second ? 1
                                                             : 0,
                                               inputs.size() - 1);
  const TensorInfo& data = *inputs[at];
  int rank = 0;
  for (const TensorInfo* input : inputs) rank = std::max(rank, input->shape.rank());
  const bool broadcasts = inputs.size() == 2 && !(inputs[0]->shape == inputs[1]->shape);
  int version =
      std::max(version_for(code, data.type.dtype), version_for_rank(code, rank, broadcasts));
  // The first kernel of that name was taken back.
  if (code == Code::BROADCAST_TO) version = std::max(version, 2);
  if (code == Code::CAST) version = std::max(version, version_for(code, outputs[0]->type.dtype));
  if (code == Code::QUANTIZE && outputs[0]->type.dtype == DType::kInt16) version = 2;
  if (code == Code::MUL && rescales_up(inputs, *outputs[0])) version = std::max(version, 3);
  return version;
}

}  // namespace tinysplit::tflite
