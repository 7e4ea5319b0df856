#include "formats/tflite/operator_table.h"

#include <algorithm>

#include "formats/tflite/operators.h"
#include "formats/tflite/tflite_reader.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

constexpr TypeSet kReal = kFloat32Only;
constexpr TypeSet kBytes{DType::kFloat32, DType::kInt8, DType::kUint8};
constexpr TypeSet kQuantized = kBytes | TypeSet{DType::kInt16};
constexpr TypeSet kWhole{DType::kInt32, DType::kInt64};
constexpr TypeSet kTruth{DType::kBool};
constexpr TypeSet kInt8{DType::kInt8};
constexpr TypeSet kInt16{DType::kInt16};
constexpr TypeSet kInt32{DType::kInt32};
constexpr auto kOfInput = Subject::kInput;
constexpr auto kOfNone = Subject::kNone;

constexpr std::string_view kConvolution =
    "padding SAME, VALID; strides, dilation; kernel quantised by tensor or filter; optional bias; "
    "fused activation";
constexpr std::string_view kPool = "padding SAME, VALID; filter, strides; fused activation";
constexpr std::string_view kResize = "constant size; align_corners or half_pixel_centers";
constexpr std::string_view kPlain = "no options";
constexpr std::string_view kFused = "broadcast; fused activation";
constexpr std::string_view kBroadcast = "broadcast";
constexpr std::string_view kReduce = "constant axes; keep_dims";
constexpr std::string_view kConstantAxis = "constant axis";
constexpr std::string_view kAxis = "axis";
constexpr std::string_view kBlock = "block_size";
constexpr std::string_view kVariable = "the initial value at every inference";
constexpr std::string_view kConstantShape = "constant shape";

constexpr OperatorRow kOperators[] = {
    {Code::CONV_2D, translate_convolution, {kQuantized, kConvolution}},
    {Code::DEPTHWISE_CONV_2D, translate_depthwise_convolution, {kQuantized, kConvolution}},
    {Code::TRANSPOSE_CONV,
     translate_transposed_convolution,
     {kQuantized, "padding SAME, VALID; strides; constant output shape; optional bias"}},
    {Code::FULLY_CONNECTED,
     translate_fully_connected,
     {kQuantized, "keep_num_dims; optional bias; fused activation; no shuffled weights"}},
    {Code::BATCH_MATMUL, translate_batch_matmul, {kReal | kInt8, "adj_x, adj_y"}},
    {Code::MAX_POOL_2D, translate_pool, {kQuantized, kPool}},
    {Code::AVERAGE_POOL_2D, translate_pool, {kQuantized, kPool}},
    {Code::RESIZE_BILINEAR, translate_resize_bilinear, {kQuantized, kResize}},
    {Code::RESIZE_NEAREST_NEIGHBOR, translate_resize_nearest, {kQuantized, kResize}},

    {Code::RELU, translate_activation, {kQuantized, kPlain}},
    {Code::RELU6, translate_activation, {kQuantized, kPlain}},
    {Code::RELU_N1_TO_1, translate_activation, {kBytes, kPlain}},
    {Code::RELU_0_TO_1, translate_activation, {kBytes, kPlain}},
    {Code::LOGISTIC, translate_activation, {kQuantized, kPlain}},
    {Code::TANH, translate_activation, {kQuantized, kPlain}},
    {Code::ELU, translate_activation, {kReal | kInt8, kPlain}},
    {Code::HARD_SWISH, translate_activation, {kBytes, kPlain}},
    {Code::EXP, translate_activation, {kReal | kInt8, kPlain}},
    {Code::GELU, translate_activation, {kBytes, "approximate or not"}},
    {Code::LEAKY_RELU, translate_leaky_relu, {kQuantized, "alpha"}},
    {Code::PRELU, translate_prelu, {kBytes, "constant slopes, broadcast"}},
    {Code::SOFTMAX,
     translate_softmax,
     {kQuantized,
      "beta: any for float32, 1 for others; their output of scale 1/256, of int16 2^-15"}},
    {Code::LOG_SOFTMAX, translate_softmax, {kReal, kPlain}},
    {Code::L2_NORMALIZATION, translate_l2_normalization, {kBytes, "fused activation"}},

    {Code::ABS, translate_unary, {kReal | kInt8 | kInt16 | kInt32, kPlain}},
    {Code::NEG, translate_unary, {kReal | kWhole, kPlain}},
    {Code::SIGN, translate_unary, {kReal | kInt32, kPlain}},
    {Code::SQUARE, translate_unary, {kReal, kPlain}},
    {Code::SQRT, translate_unary, {kReal | kInt8 | kInt16, kPlain}},
    {Code::RSQRT, translate_unary, {kReal | kInt8, kPlain}},
    {Code::LOG, translate_unary, {kReal | kInt8, kPlain}},
    {Code::SIN, translate_unary, {kReal, kPlain}},
    {Code::COS, translate_unary, {kReal, kPlain}},
    {Code::FLOOR, translate_unary, {kReal, kPlain}},
    {Code::CEIL, translate_unary, {kReal, kPlain}},
    {Code::ROUND, translate_unary, {kReal, kPlain}},
    {Code::LOGICAL_NOT, translate_unary, {kTruth, kPlain}},

    {Code::ADD, translate_binary, {kQuantized | kWhole, kFused}},
    {Code::SUB, translate_binary, {kQuantized | kWhole, kFused}},
    {Code::MUL, translate_binary, {kQuantized | kWhole, kFused}},
    {Code::DIV, translate_binary, {kReal | kInt32, kFused}},
    {Code::MAXIMUM, translate_binary, {kQuantized | kWhole, kBroadcast}},
    {Code::MINIMUM, translate_binary, {kQuantized | kWhole, kBroadcast}},
    {Code::POW, translate_binary, {kReal | kInt32, kBroadcast}},
    {Code::SQUARED_DIFFERENCE, translate_binary, {kReal | kInt8 | kInt32, kBroadcast}},
    {Code::FLOOR_DIV, translate_binary, {kReal | kInt32, kBroadcast}},
    {Code::FLOOR_MOD, translate_binary, {kReal | kWhole, kBroadcast}},
    {Code::EQUAL, translate_binary, {kBytes | kWhole | kTruth, kBroadcast}, kOfInput},
    {Code::NOT_EQUAL, translate_not_equal, {kBytes | kWhole | kTruth, kBroadcast}, kOfInput},
    {Code::LESS, translate_binary, {kBytes | kWhole, kBroadcast}, kOfInput},
    {Code::LESS_EQUAL, translate_binary, {kBytes | kWhole, kBroadcast}, kOfInput},
    {Code::GREATER, translate_binary, {kBytes | kWhole, kBroadcast}, kOfInput},
    {Code::GREATER_EQUAL, translate_binary, {kBytes | kWhole, kBroadcast}, kOfInput},
    {Code::LOGICAL_AND, translate_binary, {kTruth, kBroadcast}},
    {Code::LOGICAL_OR, translate_binary, {kTruth, kBroadcast}},
    {Code::SELECT, translate_select, {kEveryType, "condition of the same shape or by row"}},
    {Code::SELECT_V2, translate_select, {kEveryType, kBroadcast}},
    {Code::CAST, translate_cast, {kEveryType, "between all of these, not quantised"}, kOfInput},
    {Code::QUANTIZE, translate_quantize, {kQuantized, "to int8, uint8, int16, int32"}, kOfInput},
    {Code::DEQUANTIZE,
     translate_dequantize,
     {TypeSet{DType::kInt8, DType::kUint8, DType::kInt16, DType::kFloat16},
      "float16 of constants only"},
     kOfInput},

    {Code::MEAN, translate_reduction, {kQuantized, kReduce}},
    {Code::SUM, translate_reduction, {kBytes | kWhole, kReduce}},
    {Code::REDUCE_MAX, translate_reduction, {kEveryType, kReduce}},
    {Code::REDUCE_MIN, translate_reduction, {kEveryType, kReduce}},
    {Code::REDUCE_PROD, translate_reduction, {kReal | kWhole, kReduce}},
    {Code::ARG_MAX, translate_arg_reduction, {kBytes | kInt32 | kTruth, kConstantAxis}, kOfInput},
    {Code::ARG_MIN, translate_arg_reduction, {kBytes | kInt32 | kTruth, kConstantAxis}, kOfInput},
    {Code::CUMSUM, translate_cumulative_sum, {kReal | kWhole, "constant axis; exclusive, reverse"}},

    {Code::RESHAPE, translate_reshape, {kEveryType, "constant shape, or in its options"}},
    {Code::SQUEEZE, translate_squeeze, {kEveryType, "squeeze_dims"}},
    {Code::EXPAND_DIMS, translate_expand_dims, {kEveryType, kConstantAxis}},
    {Code::SHAPE, translate_shape, {kEveryType, "computed when the file is read"}, kOfInput},
    {Code::CONCATENATION,
     translate_concatenation,
     {kEveryType, "axis; fused activation; bytes of unlike scales are rescaled"}},
    {Code::PACK, translate_pack, {kEveryNumber, kAxis}},
    {Code::FILL, translate_fill, {kEveryType, kConstantShape}},
    {Code::TRANSPOSE, translate_transpose, {kEveryType, "constant permutation"}},
    {Code::PAD, translate_pad, {kEveryType, "constant paddings"}},
    {Code::PADV2, translate_pad, {kQuantized | kInt32, "constant paddings and value"}},
    {Code::MIRROR_PAD,
     translate_mirror_pad,
     {kEveryNumber, "constant paddings; REFLECT, SYMMETRIC"}},
    {Code::TILE, translate_tile, {kBytes | kWhole | kTruth, "constant multiples"}},
    {Code::BROADCAST_TO, translate_broadcast_to, {kEveryType, kConstantShape}},
    {Code::SPACE_TO_DEPTH, translate_space_to_depth, {kBytes | kWhole, kBlock}},
    {Code::DEPTH_TO_SPACE, translate_depth_to_space, {kBytes | kWhole, kBlock}},
    {Code::SPACE_TO_BATCH_ND,
     translate_space_to_batch,
     {kBytes | kWhole, "constant block and paddings; rank 3, 4"}},
    {Code::BATCH_TO_SPACE_ND,
     translate_batch_to_space,
     {kBytes | kWhole, "constant block and crops; rank 3, 4"}},
    {Code::STRIDED_SLICE,
     translate_strided_slice,
     {kEveryType, "constant begin, end, strides; all masks, offset"}},
    {Code::SLICE, translate_slice, {kEveryType, "constant begin and size"}},
    {Code::SPLIT, translate_split, {kEveryNumber, kConstantAxis}},
    {Code::SPLIT_V, translate_split, {kEveryNumber, "constant axis and sizes"}},
    {Code::UNPACK, translate_unpack, {kQuantized | kInt32 | kTruth, kAxis}},
    {Code::GATHER,
     translate_gather,
     {kEveryType, "axis; indices int32, int64; batch_dims of size 1"}},
    {Code::EMBEDDING_LOOKUP,
     translate_embedding_lookup,
     {kReal | kInt8, "indices int32; float32 of int8 or UINT8 tables too"}},
    {Code::GATHER_ND, translate_gather_nd, {kBytes | kWhole, "indices int32, int64"}},
    {Code::RFFT2D,
     translate_rfft2d,
     {kReal, "constant lengths up to 16384; as products with its matrix"},
     kOfInput},
    {Code::REAL, translate_complex_part, {kReal, kPlain}},
    {Code::IMAG, translate_complex_part, {kReal, kPlain}},
    {Code::COMPLEX_ABS, translate_complex_abs, {kReal, kPlain}},
    {Code::REVERSE_V2, translate_reverse, {kEveryType, "constant axes"}},
    {Code::WHILE,
     translate_while,
     {kEveryType, "unrolled when the file is read: its condition must be constant"},
     kOfNone},
    {Code::IF,
     translate_if,
     {kEveryType, "the branch that is taken: its condition must be constant"},
     kOfNone},
    {Code::CALL_ONCE, translate_call_once, {kEveryType, "initial values of variables"}, kOfNone},
    {Code::VAR_HANDLE, translate_variable_handle, {kEveryType, kPlain}, kOfNone},
    {Code::READ_VARIABLE, translate_read_variable, {kEveryType, kVariable}, kOfNone},
    {Code::ASSIGN_VARIABLE, translate_assign_variable, {kEveryType, kVariable}, kOfNone},
    {Code::SVDF,
     translate_svdf,
     {kReal, "rank; optional bias; fused activation; a state of zeros at every inference"}},
    {Code::UNIDIRECTIONAL_SEQUENCE_LSTM,
     translate_sequence_lstm,
     {kReal | kInt8,
      "time_major or not; cell_clip; float32: peepholes, NONE, TANH, RELU, RELU6; int8: TANH, "
      "cells "
      "of int16; a state of zeros at every inference; no projection, layer normalisation, coupled "
      "gates"}},
};

// By their names.
constexpr OperatorRow kCustomOperators[] = {
    {Code::CUSTOM,
     translate_transposed_with_bias,
     {kReal, "of MediaPipe: padding SAME, VALID; strides; bias"},
     Subject::kOutput,
     "Convolution2DTransposeBias"},
    {Code::CUSTOM,
     translate_detection,
     {kReal,
      "inputs float32, uint8; use_regular_nms or not; one class for each box; a step of plain "
      "operations for each box that comes out"},
     Subject::kOutput,
     "TFLite_Detection_PostProcess"},
};

constexpr std::string_view kNoSuch = "no such operator yet";

// The reason why an operator is refused that has no row.
std::string_view refusal_of(Code code) {
  static constexpr struct {
    Code code;
    std::string_view reason;
  } kReasons[] = {
      {Code::CUSTOM, "but for those above by their names; what a delegate made of others"},
      {Code::DELEGATE, "custom operators, and what a delegate made of others"},
      {Code::CALL, "control flow and other subgraphs"},
      {Code::HASHTABLE, "hash tables"},
      {Code::HASHTABLE_FIND, "hash tables"},
      {Code::HASHTABLE_IMPORT, "hash tables"},
      {Code::HASHTABLE_SIZE, "hash tables"},
      {Code::HASHTABLE_LOOKUP, "hash tables"},
      {Code::UNIQUE, "the shape of the output depends on the numbers"},
      {Code::WHERE, "the shape of the output depends on the numbers"},
      {Code::NON_MAX_SUPPRESSION_V4, "the shape of the output depends on the numbers"},
      {Code::NON_MAX_SUPPRESSION_V5, "the shape of the output depends on the numbers"},
      {Code::RANDOM_STANDARD_NORMAL, "random numbers"},
      {Code::RANDOM_UNIFORM, "random numbers"},
      {Code::MULTINOMIAL, "random numbers"},
      {Code::STABLEHLO_RNG_BIT_GENERATOR, "random numbers"},
      {Code::PLACEHOLDER_FOR_GREATER_OP_CODES, "stands for no operator"},
  };
  const auto* found = std::ranges::find(kReasons, code, &std::decay_t<decltype(*kReasons)>::code);
  if (found != std::end(kReasons)) return found->reason;
  const std::string_view name = schema::EnumNameBuiltinOperator(code);
  return name.starts_with("STABLEHLO_") ? "StableHLO operators" : kNoSuch;
}

}  // namespace

const OperatorRow* find_operator(schema::BuiltinOperator code) {
  const auto* found = std::ranges::find(kOperators, code, &OperatorRow::code);
  return found == std::end(kOperators) ? nullptr : found;
}

const OperatorRow* find_custom_operator(std::string_view name) {
  const auto* found = std::ranges::find(kCustomOperators, name, &OperatorRow::custom);
  return found == std::end(kCustomOperators) ? nullptr : found;
}

}  // namespace tinysplit::tflite

namespace tinysplit {

OperatorList tflite_operators() {
  using namespace tflite;  // NOLINT: this function is the door of the table above
  OperatorList list{"tflite", "TensorFlow Lite", {}, {}, {}};
  for (const OperatorRow& row : kOperators) {
    list.supported.push_back({schema::EnumNameBuiltinOperator(row.code), row.note});
  }
  for (const OperatorRow& row : kCustomOperators) list.supported.push_back({row.custom, row.note});
  std::ranges::sort(list.supported, {}, &SupportedOperator::name);
  for (const Code code : schema::EnumValuesBuiltinOperator()) {
    if (find_operator(code) != nullptr) continue;
    list.refused.push_back({schema::EnumNameBuiltinOperator(code), refusal_of(code)});
  }
  std::ranges::stable_sort(list.refused, {}, &RefusedOperator::name);
  list.notes = {
      "Files of schema version 3. Types are those of what an operator makes, or, where that is of "
      "another kind, of what it reads; int8, uint8 and int16 are quantised, per tensor.",
      "Weights are constants: float32, float16, or quantised by tensor or by filter. Under float32 "
      "activations float16 and integer weights become float32.",
      "Fused activations: NONE, RELU, RELU_N1_TO_1, RELU6. Sizes that inputs leave open are stated "
      "when the model is read (--input-shape), but for the batch, which is 1; constants may be "
      "computed by other operators from constants and from shapes.",
  };
  return list;
}

}  // namespace tinysplit
