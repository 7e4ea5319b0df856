#pragma once

#include "formats/keras/layer_context.h"

namespace tinysplit::keras {

// layers_convolution.cpp
Result<ValueId> translate_conv1d(LayerContext& context);
Result<ValueId> translate_conv3d(LayerContext& context);
Result<ValueId> translate_depthwise_conv1d(LayerContext& context);
Result<ValueId> translate_separable_conv1d(LayerContext& context);
Result<ValueId> translate_conv1d_transpose(LayerContext& context);
Result<ValueId> translate_conv2d(LayerContext& context);
Result<ValueId> translate_depthwise_conv2d(LayerContext& context);
Result<ValueId> translate_separable_conv2d(LayerContext& context);
Result<ValueId> translate_conv2d_transpose(LayerContext& context);
Result<ValueId> translate_dense(LayerContext& context);

// layers_activation.cpp
Result<ValueId> translate_activation(LayerContext& context);
Result<ValueId> translate_relu(LayerContext& context);
Result<ValueId> translate_leaky_relu(LayerContext& context);
Result<ValueId> translate_elu(LayerContext& context);
Result<ValueId> translate_prelu(LayerContext& context);
Result<ValueId> translate_softmax(LayerContext& context);

// layers_normalization.cpp
Result<ValueId> translate_layer_normalization(LayerContext& context);
Result<ValueId> translate_rms_normalization(LayerContext& context);
Result<ValueId> translate_group_normalization(LayerContext& context);
Result<ValueId> translate_unit_normalization(LayerContext& context);
Result<ValueId> translate_batch_normalization(LayerContext& context);
Result<ValueId> translate_normalization(LayerContext& context);
Result<ValueId> translate_rescaling(LayerContext& context);

// layers_pooling.cpp
Result<ValueId> translate_max_pooling1d(LayerContext& context);
Result<ValueId> translate_max_pooling3d(LayerContext& context);
Result<ValueId> translate_average_pooling1d(LayerContext& context);
Result<ValueId> translate_average_pooling3d(LayerContext& context);
Result<ValueId> translate_global_max_pooling1d(LayerContext& context);
Result<ValueId> translate_global_max_pooling3d(LayerContext& context);
Result<ValueId> translate_global_average_pooling1d(LayerContext& context);
Result<ValueId> translate_global_average_pooling3d(LayerContext& context);
Result<ValueId> translate_max_pooling2d(LayerContext& context);
Result<ValueId> translate_average_pooling2d(LayerContext& context);
Result<ValueId> translate_global_max_pooling2d(LayerContext& context);
Result<ValueId> translate_global_average_pooling2d(LayerContext& context);

// layers_shape.cpp
Result<ValueId> translate_zero_padding1d(LayerContext& context);
Result<ValueId> translate_zero_padding3d(LayerContext& context);
Result<ValueId> translate_cropping1d(LayerContext& context);
Result<ValueId> translate_cropping3d(LayerContext& context);
Result<ValueId> translate_up_sampling1d(LayerContext& context);
Result<ValueId> translate_up_sampling3d(LayerContext& context);
Result<ValueId> translate_repeat_vector(LayerContext& context);
Result<ValueId> translate_zero_padding2d(LayerContext& context);
Result<ValueId> translate_cropping2d(LayerContext& context);
Result<ValueId> translate_up_sampling2d(LayerContext& context);
Result<ValueId> translate_flatten(LayerContext& context);
Result<ValueId> translate_reshape(LayerContext& context);
Result<ValueId> translate_permute(LayerContext& context);
Result<ValueId> translate_identity(LayerContext& context);  // does nothing but while training

// layers_recurrent.cpp
Result<ValueId> translate_lstm(LayerContext& context);
Result<ValueId> translate_gru(LayerContext& context);
Result<ValueId> translate_simple_rnn(LayerContext& context);
Result<ValueId> translate_bidirectional(LayerContext& context);

// layers_attention.cpp
Result<ValueId> translate_embedding(LayerContext& context);
Result<ValueId> translate_multi_head_attention(LayerContext& context);
Result<ValueId> translate_attention(LayerContext& context);

// layers_preprocessing.cpp
Result<ValueId> translate_resizing(LayerContext& context);
Result<ValueId> translate_center_crop(LayerContext& context);
Result<ValueId> translate_random_crop(LayerContext& context);
Result<ValueId> translate_masking(LayerContext& context);

// layers_einsum.cpp
Result<ValueId> translate_einsum_dense(LayerContext& context);

// layers_merge.cpp
Result<ValueId> translate_dot(LayerContext& context);
Result<ValueId> translate_add(LayerContext& context);
Result<ValueId> translate_subtract(LayerContext& context);
Result<ValueId> translate_multiply(LayerContext& context);
Result<ValueId> translate_average(LayerContext& context);
Result<ValueId> translate_maximum(LayerContext& context);
Result<ValueId> translate_minimum(LayerContext& context);
Result<ValueId> translate_concatenate(LayerContext& context);

}  // namespace tinysplit::keras
