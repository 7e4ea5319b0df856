#include <algorithm>

#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

constexpr TypeSet kReal = kFloat32Only;
constexpr TypeSet kTruth{DType::kBool};
constexpr TypeSet kBytes{DType::kInt8, DType::kUint8};

constexpr std::string_view kPlain = "no attributes";
constexpr std::string_view kBroadcast = "broadcast";
constexpr std::string_view kAxis = "axis";
constexpr std::string_view kReduce = "axes (constant), keepdims, noop_with_empty_axes";
constexpr std::string_view kConstantShape = "constant shape";
constexpr std::string_view kPool =
    "1 to 3 spatial axes; kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, "
    "count_include_pad (not with ceil_mode that adds a window); no indices";
constexpr std::string_view kGlobalPool = "1 to 3 spatial axes";
constexpr std::string_view kStored = "stored numbers of one scale; weights of one scale a filter";
constexpr std::string_view kRecurrent =
    "direction, activations, clip, layout, linear_before_reset, initial states; peepholes; "
    "sequence_lens only of all steps; no input_forget";

constexpr OpRow kOps[] = {
    {"Constant", translate_constant, {kEveryType, "any value within the file; no sparse one"}},
    {"ConstantOfShape", translate_constant_of_shape, {kEveryType, kConstantShape}},
    {"Range", translate_range, {kEveryNumber, "constant bounds"}},
    {"EyeLike", translate_eye_like, {kEveryNumber, "k, dtype"}},
    {"Shape", translate_shape, {kEveryType, "start, end; computed when the file is read"}},
    {"Size", translate_size, {kEveryType, "computed when the file is read"}},

    {"Conv",
     translate_conv,
     {kReal,
      "1 to 3 spatial axes; strides, dilations, group, pads, auto_pad; constant kernel and bias"}},
    {"ConvTranspose",
     translate_conv_transpose,
     {kReal,
      "1 or 2 spatial axes; strides, dilations, group, pads, auto_pad, output_padding, "
      "output_shape; constant kernel and bias"}},
    {"Gemm", translate_gemm, {kReal, "alpha, beta, transA, transB, broadcast C"}},
    {"MatMul", translate_matmul, {kReal, "broadcast, vectors"}},
    {"MaxPool", translate_pool, {kReal | kBytes, kPool}},
    {"AveragePool", translate_pool, {kReal, kPool}},
    {"GlobalMaxPool", translate_global_pool, {kReal, kGlobalPool}},
    {"GlobalAveragePool", translate_global_pool, {kReal, kGlobalPool}},

    {"BatchNormalization",
     translate_batch_normalization,
     {kReal, "epsilon; constant parameters; not in training mode"}},
    {"InstanceNormalization",
     translate_instance_normalization,
     {kReal, "1 to 3 spatial axes; epsilon; constant parameters"}},
    {"LayerNormalization",
     translate_layer_normalization,
     {kReal, "axis, epsilon; mean and deviation as outputs"}},
    {"GroupNormalization", translate_group_normalization, {kReal, "num_groups, epsilon"}},
    {"LpNormalization", translate_lp_normalization, {kReal, "axis, p"}},
    {"MeanVarianceNormalization", translate_mean_variance_normalization, {kReal, "axes"}},
    {"LRN", translate_lrn, {kReal, "size, alpha, beta, bias"}},

    {"Relu", translate_activation, {kReal, kPlain}},
    {"LeakyRelu", translate_activation, {kReal, "alpha"}},
    {"Elu", translate_activation, {kReal, "alpha"}},
    {"Selu", translate_activation, {kReal, "alpha, gamma"}},
    {"Celu", translate_activation, {kReal, "alpha"}},
    {"ThresholdedRelu", translate_activation, {kReal, "alpha"}},
    {"Sigmoid", translate_activation, {kReal, kPlain}},
    {"HardSigmoid", translate_activation, {kReal, "alpha, beta"}},
    {"HardSwish", translate_activation, {kReal, kPlain}},
    {"Swish", translate_activation, {kReal, "alpha of 1"}},
    {"Tanh", translate_activation, {kReal, kPlain}},
    {"Softplus", translate_activation, {kReal, kPlain}},
    {"Softsign", translate_activation, {kReal, kPlain}},
    {"Mish", translate_activation, {kReal, kPlain}},
    {"Gelu", translate_activation, {kReal, "approximate none, tanh"}},
    {"Exp", translate_activation, {kReal, kPlain}},
    {"Clip", translate_clip, {kEveryNumber, "min, max: constant or computed"}},
    {"PRelu", translate_prelu, {kReal, "slopes broadcast to the input"}},
    {"Shrink", translate_shrink, {kReal, "lambd, bias"}},
    {"Softmax", translate_softmax, {kReal, kAxis}},
    {"LogSoftmax", translate_softmax, {kReal, kAxis}},

    {"Abs", translate_unary, {kEveryNumber, kPlain}},
    {"Neg", translate_unary, {kEveryNumber, kPlain}},
    {"Sign", translate_unary, {kEveryNumber, kPlain}},
    {"Sqrt", translate_unary, {kReal, kPlain}},
    {"Reciprocal", translate_unary, {kReal, kPlain}},
    {"Log", translate_unary, {kReal, kPlain}},
    {"Erf", translate_unary, {kReal, kPlain}},
    {"Floor", translate_unary, {kReal, kPlain}},
    {"Ceil", translate_unary, {kReal, kPlain}},
    {"Round", translate_unary, {kReal, kPlain}},
    {"Sin", translate_unary, {kReal, kPlain}},
    {"Cos", translate_unary, {kReal, kPlain}},
    {"Tan", translate_unary, {kReal, kPlain}},
    {"Asin", translate_unary, {kReal, kPlain}},
    {"Acos", translate_unary, {kReal, kPlain}},
    {"Atan", translate_unary, {kReal, kPlain}},
    {"Sinh", translate_unary, {kReal, kPlain}},
    {"Cosh", translate_unary, {kReal, kPlain}},
    {"Asinh", translate_unary, {kReal, kPlain}},
    {"Acosh", translate_unary, {kReal, kPlain}},
    {"Atanh", translate_unary, {kReal, kPlain}},
    {"Not", translate_unary, {kTruth, kPlain}},
    {"IsNaN", translate_unary, {kReal, kPlain}},
    {"IsInf", translate_is_inf, {kReal, "both signs"}},
    {"Add", translate_binary, {kEveryNumber, kBroadcast}},
    {"Sub", translate_binary, {kEveryNumber, kBroadcast}},
    {"Mul", translate_binary, {kEveryNumber, kBroadcast}},
    {"Div", translate_binary, {kEveryNumber, kBroadcast}},
    {"Pow", translate_power, {kEveryNumber, "broadcast; of the base's type"}},
    {"Mod", translate_modulo, {kEveryNumber, "broadcast; fmod"}},
    {"Max", translate_variadic, {kEveryNumber, kBroadcast}},
    {"Min", translate_variadic, {kEveryNumber, kBroadcast}},
    {"Sum", translate_variadic, {kReal, kBroadcast}},
    {"Mean", translate_variadic, {kReal, kBroadcast}},
    {"And", translate_binary, {kTruth, kBroadcast}},
    {"Or", translate_binary, {kTruth, kBroadcast}},
    {"Xor", translate_binary, {kTruth, kBroadcast}},
    {"Equal", translate_binary, {kEveryType, kBroadcast}},
    {"Less", translate_binary, {kEveryNumber, kBroadcast}},
    {"LessOrEqual", translate_binary, {kEveryNumber, kBroadcast}},
    {"Greater", translate_binary, {kEveryNumber, kBroadcast}},
    {"GreaterOrEqual", translate_binary, {kEveryNumber, kBroadcast}},
    {"Where", translate_where, {kEveryType, kBroadcast}},
    {"Cast", translate_cast, {kEveryType, "between all of these"}},
    {"CastLike", translate_cast_like, {kEveryType, "between all of these"}},
    {"Identity", translate_identity, {kEveryType, kPlain}},
    {"Dropout", translate_identity, {kReal, "ratio; not in training mode"}},

    {"ReduceMean", translate_reduce, {kReal, kReduce}},
    {"ReduceSum", translate_reduce, {kReal, kReduce}},
    {"ReduceMax", translate_reduce, {kReal, kReduce}},
    {"ReduceMin", translate_reduce, {kReal, kReduce}},
    {"ReduceProd", translate_reduce, {kReal, kReduce}},
    {"ReduceL1", translate_reduce, {kReal, kReduce}},
    {"ReduceL2", translate_reduce, {kReal, kReduce}},
    {"ReduceSumSquare", translate_reduce, {kReal, kReduce}},
    {"ReduceLogSum", translate_reduce, {kReal, kReduce}},
    {"ReduceLogSumExp", translate_reduce, {kReal, kReduce}},
    {"ArgMax", translate_arg_reduce, {kEveryNumber, "axis, keepdims, select_last_index"}},
    {"ArgMin", translate_arg_reduce, {kEveryNumber, "axis, keepdims, select_last_index"}},
    {"CumSum", translate_cumulative_sum, {kReal, "constant axis; exclusive, reverse"}},

    {"Reshape", translate_reshape, {kEveryType, "constant shape; allowzero"}},
    {"Flatten", translate_flatten, {kEveryType, kAxis}},
    {"Squeeze", translate_squeeze, {kEveryType, "constant axes"}},
    {"Unsqueeze", translate_unsqueeze, {kEveryType, "constant axes"}},
    {"Transpose", translate_transpose, {kEveryType, "perm"}},
    {"Expand", translate_expand, {kEveryType, kConstantShape}},
    {"Tile", translate_tile, {kEveryType, "constant repeats"}},
    {"DepthToSpace", translate_depth_to_space, {kEveryType, "blocksize; mode DCR, CRD"}},
    {"SpaceToDepth", translate_space_to_depth, {kEveryType, "blocksize"}},
    {"Concat", translate_concat, {kEveryType, kAxis}},
    {"Split", translate_split, {kEveryType, "axis; constant sizes, none of 0"}},
    {"Slice",
     translate_slice,
     {kEveryType, "constant starts, ends, axes, steps; something must be left"}},
    {"Gather", translate_gather, {kEveryType, "axis; indices int32, int64"}},
    {"Pad",
     translate_pad,
     {kEveryType, "constant pads (also negative) and value; mode constant, reflect, edge"}},
    {"OneHot", translate_one_hot, {kEveryNumber, "axis; constant depth"}},
    {"Trilu", translate_trilu, {kEveryNumber, "upper; constant k"}},
    {"Resize",
     translate_resize,
     {kReal,
      "1 or 2 spatial axes; constant scales or sizes; mode nearest, linear; "
      "coordinate_transformation_mode half_pixel, pytorch_half_pixel, align_corners, asymmetric; "
      "no antialias, exclude_outside"}},
    {"Upsample", translate_upsample, {kReal, "1 or 2 spatial axes; mode nearest, linear"}},

    {"LSTM", translate_recurrent, {kReal, kRecurrent}},
    {"GRU", translate_recurrent, {kReal, kRecurrent}},
    {"RNN", translate_recurrent, {kReal, kRecurrent}},

    {"QuantizeLinear",
     translate_quantize_linear,
     {kReal, "to int8, uint8, int16, int32; constant scale, one or by axis; no blocks"}},
    {"DequantizeLinear",
     translate_dequantize_linear,
     {kBytes | TypeSet{DType::kInt16, DType::kInt32}, "constant scale, one or by axis; no blocks"}},
    {"DynamicQuantizeLinear", translate_dynamic_quantize_linear, {kReal, "to uint8"}},
    {"QLinearConv", translate_qlinear_conv, {kBytes, kStored}},
    {"QLinearMatMul", translate_qlinear_matmul, {kBytes, "a scale for each row or column"}},
    {"ConvInteger", translate_conv_integer, {kBytes, "to int32; zero points"}},
    {"MatMulInteger", translate_matmul_integer, {kBytes, "to int32; zero points"}},
};

constexpr RefusedNames kRefused[] = {
    {"control flow and other graphs", "If Loop Scan SequenceMap"},
    {"lists and optional values",
     "ConcatFromSequence Optional OptionalGetElement OptionalHasElement ReverseSequence SequenceAt "
     "SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence"},
    {"the shape of the output depends on the numbers", "Compress NonMaxSuppression NonZero Unique"},
    {"random numbers",
     "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike"},
    {"text", "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer"},
    {"losses, gradients and optimisers: training",
     "Adagrad Adam Gradient Momentum NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss"},
    {"Fourier transforms and windows of signals",
     "BlackmanWindow DFT HammingWindow HannWindow MelWeightMatrix STFT"},
    {"no such operator yet",
     "AffineGrid Attention BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Col2Im "
     "CenterCropPad DeformConv Det Einsum GatherElements GatherND GlobalLpPool GridSample Hardmax "
     "ImageDecoder LpPool MaxRoiPool MaxUnpool RMSNormalization RoiAlign RotaryEmbedding Scatter "
     "ScatterElements ScatterND TensorScatter TopK"},
};

}  // namespace

const OpRow* find_op(std::string_view op_type) {
  const auto* found = std::ranges::find(kOps, op_type, &OpRow::name);
  return found == std::end(kOps) ? nullptr : found;
}

}  // namespace tinysplit::onnx_format

namespace tinysplit {

OperatorList onnx_operators() {
  using namespace onnx_format;  // NOLINT: this function is the door of the table above
  OperatorList list{"onnx", "ONNX", {}, {}, {}};
  for (const OpRow& row : kOps) list.supported.push_back({row.name, row.note});
  std::ranges::sort(list.supported, {}, &SupportedOperator::name);
  for (const RefusedNames& row : kRefused) append_refused(row, list.refused);
  list.notes = {
      "Operator sets 6 to 23 of the default domain. Types are those of the tensors that an "
      "operator computes on; constants of double become float32.",
      "Sizes that inputs leave open are stated when the model is read (--input-shape), but for the "
      "batch, which is 1; \"constant\" is also what other operators compute from constants and "
      "shapes alone.",
      "Operators of other domains, functions of the model's own and sparse weights are refused. "
      "[Which of the format's own tests pass](onnx-backend-tests.md)."};
  return list;
}

}  // namespace tinysplit
