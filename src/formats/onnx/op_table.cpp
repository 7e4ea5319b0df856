#include <algorithm>
#include <array>
#include <unordered_map>

#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

using Table = std::unordered_map<std::string_view, Translator>;

void add_all(Table& table, std::initializer_list<std::string_view> kinds, Translator translator) {
  for (const std::string_view kind : kinds) table.emplace(kind, translator);
}

Table make_table() {
  Table table{
      {"Constant", translate_constant},
      {"ConstantOfShape", translate_constant_of_shape},
      {"Range", translate_range},
      {"EyeLike", translate_eye_like},
      {"Shape", translate_shape},
      {"Size", translate_size},
      {"Clip", translate_clip},
      {"PRelu", translate_prelu},
      {"Shrink", translate_shrink},
      {"Pow", translate_power},
      {"Mod", translate_modulo},
      {"Where", translate_where},
      {"Cast", translate_cast},
      {"CastLike", translate_cast_like},
      {"IsInf", translate_is_inf},
      {"Conv", translate_conv},
      {"ConvTranspose", translate_conv_transpose},
      {"BatchNormalization", translate_batch_normalization},
      {"InstanceNormalization", translate_instance_normalization},
      {"LayerNormalization", translate_layer_normalization},
      {"GroupNormalization", translate_group_normalization},
      {"LpNormalization", translate_lp_normalization},
      {"MeanVarianceNormalization", translate_mean_variance_normalization},
      {"LRN", translate_lrn},
      {"Gemm", translate_gemm},
      {"MatMul", translate_matmul},
      {"CumSum", translate_cumulative_sum},
      {"Reshape", translate_reshape},
      {"Flatten", translate_flatten},
      {"Squeeze", translate_squeeze},
      {"Unsqueeze", translate_unsqueeze},
      {"Transpose", translate_transpose},
      {"Expand", translate_expand},
      {"Tile", translate_tile},
      {"DepthToSpace", translate_depth_to_space},
      {"SpaceToDepth", translate_space_to_depth},
      {"Concat", translate_concat},
      {"Split", translate_split},
      {"Slice", translate_slice},
      {"Gather", translate_gather},
      {"Pad", translate_pad},
      {"OneHot", translate_one_hot},
      {"Trilu", translate_trilu},
      {"Resize", translate_resize},
      {"Upsample", translate_upsample},
      {"QuantizeLinear", translate_quantize_linear},
      {"DequantizeLinear", translate_dequantize_linear},
      {"DynamicQuantizeLinear", translate_dynamic_quantize_linear},
      {"QLinearConv", translate_qlinear_conv},
      {"QLinearMatMul", translate_qlinear_matmul},
      {"ConvInteger", translate_conv_integer},
      {"MatMulInteger", translate_matmul_integer},
  };
  add_all(table,
          {"Relu", "LeakyRelu", "Elu", "Selu", "Celu", "ThresholdedRelu", "Sigmoid", "HardSigmoid",
           "HardSwish", "Swish", "Tanh", "Softplus", "Softsign", "Mish", "Gelu", "Exp"},
          translate_activation);
  add_all(table, {"Softmax", "LogSoftmax"}, translate_softmax);
  add_all(table, {"Abs",  "Neg",   "Sign",  "Sqrt",  "Reciprocal", "Log",  "Erf",  "Floor",
                  "Ceil", "Round", "Sin",   "Cos",   "Tan",        "Asin", "Acos", "Atan",
                  "Sinh", "Cosh",  "Asinh", "Acosh", "Atanh",      "Not",  "IsNaN"},
          translate_unary);
  add_all(table,
          {"Add", "Sub", "Mul", "Div", "And", "Or", "Xor", "Equal", "Less", "LessOrEqual",
           "Greater", "GreaterOrEqual"},
          translate_binary);
  add_all(table, {"Max", "Min", "Sum", "Mean"}, translate_variadic);
  add_all(table, {"Identity", "Dropout"}, translate_identity);
  add_all(table, {"MaxPool", "AveragePool"}, translate_pool);
  add_all(table, {"GlobalMaxPool", "GlobalAveragePool"}, translate_global_pool);
  add_all(table,
          {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1",
           "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"},
          translate_reduce);
  add_all(table, {"ArgMax", "ArgMin"}, translate_arg_reduce);
  add_all(table, {"LSTM", "GRU", "RNN"}, translate_recurrent);
  return table;
}

}  // namespace

Translator find_translator(std::string_view op_type) {
  static const Table table = make_table();
  const auto found = table.find(op_type);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace tinysplit::onnx_format
