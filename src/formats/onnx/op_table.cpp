#include <algorithm>

#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

constexpr TypeSet kReal{DType::kFloat32, DType::kFloat16};
constexpr TypeSet kTruth{DType::kBool};
constexpr TypeSet kBytes{DType::kInt8, DType::kUint8};

constexpr std::string_view kPlain = "no attributes";
constexpr std::string_view kBroadcast = "broadcast";
constexpr std::string_view kAxis = "axis";
constexpr std::string_view kReduce = "axes (constant), keepdims, noop_with_empty_axes";
constexpr std::string_view kConstantShape = "constant shape";
constexpr std::string_view kPool =
    "1 to 3 spatial axes; kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, "
    "count_include_pad; no indices";
constexpr std::string_view kGlobalPool = "1 to 3 spatial axes";
constexpr std::string_view kStored = "stored numbers of one scale; weights of one scale a filter";
constexpr std::string_view kOneScale = "stored numbers of one scale; channels first";
constexpr std::string_view kScatter = "constant indices; no reduction";
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
    {"If", translate_if, {kEveryType, "condition of shapes and constants"}},

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
    {"LpPool", translate_lp_pool, {kReal, "p; options as MaxPool"}},
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
    {"RMSNormalization", translate_rms_normalization, {kReal, "axis, epsilon"}},
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
     {kEveryType, "constant pads (also negative) and value; mode constant, reflect, edge, wrap"}},
    {"OneHot", translate_one_hot, {kEveryNumber, "axis; constant depth"}},
    {"Trilu", translate_trilu, {kEveryNumber, "upper; constant k"}},
    {"Resize",
     translate_resize,
     {kReal,
      "constant scales or sizes; mode nearest, linear, cubic; antialias; "
      "coordinate_transformation_mode half_pixel, half_pixel_symmetric, pytorch_half_pixel, "
      "align_corners, asymmetric; no aspect ratio policy"}},
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

    {"Einsum", translate_einsum, {kReal, "no ellipsis, no letter twice in a term"}},
    {"GatherElements", translate_gather_elements, {kEveryType, kAxis}},
    {"GatherND", translate_gather_nd, {kEveryType, "no batch_dims"}},
    {"ScatterElements", translate_scatter_elements, {kEveryType, kScatter}},
    {"Scatter", translate_scatter_elements, {kEveryType, kScatter}},
    {"ScatterND", translate_scatter_nd, {kEveryType, kScatter}},
    {"TopK", translate_top_k, {kReal, "axis, largest; constant k of up to 64"}},

    {"com.microsoft.QuantizeLinear",
     translate_quantize_linear,
     {kReal, "as QuantizeLinear; no uint16, no 4 bits"}},
    {"com.microsoft.DequantizeLinear",
     translate_dequantize_linear,
     {kBytes, "as DequantizeLinear; no uint16, no 4 bits"}},
    {"com.microsoft.QLinearAdd", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearMul", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearAveragePool", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearGlobalAveragePool", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearLeakyRelu", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearSigmoid", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearSoftmax", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearConcat", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QLinearWhere", translate_qlinear, {kBytes, kOneScale}},
    {"com.microsoft.QGemm", translate_qgemm, {kBytes, "alpha, transA, transB; constant bias"}},

    {"com.microsoft.MatMulIntegerToFloat",
     translate_matmul_integer_to_float,
     {kBytes, "to float32; scales, zero points, bias"}},
    {"com.microsoft.DynamicQuantizeMatMul",
     translate_dynamic_quantize_matmul,
     {kReal, "by stored numbers; bias"}},

    {"com.microsoft.FusedConv", translate_fused_conv, {kReal, "activation; sum"}},
    {"com.microsoft.FusedGemm", translate_fused_gemm, {kReal, "activation"}},
    {"com.microsoft.FusedMatMul",
     translate_fused_matmul,
     {kReal, "alpha, transA, transB, transBatchA, transBatchB"}},
    {"com.microsoft.Gelu", translate_activation, {kReal, kPlain}},
    {"com.microsoft.BiasGelu", translate_gelu_variant, {kReal, kPlain}},
    {"com.microsoft.FastGelu", translate_gelu_variant, {kReal, "bias"}},
    {"com.microsoft.QuickGelu", translate_gelu_variant, {kReal, "alpha"}},
    {"com.microsoft.SkipLayerNormalization",
     translate_skip_normalization,
     {kReal, "epsilon, bias; the sum as an output"}},
    {"com.microsoft.SkipSimplifiedLayerNormalization",
     translate_skip_normalization,
     {kReal, "epsilon, bias; the sum as an output"}},
    {"SimplifiedLayerNormalization", translate_rms_normalization, {kReal, "axis, epsilon"}},
};

constexpr RefusedNames kRefused[] = {
    {"control flow and other graphs", "Loop Scan SequenceMap"},
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
     "AffineGrid Attention BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor "
     "CausalConvWithState CenterCropPad Col2Im CumProd DeformConv Det GlobalLpPool GridSample "
     "Hardmax ImageDecoder LinearAttention MaxRoiPool MaxUnpool RoiAlign RotaryEmbedding SwiGLU "
     "TensorScatter"},
};

}  // namespace

std::string operator_name(const ::onnx::NodeProto& node) {
  const bool own = node.domain().empty() || node.domain() == "ai.onnx";
  return own ? node.op_type() : node.domain() + "." + node.op_type();
}

const OpRow* find_op(const ::onnx::NodeProto& node) {
  const auto* found = std::ranges::find(kOps, operator_name(node), &OpRow::name);
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
      "Operator sets 6 to 28 of the default domain. Types are those of the tensors that an "
      "operator computes on; float16, bfloat16 and double are computed as float32.",
      "Sizes that inputs leave open are stated when the model is read (--input-shape), but for the "
      "batch, which is 1; \"constant\" is also what other operators compute from constants and "
      "shapes alone.",
      "Functions of the model's own are put in the place of their calls; operators of other "
      "domains than those listed and sparse weights are refused. "
      "[Which of the format's own tests pass](onnx-backend-tests.md)."};
  return list;
}

}  // namespace tinysplit
