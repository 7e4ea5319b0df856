#pragma once

#include <string>
#include <string_view>

#include "formats/onnx/node_context.h"
#include "formats/operator_list.h"

namespace tinysplit::onnx_format {

// An operator that is supported: of the default domain, or "com.microsoft.<name>".
struct OpRow {
  std::string_view name;
  Translator translate;
  OperatorNote note;
};

// The row of a node's operator; null for one that is not supported.
const OpRow* find_op(const ::onnx::NodeProto& node);

// "Conv", or with the domain in front where that is not the default one.
std::string operator_name(const ::onnx::NodeProto& node);

// ops_constant.cpp
Status translate_constant(NodeContext& context);
Status translate_constant_of_shape(NodeContext& context);
Status translate_range(NodeContext& context);
Status translate_eye_like(NodeContext& context);
Status translate_shape(NodeContext& context);
Status translate_size(NodeContext& context);
Status translate_if(NodeContext& context);
// ops_activation.cpp
Status translate_activation(NodeContext& context);
Status translate_clip(NodeContext& context);
Status translate_prelu(NodeContext& context);
Status translate_shrink(NodeContext& context);
Status translate_softmax(NodeContext& context);
// ops_elementwise.cpp
Status translate_unary(NodeContext& context);
Status translate_binary(NodeContext& context);
Status translate_power(NodeContext& context);
Status translate_modulo(NodeContext& context);
Status translate_variadic(NodeContext& context);
Status translate_where(NodeContext& context);
Status translate_cast(NodeContext& context);
Status translate_cast_like(NodeContext& context);
Status translate_identity(NodeContext& context);
Status translate_is_inf(NodeContext& context);
// ops_convolution.cpp
Status translate_conv(NodeContext& context);
Status translate_conv_transpose(NodeContext& context);
// ops_pooling.cpp
Status translate_pool(NodeContext& context);
Status translate_lp_pool(NodeContext& context);
Status translate_global_pool(NodeContext& context);
// ops_normalization.cpp
Status translate_batch_normalization(NodeContext& context);
Status translate_instance_normalization(NodeContext& context);
Status translate_layer_normalization(NodeContext& context);
Status translate_rms_normalization(NodeContext& context);
Status translate_group_normalization(NodeContext& context);
Status translate_lp_normalization(NodeContext& context);
Status translate_mean_variance_normalization(NodeContext& context);
Status translate_lrn(NodeContext& context);
// ops_matrix.cpp
Status translate_gemm(NodeContext& context);
Status translate_matmul(NodeContext& context);
// The product that MatMul defines (as numpy.matmul).
Result<Operand> multiply_matrices(NodeContext& context, Operand a, Operand b);
// ops_reduction.cpp
Status translate_reduce(NodeContext& context);
Status translate_arg_reduce(NodeContext& context);
Status translate_cumulative_sum(NodeContext& context);
// ops_shape.cpp
Status translate_reshape(NodeContext& context);
Status translate_flatten(NodeContext& context);
Status translate_squeeze(NodeContext& context);
Status translate_unsqueeze(NodeContext& context);
Status translate_transpose(NodeContext& context);
Status translate_expand(NodeContext& context);
Status translate_tile(NodeContext& context);
Status translate_depth_to_space(NodeContext& context);
Status translate_space_to_depth(NodeContext& context);
// ops_movement.cpp
Status translate_concat(NodeContext& context);
Status translate_split(NodeContext& context);
Status translate_slice(NodeContext& context);
Status translate_gather(NodeContext& context);
Status translate_pad(NodeContext& context);
Status translate_one_hot(NodeContext& context);
Status translate_trilu(NodeContext& context);
// ops_resize.cpp
Status translate_resize(NodeContext& context);
Status translate_upsample(NodeContext& context);
// ops_qlinear.cpp
Status translate_qlinear(NodeContext& context);
Status translate_qgemm(NodeContext& context);
Status translate_matmul_integer_to_float(NodeContext& context);
Status translate_dynamic_quantize_matmul(NodeContext& context);
// ops_fused.cpp
Status translate_fused_conv(NodeContext& context);
Status translate_fused_gemm(NodeContext& context);
Status translate_fused_matmul(NodeContext& context);
Status translate_gelu_variant(NodeContext& context);
Status translate_skip_normalization(NodeContext& context);
// ops_einsum.cpp
Status translate_einsum(NodeContext& context);
// ops_indexing.cpp
Status translate_gather_elements(NodeContext& context);
Status translate_gather_nd(NodeContext& context);
Status translate_scatter_elements(NodeContext& context);
Status translate_scatter_nd(NodeContext& context);
Status translate_top_k(NodeContext& context);
// ops_recurrent.cpp
Status translate_recurrent(NodeContext& context);
// ops_quantization.cpp
Status translate_quantize_linear(NodeContext& context);
Status translate_dequantize_linear(NodeContext& context);
Status translate_dynamic_quantize_linear(NodeContext& context);
Status translate_qlinear_conv(NodeContext& context);
Status translate_qlinear_matmul(NodeContext& context);
Status translate_conv_integer(NodeContext& context);
Status translate_matmul_integer(NodeContext& context);

}  // namespace tinysplit::onnx_format
