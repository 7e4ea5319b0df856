#pragma once

#include "formats/keras/layer_context.h"

namespace tinysplit::keras {

// layers_convolution.cpp
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
Result<ValueId> translate_batch_normalization(LayerContext& context);
Result<ValueId> translate_normalization(LayerContext& context);
Result<ValueId> translate_rescaling(LayerContext& context);

// layers_pooling.cpp
Result<ValueId> translate_max_pooling2d(LayerContext& context);
Result<ValueId> translate_average_pooling2d(LayerContext& context);
Result<ValueId> translate_global_max_pooling2d(LayerContext& context);
Result<ValueId> translate_global_average_pooling2d(LayerContext& context);

// layers_shape.cpp
Result<ValueId> translate_zero_padding2d(LayerContext& context);
Result<ValueId> translate_cropping2d(LayerContext& context);
Result<ValueId> translate_up_sampling2d(LayerContext& context);
Result<ValueId> translate_flatten(LayerContext& context);
Result<ValueId> translate_reshape(LayerContext& context);
Result<ValueId> translate_permute(LayerContext& context);
Result<ValueId> translate_identity(LayerContext& context);  // does nothing but while training

// layers_merge.cpp
Result<ValueId> translate_add(LayerContext& context);
Result<ValueId> translate_subtract(LayerContext& context);
Result<ValueId> translate_multiply(LayerContext& context);
Result<ValueId> translate_average(LayerContext& context);
Result<ValueId> translate_maximum(LayerContext& context);
Result<ValueId> translate_minimum(LayerContext& context);
Result<ValueId> translate_concatenate(LayerContext& context);

}  // namespace tinysplit::keras
