// The operations on tensors of Keras 3.
#include "formats/keras/operation_table.h"

#include <algorithm>

#include "core/numeric.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

using enum ActivationKind;

constexpr std::string_view kPair = "x1 x2";
constexpr std::string_view kReduced = "x axis keepdims";

constexpr OperationRow kOperations[] = {
    {"Add", kPair, translate_binary, BinaryKind::kAdd},
    {"Subtract", kPair, translate_binary, BinaryKind::kSubtract},
    {"Multiply", kPair, translate_binary, BinaryKind::kMultiply},
    {"Divide", kPair, translate_true_divide},
    {"TrueDivide", kPair, translate_true_divide},
    {"DivideNoNan", kPair, translate_divide_no_nan},
    {"FloorDivide", kPair, translate_binary, BinaryKind::kFloorDivide},
    {"Mod", kPair, translate_binary, BinaryKind::kFloorModulo},
    {"Power", kPair, translate_binary, BinaryKind::kPower},
    {"Maximum", kPair, translate_binary, BinaryKind::kMaximum},
    {"Minimum", kPair, translate_binary, BinaryKind::kMinimum},
    {"Equal", kPair, translate_binary, BinaryKind::kEqual},
    {"NotEqual", kPair, translate_not_equal},
    {"Greater", kPair, translate_binary, BinaryKind::kGreater},
    {"GreaterEqual", kPair, translate_binary, BinaryKind::kGreaterEqual},
    {"Less", kPair, translate_binary, BinaryKind::kLess},
    {"LessEqual", kPair, translate_binary, BinaryKind::kLessEqual},
    {"LogicalAnd", kPair, translate_logic, BinaryKind::kAnd},
    {"LogicalOr", kPair, translate_logic, BinaryKind::kOr},
    {"LogicalXor", kPair, translate_logic, BinaryKind::kXor},
    {"LogicalNot", "x", translate_logical_not},

    {"Absolute", "x", translate_unary, UnaryKind::kAbs},
    {"Negative", "x", translate_unary, UnaryKind::kNegate},
    {"Sign", "x", translate_unary, UnaryKind::kSign},
    {"Square", "x", translate_unary, UnaryKind::kSquare},
    {"Sqrt", "x", translate_real_unary, UnaryKind::kSqrt},
    {"Rsqrt", "x", translate_real_unary, UnaryKind::kReciprocalSqrt},
    {"Reciprocal", "x", translate_real_unary, UnaryKind::kReciprocal},
    {"Exp", "x", translate_activation_operation, ActivationOp{kExp}},
    {"Expm1", "x", translate_expm1},
    {"Log", "x", translate_real_unary, UnaryKind::kLog},
    {"Log1p", "x", translate_log1p},
    {"Log2", "x", translate_log2},
    {"Log10", "x", translate_log10},
    {"Erf", "x", translate_real_unary, UnaryKind::kErf},
    {"Floor", "x", translate_real_unary, UnaryKind::kFloor},
    {"Ceil", "x", translate_real_unary, UnaryKind::kCeil},
    {"Round", "x", translate_round},
    {"Sin", "x", translate_real_unary, UnaryKind::kSin},
    {"Cos", "x", translate_real_unary, UnaryKind::kCos},
    {"Tan", "x", translate_real_unary, UnaryKind::kTan},
    {"Arcsin", "x", translate_real_unary, UnaryKind::kAsin},
    {"Arccos", "x", translate_real_unary, UnaryKind::kAcos},
    {"Arctan", "x", translate_real_unary, UnaryKind::kAtan},
    {"Sinh", "x", translate_real_unary, UnaryKind::kSinh},
    {"Cosh", "x", translate_real_unary, UnaryKind::kCosh},
    {"Arcsinh", "x", translate_real_unary, UnaryKind::kAsinh},
    {"Arccosh", "x", translate_real_unary, UnaryKind::kAcosh},
    {"Arctanh", "x", translate_real_unary, UnaryKind::kAtanh},
    {"Isnan", "x", translate_real_unary, UnaryKind::kIsNan},
    {"Isinf", "x", translate_real_unary, UnaryKind::kIsInf},
    {"Isfinite", "x", translate_is_finite},
    {"Where", "condition x1 x2", translate_where},
    {"Clip", "x x_min x_max", translate_clip},
    {"Cast", "x dtype", translate_cast},
    {"Copy", "x", translate_same},
    {"StopGradient", "x:variable", translate_same},

    {"Relu", "x", translate_activation_operation, ActivationOp{kClip, 0.0f, kInfinity}},
    {"Relu6", "x", translate_activation_operation, ActivationOp{kClip, 0.0f, 6.0f}},
    {"HardTanh", "x", translate_activation_operation, ActivationOp{kClip, -1.0f, 1.0f}},
    {"LeakyRelu", "x alpha:negative_slope", translate_leaky_relu_operation},
    {"Elu", "x alpha", translate_elu_operation, ActivationOp{kElu, 1.0f}},
    {"Celu", "x alpha", translate_elu_operation, ActivationOp{kCelu, 1.0f}},
    {"Selu", "x", translate_activation_operation, ActivationOp{kSelu}},
    {"Gelu", "x approximate", translate_gelu_operation},
    {"Sigmoid", "x", translate_activation_operation, ActivationOp{kSigmoid}},
    {"HardSigmoid", "x", translate_activation_operation,
     ActivationOp{kHardSigmoid, 1.0f / 6.0f, 0.5f}},
    {"LogSigmoid", "x", translate_log_sigmoid},
    {"Silu", "x", translate_silu_operation},
    {"HardSilu", "x", translate_activation_operation, ActivationOp{kHardSwish}},
    {"Tanh", "x", translate_activation_operation, ActivationOp{kTanh}},
    {"TanhShrink", "x", translate_tanh_shrink},
    {"HardShrink", "x threshold", translate_hard_shrink},
    {"SoftShrink", "x threshold", translate_soft_shrink},
    {"Softplus", "x", translate_activation_operation, ActivationOp{kSoftplus}},
    {"Softsign", "x", translate_activation_operation, ActivationOp{kSoftsign}},
    {"Squareplus", "x b", translate_squareplus},
    {"Threshold", "x threshold default_value", translate_threshold},
    {"Glu", "x axis", translate_glu},
    {"Softmax", "x axis", translate_softmax_operation, false},
    {"LogSoftmax", "x axis", translate_softmax_operation, true},
    {"Normalize", "x axis order epsilon", translate_normalize_operation},
    {"OneHot", "x num_classes axis dtype", translate_one_hot},

    {"Mean", kReduced, translate_reduce, ReduceKind::kMean},
    {"Sum", kReduced, translate_reduce, ReduceKind::kSum},
    {"Max", kReduced, translate_reduce, ReduceKind::kMax},
    {"Amax", kReduced, translate_reduce, ReduceKind::kMax},
    {"Min", kReduced, translate_reduce, ReduceKind::kMin},
    {"Amin", kReduced, translate_reduce, ReduceKind::kMin},
    {"Prod", kReduced, translate_reduce, ReduceKind::kProduct},
    {"Logsumexp", kReduced, translate_reduce, ReduceKind::kLogSumExp},
    {"Average", "x axis", translate_reduce, ReduceKind::kMean},
    {"Var", kReduced, translate_variance, false},
    {"Std", kReduced, translate_variance, true},
    {"Moments", "x axis:axes keepdims", translate_moments},
    {"Any", kReduced, translate_any_all, false},
    {"All", kReduced, translate_any_all, true},
    {"CountNonzero", "x axis", translate_count_nonzero},
    {"Argmax", kReduced, translate_arg_reduce, false},
    {"Argmin", kReduced, translate_arg_reduce, true},
    {"Norm", "x ord axis keepdims", translate_norm},
    {"Cumsum", "x axis", translate_cumsum},

    {"Reshape", "x shape:newshape", translate_reshape_operation},
    {"Transpose", "x axes", translate_transpose_operation},
    {"Swapaxes", "x axis1 axis2", translate_swapaxes},
    {"Moveaxis", "x source destination", translate_moveaxis},
    {"Squeeze", "x axis", translate_squeeze},
    {"ExpandDims", "x axis", translate_expand_dims},
    {"BroadcastTo", "x shape", translate_broadcast_to},
    {"Tile", "x repeats", translate_tile},
    {"Repeat", "x repeats axis", translate_repeat},
    {"Pad", "x constant_values pad_width mode", translate_pad_operation},
    {"Flip", "x axis", translate_flip},
    {"Roll", "x shift axis", translate_roll},
    {"ZerosLike", "x dtype", translate_filled_like, false},
    {"OnesLike", "x dtype", translate_filled_like, true},
    {"Tril", "x k", translate_triangle, false},
    {"Triu", "x k", translate_triangle, true},
    {"Concatenate", "xs axis", translate_concatenate_operation},
    {"Hstack", "xs", translate_hstack},
    {"Stack", "xs:x axis", translate_stack},
    {"Unstack", "x num axis", translate_unstack},
    {"Split", "x parts:indices_or_sections axis", translate_split},
    {"Take", "x indices axis", translate_take},
    {"GetItem", "x key", translate_get_item},
    {"Slice", "x:inputs begin:start_indices size:shape", translate_slice},

    {"Matmul", kPair, translate_matmul},
    {"Dot", kPair, translate_dot_operation},
    {"Tensordot", "x1 x2 axes", translate_tensordot},
    {"Einsum", kPair, translate_einsum},
    {"DotProductAttention", "query key value bias mask scale", translate_dot_product_attention},

    {"Resize",
     "x:images size interpolation antialias crop_to_aspect_ratio pad_to_aspect_ratio fill_mode "
     "fill_value data_format",
     translate_resize_operation},
    {"RGBToGrayscale", "x:images", translate_rgb_to_grayscale},
    {"MaxPool", "x:inputs pool_size strides padding", translate_pool_operation, true},
    {"AveragePool", "x:inputs pool_size strides padding", translate_pool_operation, false},
    {"DepthToSpace", "x block_size", translate_depth_to_space},
    {"SpaceToDepth", "x block_size", translate_space_to_depth},
};

}  // namespace

std::span<const OperationRow> keras_operation_rows() { return kOperations; }

const OperationRow* find_operation_of(const LayerConfig& layer) {
  if (layer.class_name == "SlicingOpLambda" &&
      text_of(member(layer.options, "function")) != "__operators__.getitem") {
    return nullptr;
  }
  const std::span<const OperationRow> rows =
      layer.is_operation() ? keras_operation_rows() : tensorflow_operation_rows();
  const std::string function = text_of(member(layer.options, "function"));
  const std::string_view name =
      layer.is_operation() ? std::string_view(layer.class_name) : function_without_module(function);
  const auto found = std::ranges::find(rows, name, &OperationRow::name);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace tinysplit::keras
