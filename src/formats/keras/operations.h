#pragma once

#include "formats/keras/operation_context.h"

namespace tinysplit::keras {

// operations_elementwise.cpp
Result<ValueId> translate_binary(OperationContext& context);       // of a BinaryKind
Result<ValueId> translate_true_divide(OperationContext& context);  // of integers too: float32
Result<ValueId> translate_divide_no_nan(OperationContext& context);
Result<ValueId> translate_not_equal(OperationContext& context);
Result<ValueId> translate_logic(OperationContext& context);  // of a BinaryKind
Result<ValueId> translate_logical_not(OperationContext& context);
Result<ValueId> translate_unary(OperationContext& context);       // of a UnaryKind, any number
Result<ValueId> translate_real_unary(OperationContext& context);  // the same, as float32
Result<ValueId> translate_activation_operation(OperationContext& context);  // of an ActivationOp
Result<ValueId> translate_round(OperationContext& context);
Result<ValueId> translate_log1p(OperationContext& context);
Result<ValueId> translate_expm1(OperationContext& context);
Result<ValueId> translate_log2(OperationContext& context);
Result<ValueId> translate_log10(OperationContext& context);
Result<ValueId> translate_is_finite(OperationContext& context);
Result<ValueId> translate_where(OperationContext& context);
Result<ValueId> translate_clip(OperationContext& context);
Result<ValueId> translate_cast(OperationContext& context);
Result<ValueId> translate_same(OperationContext& context);  // the tensor itself
Result<ValueId> translate_ensure_shape(OperationContext& context);
Result<ValueId> translate_add_n(OperationContext& context);

// operations_activation.cpp
Result<ValueId> translate_leaky_relu_operation(OperationContext& context);
Result<ValueId> translate_elu_operation(OperationContext& context);  // of an ActivationOp
Result<ValueId> translate_gelu_operation(OperationContext& context);
Result<ValueId> translate_silu_operation(OperationContext& context);
Result<ValueId> translate_glu(OperationContext& context);
Result<ValueId> translate_log_sigmoid(OperationContext& context);
Result<ValueId> translate_tanh_shrink(OperationContext& context);
Result<ValueId> translate_hard_shrink(OperationContext& context);
Result<ValueId> translate_soft_shrink(OperationContext& context);
Result<ValueId> translate_squareplus(OperationContext& context);
Result<ValueId> translate_threshold(OperationContext& context);
Result<ValueId> translate_softmax_operation(OperationContext& context);  // true: its logarithm
Result<ValueId> translate_normalize_operation(OperationContext& context);
Result<ValueId> translate_l2_normalize(OperationContext& context);
Result<ValueId> translate_bias_add(OperationContext& context);
Result<ValueId> translate_one_hot(OperationContext& context);

// operations_reduction.cpp
Result<ValueId> translate_reduce(OperationContext& context);    // of a ReduceKind
Result<ValueId> translate_variance(OperationContext& context);  // true: its root
Result<ValueId> translate_any_all(OperationContext& context);   // true: all of them
Result<ValueId> translate_count_nonzero(OperationContext& context);
Result<ValueId> translate_arg_reduce(OperationContext& context);  // true: of the smallest
Result<ValueId> translate_norm(OperationContext& context);
Result<ValueId> translate_moments(OperationContext& context);
Result<ValueId> translate_cumsum(OperationContext& context);

// operations_shape.cpp
Result<ValueId> translate_reshape_operation(OperationContext& context);
Result<ValueId> translate_transpose_operation(OperationContext& context);
Result<ValueId> translate_swapaxes(OperationContext& context);
Result<ValueId> translate_moveaxis(OperationContext& context);
Result<ValueId> translate_squeeze(OperationContext& context);
Result<ValueId> translate_expand_dims(OperationContext& context);
Result<ValueId> translate_broadcast_to(OperationContext& context);
Result<ValueId> translate_tile(OperationContext& context);
Result<ValueId> translate_repeat(OperationContext& context);
Result<ValueId> translate_pad_operation(OperationContext& context);
Result<ValueId> translate_flip(OperationContext& context);
Result<ValueId> translate_roll(OperationContext& context);
Result<ValueId> translate_shape_of(OperationContext& context);
Result<ValueId> translate_filled_like(OperationContext& context);  // true: with ones
Result<ValueId> translate_triangle(OperationContext& context);     // true: the upper one

// operations_join.cpp
Result<ValueId> translate_concatenate_operation(OperationContext& context);
Result<ValueId> translate_hstack(OperationContext& context);
Result<ValueId> translate_stack(OperationContext& context);
Result<ValueId> translate_unstack(OperationContext& context);
Result<ValueId> translate_split(OperationContext& context);
Result<ValueId> translate_take(OperationContext& context);

// operations_slicing.cpp
Result<ValueId> translate_get_item(OperationContext& context);
Result<ValueId> translate_slice(OperationContext& context);
Result<ValueId> translate_strided_slice(OperationContext& context);

// operations_product.cpp
Result<ValueId> translate_matmul(OperationContext& context);
Result<ValueId> translate_dot_operation(OperationContext& context);
Result<ValueId> translate_einsum(OperationContext& context);
Result<ValueId> translate_tensordot(OperationContext& context);
Result<ValueId> translate_dot_product_attention(OperationContext& context);

// operations_image.cpp
Result<ValueId> translate_resize_operation(OperationContext& context);
Result<ValueId> translate_pool_operation(OperationContext& context);  // true: the maximum
Result<ValueId> translate_depth_to_space(OperationContext& context);
Result<ValueId> translate_space_to_depth(OperationContext& context);
Result<ValueId> translate_rgb_to_grayscale(OperationContext& context);

}  // namespace tinysplit::keras
