// The functions of TensorFlow that Keras 2 saves as layers, with the names of their arguments.
#include "core/numeric.h"
#include "formats/keras/operation_table.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

using enum ActivationKind;

constexpr std::string_view kOperands = "x1:x x2:y";
constexpr std::string_view kOfOne = "x:features:input:a:logits";
constexpr std::string_view kAxes = "x:input_tensor axis:reduction_indices keepdims:keep_dims";
constexpr std::string_view kPooled = "x:input:value pool_size:ksize strides padding";

constexpr OperationRow kFunctions[] = {
    {"add", kOperands, translate_binary, BinaryKind::kAdd},
    {"subtract", kOperands, translate_binary, BinaryKind::kSubtract},
    {"multiply", kOperands, translate_binary, BinaryKind::kMultiply},
    {"truediv", kOperands, translate_true_divide},
    {"divide", kOperands, translate_true_divide},
    {"divide_no_nan", kOperands, translate_divide_no_nan},
    {"floordiv", kOperands, translate_binary, BinaryKind::kFloorDivide},
    {"floor_div", kOperands, translate_binary, BinaryKind::kFloorDivide},
    {"floormod", kOperands, translate_binary, BinaryKind::kFloorModulo},
    {"mod", kOperands, translate_binary, BinaryKind::kFloorModulo},
    {"pow", kOperands, translate_binary, BinaryKind::kPower},
    {"maximum", kOperands, translate_binary, BinaryKind::kMaximum},
    {"minimum", kOperands, translate_binary, BinaryKind::kMinimum},
    {"squared_difference", kOperands, translate_binary, BinaryKind::kSquaredDifference},
    {"equal", kOperands, translate_binary, BinaryKind::kEqual},
    {"eq", "x1:self x2:other", translate_binary, BinaryKind::kEqual},
    {"not_equal", kOperands, translate_not_equal},
    {"ne", "x1:self x2:other", translate_not_equal},
    {"greater", kOperands, translate_binary, BinaryKind::kGreater},
    {"greater_equal", kOperands, translate_binary, BinaryKind::kGreaterEqual},
    {"less", kOperands, translate_binary, BinaryKind::kLess},
    {"less_equal", kOperands, translate_binary, BinaryKind::kLessEqual},
    {"logical_and", kOperands, translate_logic, BinaryKind::kAnd},
    {"logical_or", kOperands, translate_logic, BinaryKind::kOr},
    {"logical_xor", kOperands, translate_logic, BinaryKind::kXor},
    {"logical_not", "x", translate_logical_not},
    {"add_n", "xs:inputs", translate_add_n},

    {"abs", "x", translate_unary, UnaryKind::kAbs},
    {"negative", "x", translate_unary, UnaryKind::kNegate},
    {"sign", "x", translate_unary, UnaryKind::kSign},
    {"square", "x", translate_unary, UnaryKind::kSquare},
    {"sqrt", "x", translate_real_unary, UnaryKind::kSqrt},
    {"rsqrt", "x", translate_real_unary, UnaryKind::kReciprocalSqrt},
    {"reciprocal", "x", translate_real_unary, UnaryKind::kReciprocal},
    {"exp", "x", translate_activation_operation, ActivationOp{kExp}},
    {"expm1", "x", translate_expm1},
    {"log", "x", translate_real_unary, UnaryKind::kLog},
    {"log1p", "x", translate_log1p},
    {"erf", "x", translate_real_unary, UnaryKind::kErf},
    {"floor", "x", translate_real_unary, UnaryKind::kFloor},
    {"ceil", "x", translate_real_unary, UnaryKind::kCeil},
    {"round", "x", translate_round},
    {"rint", "x", translate_round},
    {"sin", "x", translate_real_unary, UnaryKind::kSin},
    {"cos", "x", translate_real_unary, UnaryKind::kCos},
    {"tan", "x", translate_real_unary, UnaryKind::kTan},
    {"asin", "x", translate_real_unary, UnaryKind::kAsin},
    {"acos", "x", translate_real_unary, UnaryKind::kAcos},
    {"atan", "x", translate_real_unary, UnaryKind::kAtan},
    {"sinh", "x", translate_real_unary, UnaryKind::kSinh},
    {"cosh", "x", translate_real_unary, UnaryKind::kCosh},
    {"asinh", "x", translate_real_unary, UnaryKind::kAsinh},
    {"acosh", "x", translate_real_unary, UnaryKind::kAcosh},
    {"atanh", "x", translate_real_unary, UnaryKind::kAtanh},
    {"is_nan", "x", translate_real_unary, UnaryKind::kIsNan},
    {"is_inf", "x", translate_real_unary, UnaryKind::kIsInf},
    {"is_finite", "x", translate_is_finite},
    {"where", "condition x1:x x2:y", translate_where},
    {"clip_by_value", "x:t x_min:clip_value_min x_max:clip_value_max", translate_clip},
    {"cast", "x dtype", translate_cast},
    {"identity", "x:input", translate_same},
    {"stop_gradient", "x:input", translate_same},
    {"ensure_shape", "x shape", translate_ensure_shape},

    {"relu", kOfOne, translate_activation_operation, ActivationOp{kClip, 0.0f, kInfinity}},
    {"relu6", kOfOne, translate_activation_operation, ActivationOp{kClip, 0.0f, 6.0f}},
    {"leaky_relu", "x:features alpha", translate_leaky_relu_operation},
    {"elu", "x:features", translate_elu_operation, ActivationOp{kElu, 1.0f}},
    {"selu", kOfOne, translate_activation_operation, ActivationOp{kSelu}},
    {"gelu", "x:features approximate", translate_gelu_operation},
    {"sigmoid", kOfOne, translate_activation_operation, ActivationOp{kSigmoid}},
    {"log_sigmoid", kOfOne, translate_log_sigmoid},
    {"silu", "x:features beta", translate_silu_operation},
    {"swish", "x:features beta", translate_silu_operation},
    {"tanh", kOfOne, translate_activation_operation, ActivationOp{kTanh}},
    {"softplus", kOfOne, translate_activation_operation, ActivationOp{kSoftplus}},
    {"softsign", kOfOne, translate_activation_operation, ActivationOp{kSoftsign}},
    {"softmax", "x:logits axis:dim", translate_softmax_operation, false},
    {"log_softmax", "x:logits axis:dim", translate_softmax_operation, true},
    {"l2_normalize", "x axis:dim epsilon", translate_l2_normalize},
    {"bias_add", "x:value bias data_format", translate_bias_add},
    {"one_hot", "x:indices num_classes:depth axis dtype", translate_one_hot},

    {"reduce_mean", kAxes, translate_reduce, ReduceKind::kMean},
    {"reduce_sum", kAxes, translate_reduce, ReduceKind::kSum},
    {"reduce_max", kAxes, translate_reduce, ReduceKind::kMax},
    {"reduce_min", kAxes, translate_reduce, ReduceKind::kMin},
    {"reduce_prod", kAxes, translate_reduce, ReduceKind::kProduct},
    {"reduce_logsumexp", kAxes, translate_reduce, ReduceKind::kLogSumExp},
    {"reduce_euclidean_norm", kAxes, translate_reduce, ReduceKind::kL2},
    {"reduce_variance", kAxes, translate_variance, false},
    {"reduce_std", kAxes, translate_variance, true},
    {"reduce_any", kAxes, translate_any_all, false},
    {"reduce_all", kAxes, translate_any_all, true},
    {"moments", "x axis:axes shift keepdims:keep_dims", translate_moments},
    {"argmax", "x:input axis:dimension output_type", translate_arg_reduce, false},
    {"argmin", "x:input axis:dimension output_type", translate_arg_reduce, true},
    {"norm", "x:tensor ord axis keepdims:keep_dims", translate_norm},
    {"cumsum", "x axis exclusive reverse", translate_cumsum},

    {"reshape", "x:tensor shape", translate_reshape_operation},
    {"transpose", "x:a axes:perm", translate_transpose_operation},
    {"squeeze", "x:input axis:squeeze_dims", translate_squeeze},
    {"expand_dims", "x:input axis:dim", translate_expand_dims},
    {"broadcast_to", "x:input shape", translate_broadcast_to},
    {"tile", "x:input repeats:multiples", translate_tile},
    {"repeat", "x:input repeats axis", translate_repeat},
    {"pad", "x:tensor pad_width:paddings mode constant_values", translate_pad_operation},
    {"reverse", "x:tensor axis", translate_flip},
    {"roll", "x:input shift axis", translate_roll},
    {"shape", "x:input out_type", translate_shape_of},
    {"zeros_like", "x:input:tensor dtype optimize", translate_filled_like, false},
    {"ones_like", "x:input:tensor dtype optimize", translate_filled_like, true},
    {"concat", "xs:values axis", translate_concatenate_operation},
    {"stack", "xs:values axis", translate_stack},
    {"unstack", "x:value num axis", translate_unstack},
    {"split", "x:value parts:num_or_size_splits axis:split_dim num", translate_split},
    {"gather", "x:params indices validate_indices axis batch_dims", translate_take},
    {"getitem", "x:tensor key:slice_spec", translate_get_item},
    {"slice", "x:input_ begin size", translate_slice},
    {"strided_slice",
     "x:input_ begin end strides begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask",
     translate_strided_slice},

    {"matmul", "x1:a x2:b transpose_a transpose_b", translate_matmul},
    {"tensordot", "x1:a x2:b axes", translate_tensordot},
    {"einsum", "subscripts:equation", translate_einsum},

    {"image.resize", "x:images size interpolation:method preserve_aspect_ratio antialias",
     translate_resize_operation},
    {"image.rgb_to_grayscale", "x:images", translate_rgb_to_grayscale},
    {"max_pool", kPooled, translate_pool_operation, true},
    {"max_pool1d", kPooled, translate_pool_operation, true},
    {"max_pool2d", kPooled, translate_pool_operation, true},
    {"avg_pool", kPooled, translate_pool_operation, false},
    {"avg_pool1d", kPooled, translate_pool_operation, false},
    {"avg_pool2d", kPooled, translate_pool_operation, false},
    {"depth_to_space", "x:input block_size data_format", translate_depth_to_space},
    {"space_to_depth", "x:input block_size data_format", translate_space_to_depth},
};

}  // namespace

std::span<const OperationRow> tensorflow_operation_rows() { return kFunctions; }

std::string_view function_without_module(std::string_view function) {
  std::string_view name = function;
  const bool first_version = name.starts_with("compat.v1.");
  if (first_version) name.remove_prefix(std::string_view("compat.v1.").size());
  for (const std::string_view module : {"__operators__.", "math.", "nn.", "linalg.", "manip.",
                                        "keras.activations.", "keras.backend."}) {
    if (name.starts_with(module)) {
      name.remove_prefix(module.size());
      break;
    }
  }
  // Images are resized otherwise there.
  return first_version && name.starts_with("image.") ? function : name;
}

}  // namespace tinysplit::keras
