#pragma once

#include "formats/tflite/operator_context.h"

// The translators of all supported operators; operator_table.cpp names them.
namespace tinysplit::tflite {

Status translate_convolution(OperatorContext& context);
Status translate_depthwise_convolution(OperatorContext& context);
Status translate_transposed_convolution(OperatorContext& context);
Status translate_fully_connected(OperatorContext& context);
Status translate_batch_matmul(OperatorContext& context);

Status translate_pool(OperatorContext& context);
Status translate_resize_bilinear(OperatorContext& context);
Status translate_resize_nearest(OperatorContext& context);

Status translate_activation(OperatorContext& context);
Status translate_leaky_relu(OperatorContext& context);
Status translate_prelu(OperatorContext& context);
Status translate_softmax(OperatorContext& context);
Status translate_l2_normalization(OperatorContext& context);

Status translate_unary(OperatorContext& context);
Status translate_binary(OperatorContext& context);
Status translate_not_equal(OperatorContext& context);
Status translate_select(OperatorContext& context);
Status translate_cast(OperatorContext& context);
Status translate_quantize(OperatorContext& context);
Status translate_dequantize(OperatorContext& context);

Status translate_reduction(OperatorContext& context);
Status translate_arg_reduction(OperatorContext& context);
Status translate_cumulative_sum(OperatorContext& context);

Status translate_reshape(OperatorContext& context);
Status translate_squeeze(OperatorContext& context);
Status translate_expand_dims(OperatorContext& context);
Status translate_shape(OperatorContext& context);
Status translate_concatenation(OperatorContext& context);
Status translate_pack(OperatorContext& context);
Status translate_fill(OperatorContext& context);

Status translate_transpose(OperatorContext& context);
Status translate_pad(OperatorContext& context);
Status translate_mirror_pad(OperatorContext& context);
Status translate_tile(OperatorContext& context);
Status translate_broadcast_to(OperatorContext& context);
Status translate_space_to_depth(OperatorContext& context);
Status translate_depth_to_space(OperatorContext& context);
Status translate_space_to_batch(OperatorContext& context);
Status translate_batch_to_space(OperatorContext& context);

Status translate_strided_slice(OperatorContext& context);
Status translate_slice(OperatorContext& context);
Status translate_split(OperatorContext& context);
Status translate_unpack(OperatorContext& context);
Status translate_gather(OperatorContext& context);
Status translate_embedding_lookup(OperatorContext& context);
Status translate_gather_nd(OperatorContext& context);
Status translate_reverse(OperatorContext& context);

Status translate_svdf(OperatorContext& context);
Status translate_sequence_lstm(OperatorContext& context);

// operators_custom.cpp, operators_detection.cpp, operators_spectrum.cpp
Status translate_transposed_with_bias(OperatorContext& context);
Status translate_detection(OperatorContext& context);
Status translate_rfft2d(OperatorContext& context);
Status translate_complex_part(OperatorContext& context);
Status translate_complex_abs(OperatorContext& context);

// operators_control.cpp
Status translate_while(OperatorContext& context);
Status translate_if(OperatorContext& context);
Status translate_call_once(OperatorContext& context);
Status translate_variable_handle(OperatorContext& context);
Status translate_read_variable(OperatorContext& context);
Status translate_assign_variable(OperatorContext& context);

}  // namespace tinysplit::tflite
