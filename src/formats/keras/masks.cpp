#include "formats/keras/masks.h"

#include <algorithm>
#include <string_view>

#include "formats/keras/layer_table.h"

namespace tinysplit::keras {
namespace {

constexpr std::string_view kUsesMasks[] = {
    "LSTM",    "GRU",       "SimpleRNN",          "Bidirectional",         "TimeDistributed",
    "Softmax", "Attention", "MultiHeadAttention", "GlobalAveragePooling1D"};

constexpr std::string_view kDropsMasks[] = {
    "Conv1D",           "SeparableConv1D",    "DepthwiseConv1D", "Conv1DTranspose", "MaxPooling1D",
    "AveragePooling1D", "GlobalMaxPooling1D", "Flatten",         "Reshape",         "Permute",
    "Cropping1D",       "ZeroPadding1D",      "UpSampling1D"};

template <std::size_t Count>
bool is_one_of(const std::string& name, const std::string_view (&list)[Count]) {
  return std::ranges::find(list, name) != std::end(list);
}

}  // namespace

Status check_inputs_of(const LayerConfig& layer, const LayerContext& context,
                       const std::set<ValueId>& masked) {
  for (const ValueId input : context.inputs) {
    if (input < 0) continue;
    const DType dtype = context.value(input).dtype;
    if (!takes(layer.class_name, dtype)) {
      return unimplemented("its input has dtype " + std::string(dtype_name(dtype)) +
                           ", only float32 is supported");
    }
    if (masked.contains(input) && is_one_of(layer.class_name, kUsesMasks)) {
      return unimplemented(
          "it would use the mask of an Embedding with option mask_zero = true, which is not "
          "supported");
    }
  }
  return ok_status();
}

void carry_mask(const LayerConfig& layer, const std::vector<ValueId>& inputs,
                const std::vector<ValueId>& outputs, std::set<ValueId>& masked) {
  const bool makes_one = layer.class_name == "Embedding" &&
                         truth_of(member(layer.options, "mask_zero")).value_or(false);
  const bool has_one =
      std::ranges::any_of(inputs, [&](ValueId input) { return masked.contains(input); });
  if (!makes_one && (!has_one || is_one_of(layer.class_name, kDropsMasks))) return;
  masked.insert(outputs.begin(), outputs.end());
}

}  // namespace tinysplit::keras
