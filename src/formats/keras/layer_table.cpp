#include "formats/keras/layer_table.h"

#include <algorithm>

#include "formats/keras/activation.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/layers.h"
#include "formats/keras/operation_table.h"

namespace tinysplit::keras {
namespace {

constexpr TypeSet kReal = kFloat32Only;

constexpr std::string_view kConvolution =
    "strides, dilation_rate, groups, use_bias, any activation; padding valid, same";
constexpr std::string_view kConvolution1d =
    "strides, dilation_rate, groups, use_bias, any activation; padding valid, same, causal";
constexpr std::string_view kDepthwise =
    "strides, dilation_rate, depth_multiplier, use_bias, any activation; padding valid, same";
constexpr std::string_view kDepthwise1d =
    "strides, dilation_rate, depth_multiplier, use_bias, any activation; padding valid, same, "
    "causal";
constexpr std::string_view kTransposed =
    "strides, dilation_rate, output_padding, use_bias, any activation; padding valid, same; one "
    "group";
constexpr std::string_view kPooling = "pool_size, strides; padding valid, same";
constexpr std::string_view kGlobalPooling = "keepdims";
constexpr std::string_view kBorders = "one number, one for each axis, or a pair for each axis";
constexpr std::string_view kSize = "size: one number or one for each axis";
constexpr std::string_view kJoin = "two tensors or more, broadcast";
constexpr std::string_view kStatistics = "axis (one or several, not the batch), epsilon";
constexpr std::string_view kTrainOnly = "does nothing but while training";

constexpr LayerRow kLayers[] = {
    {"Conv1D", translate_conv1d, {kReal, kConvolution1d}},
    {"Conv2D", translate_conv2d, {kReal, kConvolution}},
    {"Conv3D", translate_conv3d, {kReal, kConvolution}},
    {"DepthwiseConv1D", translate_depthwise_conv1d, {kReal, kDepthwise1d}},
    {"DepthwiseConv2D", translate_depthwise_conv2d, {kReal, kDepthwise}},
    {"SeparableConv1D", translate_separable_conv1d, {kReal, kDepthwise1d}},
    {"SeparableConv2D", translate_separable_conv2d, {kReal, kDepthwise}},
    {"Conv1DTranspose", translate_conv1d_transpose, {kReal, kTransposed}},
    {"Conv2DTranspose", translate_conv2d_transpose, {kReal, kTransposed}},
    {"Dense", translate_dense, {kReal, "use_bias, any activation; input of two axes or more"}},

    {"EinsumDense",
     translate_einsum_dense,
     {kReal, "equation of two operands, output_shape, bias_axes, any activation"}},

    {"Activation", translate_activation, {kReal, "one of the activations above"}},
    {"ReLU", translate_relu, {kReal, "max_value, negative_slope, threshold"}},
    {"LeakyReLU", translate_leaky_relu, {kReal, "negative_slope (alpha in Keras 2)"}},
    {"ELU", translate_elu, {kReal, "alpha"}},
    {"PReLU", translate_prelu, {kReal, "shared_axes"}},
    {"Softmax", translate_softmax, {kReal, "axis: one, not the batch; no mask"}},

    {"BatchNormalization",
     translate_batch_normalization,
     {kReal, "axis (one), epsilon, center, scale; no renorm"}},
    {"LayerNormalization",
     translate_layer_normalization,
     {kReal, "axis (one or several, not the batch), epsilon, center, scale; no rms_scaling"}},
    {"RMSNormalization", translate_rms_normalization, {kReal, kStatistics}},
    {"GroupNormalization",
     translate_group_normalization,
     {kReal, "groups, axis (one), epsilon, center, scale"}},
    {"UnitNormalization",
     translate_unit_normalization,
     {kReal, "axis (one or several, not the batch)"}},
    {"Normalization",
     translate_normalization,
     {kEveryNumber, "axis, mean, variance, invert; adapted or given"}},
    {"Resizing",
     translate_resizing,
     {kEveryNumber,
      "height, width, crop_to_aspect_ratio, pad_to_aspect_ratio; interpolation bilinear, nearest"}},
    {"CenterCrop", translate_center_crop, {kEveryNumber, "height, width"}},
    {"Masking", translate_masking, {kReal, "mask_value; the mask as for Embedding"}},
    {"Rescaling", translate_rescaling, {kEveryNumber, "scale, offset: a number, or one a channel"}},

    {"MaxPooling1D", translate_max_pooling1d, {kReal, kPooling}},
    {"MaxPooling2D", translate_max_pooling2d, {kReal, kPooling}},
    {"MaxPooling3D", translate_max_pooling3d, {kReal, kPooling}},
    {"AveragePooling1D", translate_average_pooling1d, {kReal, kPooling}},
    {"AveragePooling2D", translate_average_pooling2d, {kReal, kPooling}},
    {"AveragePooling3D", translate_average_pooling3d, {kReal, kPooling}},
    {"GlobalMaxPooling1D", translate_global_max_pooling1d, {kReal, kGlobalPooling}},
    {"GlobalMaxPooling2D", translate_global_max_pooling2d, {kReal, kGlobalPooling}},
    {"GlobalMaxPooling3D", translate_global_max_pooling3d, {kReal, kGlobalPooling}},
    {"GlobalAveragePooling1D", translate_global_average_pooling1d, {kReal, "keepdims; a mask"}},
    {"GlobalAveragePooling2D", translate_global_average_pooling2d, {kReal, kGlobalPooling}},
    {"GlobalAveragePooling3D", translate_global_average_pooling3d, {kReal, kGlobalPooling}},

    {"ZeroPadding1D", translate_zero_padding1d, {kEveryNumber, kBorders}},
    {"ZeroPadding2D", translate_zero_padding2d, {kEveryNumber, kBorders}},
    {"ZeroPadding3D", translate_zero_padding3d, {kEveryNumber, kBorders}},
    {"Cropping1D", translate_cropping1d, {kEveryNumber, kBorders}},
    {"Cropping2D", translate_cropping2d, {kEveryNumber, kBorders}},
    {"Cropping3D", translate_cropping3d, {kEveryNumber, kBorders}},
    {"UpSampling1D", translate_up_sampling1d, {kReal, kSize}},
    {"UpSampling2D",
     translate_up_sampling2d,
     {kReal, "size: one number or one for each axis; interpolation nearest, bilinear"}},
    {"UpSampling3D", translate_up_sampling3d, {kReal, kSize}},
    {"Flatten", translate_flatten, {kEveryNumber, "any shape"}},
    {"Reshape", translate_reshape, {kEveryNumber, "target_shape, with one -1 or none"}},
    {"Permute", translate_permute, {kEveryNumber, "dims"}},
    {"RepeatVector", translate_repeat_vector, {kEveryNumber, "n"}},

    {"Add", translate_add, {kReal, kJoin}},
    {"Subtract", translate_subtract, {kReal, "two tensors, broadcast"}},
    {"Multiply", translate_multiply, {kReal, kJoin}},
    {"Average", translate_average, {kReal, kJoin}},
    {"Maximum", translate_maximum, {kReal, kJoin}},
    {"Minimum", translate_minimum, {kReal, kJoin}},
    {"Concatenate", translate_concatenate, {kEveryNumber, "axis: any but the batch"}},
    {"Dot", translate_dot, {kReal, "axes: one of each tensor, not the batch; normalize"}},

    {"LSTM",
     translate_lstm,
     {kReal,
      "return_sequences, return_state, go_backwards, use_bias, initial_state, activations element "
      "by element; a mask of up to 2048 steps; not stateful"}},
    {"GRU", translate_gru, {kReal, "as LSTM; reset_after both ways"}},
    {"SimpleRNN", translate_simple_rnn, {kReal, "as LSTM"}},
    {"Bidirectional",
     translate_bidirectional,
     {kReal,
      "of LSTM, GRU or SimpleRNN; merge_mode concat, sum, ave, mul, None; backward_layer; "
      "initial_state"}},
    {"Embedding",
     translate_embedding,
     {kEveryNumber,
      "mask_zero; LSTM, GRU, SimpleRNN, Bidirectional and GlobalAveragePooling1D use the mask, "
      "other "
      "layers that would are refused"}},
    {"MultiHeadAttention",
     translate_multi_head_attention,
     {kReal,
      "num_heads, key_dim, value_dim, use_bias, output_shape of one number; on [N,T,F] over the "
      "steps; use_causal_mask, return_attention_scores; no other mask"}},
    {"Attention",
     translate_attention,
     {kReal,
      "score_mode dot, use_scale, use_causal_mask, return_attention_scores; on [N,T,F]; no other "
      "mask"}},

    {"Identity", translate_identity, {kEveryNumber, "does nothing"}},
    {"Dropout", translate_identity, {kReal, kTrainOnly}},
    {"SpatialDropout1D", translate_identity, {kReal, kTrainOnly}},
    {"SpatialDropout2D", translate_identity, {kReal, kTrainOnly}},
    {"SpatialDropout3D", translate_identity, {kReal, kTrainOnly}},
    {"AlphaDropout", translate_identity, {kReal, kTrainOnly}},
    {"GaussianDropout", translate_identity, {kReal, kTrainOnly}},
    {"GaussianNoise", translate_identity, {kReal, kTrainOnly}},
    {"ActivityRegularization", translate_identity, {kReal, kTrainOnly}},
    {"RandomFlip", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomRotation", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomZoom", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomTranslation", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomContrast", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomBrightness", translate_identity, {kEveryNumber, kTrainOnly}},
    {"AugMix", translate_identity, {kEveryNumber, kTrainOnly}},
    {"CutMix", translate_identity, {kEveryNumber, kTrainOnly}},
    {"MixUp", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandAugment", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomColorDegeneration", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomColorJitter", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomElasticTransform", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomErasing", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomGaussianBlur", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomGrayscale", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomHeight", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomHue", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomInvert", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomPerspective", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomPosterization", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomSaturation", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomSharpness", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomShear", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomWidth", translate_identity, {kEveryNumber, kTrainOnly}},
    {"Solarization", translate_identity, {kEveryNumber, kTrainOnly}},
    {"RandomCrop",
     translate_random_crop,
     {kEveryNumber, "Keras 3 does nothing but while training; Keras 2 resizes the middle"}},
};

// Operations on tensors, which Keras 3 writes as layers of their own.
// Classes that hold others or stand for inputs: model_config.cpp and graph_translation.cpp.
constexpr SupportedOperator kStructure[] = {
    {"InputLayer",
     {kEveryNumber, "sizes left open are stated by --input-shape; not sparse, ragged"}},
    {"Sequential", {kReal, "as the model, or as a layer of one"}},
    {"Functional", {kReal, "as the model, or as a layer of one; several inputs and outputs"}},
    {"Model", {kReal, "Functional as older files name it; not a class of one's own"}},
    {"TFOpLambda", {kEveryNumber, "of Keras 2: the functions of TensorFlow listed above"}},
    {"SlicingOpLambda", {kEveryNumber, "of Keras 2: parts of tensors, as GetItem above"}},
    {"TimeDistributed", {kEveryNumber, "of any layer or model; no mask for it"}},
};

constexpr RefusedNames kRefused[] = {
    {"code of Python in the file, which is never run", "Lambda"},
    {"cells as layers of their own are not supported",
     "GRUCell LSTMCell RNN SimpleRNNCell StackedRNNCells"},
    {"no such layer yet",
     "AdditiveAttention AlphaDropoutV2 Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D "
     "GroupedQueryAttention LocallyConnected1D LocallyConnected2D MaxNumBoundingBoxes "
     "ReversibleEmbedding SeparableConv3D SpectralNormalization STFTSpectrogram"},
    {"preprocessing of text, categories and pictures is left to the application",
     "AutoContrast CategoryEncoding Discretization Equalization HashedCrossing Hashing "
     "IntegerLookup MelSpectrogram Pipeline StringLookup TextVectorization"},
    {"calls code outside of the file", "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper"},
};

}  // namespace

const LayerRow* find_layer(std::string_view class_name) {
  const auto* found = std::ranges::find(kLayers, class_name, &LayerRow::name);
  return found == std::end(kLayers) ? nullptr : found;
}

bool takes(std::string_view class_name, DType type) {
  if (const LayerRow* row = find_layer(class_name)) return row->note.types.contains(type);
  const auto* found = std::ranges::find(kStructure, class_name, &SupportedOperator::name);
  return type == DType::kFloat32 ||
         (found != std::end(kStructure) && found->note.types.contains(type));
}

}  // namespace tinysplit::keras

namespace tinysplit {

OperatorList keras_operators() {
  using namespace keras;  // NOLINT: this function is the door of the table above
  OperatorList list{"keras", "Keras", {}, {}, {}};
  for (const LayerRow& row : kLayers) list.supported.push_back({row.name, row.note});
  list.supported.insert(list.supported.end(), std::begin(kStructure), std::end(kStructure));
  std::ranges::sort(list.supported, {}, &SupportedOperator::name);
  for (const RefusedNames& row : kRefused) append_refused(row, list.refused);
  const auto names_of = [](std::span<const OperationRow> rows) {
    std::string names;
    for (const OperationRow& row : rows) {
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
    return names;
  };
  std::string activations;
  for (const std::string_view name : activation_names()) {
    activations += (activations.empty() ? "" : ", ") + std::string(name);
  }
  list.notes = {
      "Files of Keras 2 and 3, `.keras` and `.h5`. Every layer computes in float32 "
      "(so does a `dtype` of float16, bfloat16, float64 or mixed) on channels last; quantised, "
      "LoRA and sparse layers, "
      "and classes that are not Keras' own are refused.",
      "Activations: " + activations + "; by name, without arguments of their own.",
      "Operations on tensors of Keras 3 (`x * 2 + y`, `x[:, 1:]`, `keras.ops`), within each "
      "sample: " +
          names_of(keras_operation_rows()) + ".",
      "Functions of TensorFlow in models of Keras 2 (`tf.math` and so on), likewise: " +
          names_of(tensorflow_operation_rows()) + "."};
  return list;
}

}  // namespace tinysplit
