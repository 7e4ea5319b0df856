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
      {"Identity", translate_identity},
      // These do something only while training.
      {"Dropout", translate_identity},
      {"SpatialDropout1D", translate_identity},
      {"SpatialDropout2D", translate_identity},
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

}  // namespace tinysplit::keras
