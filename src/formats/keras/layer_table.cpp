#include <map>

#include "formats/keras/layers.h"

namespace tinysplit::keras {

Translator find_translator(std::string_view class_name) {
  static const std::map<std::string_view, Translator> kTranslators = {
      {"Conv2D", translate_conv2d},
      {"DepthwiseConv2D", translate_depthwise_conv2d},
      {"SeparableConv2D", translate_separable_conv2d},
      {"Conv2DTranspose", translate_conv2d_transpose},
      {"Dense", translate_dense},
      {"Activation", translate_activation},
      {"ReLU", translate_relu},
      {"LeakyReLU", translate_leaky_relu},
      {"ELU", translate_elu},
      {"PReLU", translate_prelu},
      {"Softmax", translate_softmax},
      {"BatchNormalization", translate_batch_normalization},
      {"Normalization", translate_normalization},
      {"Rescaling", translate_rescaling},
      {"MaxPooling2D", translate_max_pooling2d},
      {"AveragePooling2D", translate_average_pooling2d},
      {"GlobalMaxPooling2D", translate_global_max_pooling2d},
      {"GlobalAveragePooling2D", translate_global_average_pooling2d},
      {"ZeroPadding2D", translate_zero_padding2d},
      {"Cropping2D", translate_cropping2d},
      {"UpSampling2D", translate_up_sampling2d},
      {"Flatten", translate_flatten},
      {"Reshape", translate_reshape},
      {"Permute", translate_permute},
      {"Add", translate_add},
      {"Subtract", translate_subtract},
      {"Multiply", translate_multiply},
      {"Average", translate_average},
      {"Maximum", translate_maximum},
      {"Minimum", translate_minimum},
      {"Concatenate", translate_concatenate},
      {"Conv1D", translate_conv1d},
      {"Conv3D", translate_conv3d},
      {"DepthwiseConv1D", translate_depthwise_conv1d},
      {"SeparableConv1D", translate_separable_conv1d},
      {"Conv1DTranspose", translate_conv1d_transpose},
      {"LayerNormalization", translate_layer_normalization},
      {"RMSNormalization", translate_rms_normalization},
      {"GroupNormalization", translate_group_normalization},
      {"UnitNormalization", translate_unit_normalization},
      {"MaxPooling1D", translate_max_pooling1d},
      {"AveragePooling1D", translate_average_pooling1d},
      {"GlobalMaxPooling1D", translate_global_max_pooling1d},
      {"GlobalAveragePooling1D", translate_global_average_pooling1d},
      {"ZeroPadding1D", translate_zero_padding1d},
      {"Cropping1D", translate_cropping1d},
      {"UpSampling1D", translate_up_sampling1d},
      {"MaxPooling3D", translate_max_pooling3d},
      {"AveragePooling3D", translate_average_pooling3d},
      {"GlobalMaxPooling3D", translate_global_max_pooling3d},
      {"GlobalAveragePooling3D", translate_global_average_pooling3d},
      {"ZeroPadding3D", translate_zero_padding3d},
      {"Cropping3D", translate_cropping3d},
      {"UpSampling3D", translate_up_sampling3d},
      {"RepeatVector", translate_repeat_vector},
      {"LSTM", translate_lstm},
      {"GRU", translate_gru},
      {"SimpleRNN", translate_simple_rnn},
      {"Bidirectional", translate_bidirectional},
      {"Embedding", translate_embedding},
      {"MultiHeadAttention", translate_multi_head_attention},
      {"Attention", translate_attention},
      {"Dot", translate_dot},
      {"TFOpLambda", translate_tf_op_lambda},
      {"Identity", translate_identity},
      // These do something only while training.
      {"Dropout", translate_identity},
      {"SpatialDropout1D", translate_identity},
      {"SpatialDropout2D", translate_identity},
      {"SpatialDropout3D", translate_identity},
      {"AlphaDropout", translate_identity},
      {"GaussianDropout", translate_identity},
      {"GaussianNoise", translate_identity},
      {"ActivityRegularization", translate_identity},
      {"RandomFlip", translate_identity},
      {"RandomRotation", translate_identity},
      {"RandomZoom", translate_identity},
      {"RandomTranslation", translate_identity},
      {"RandomContrast", translate_identity},
      {"RandomBrightness", translate_identity},
  };
  const auto found = kTranslators.find(class_name);
  return found == kTranslators.end() ? nullptr : found->second;
}

Translator find_operation(std::string_view class_name) {
  static const std::map<std::string_view, Translator> kTranslators = {
      {"Add", translate_add_operation},           {"Subtract", translate_subtract_operation},
      {"Multiply", translate_multiply_operation}, {"Divide", translate_divide_operation},
      {"TrueDivide", translate_divide_operation},
  };
  const auto found = kTranslators.find(class_name);
  return found == kTranslators.end() ? nullptr : found->second;
}

}  // namespace tinysplit::keras
