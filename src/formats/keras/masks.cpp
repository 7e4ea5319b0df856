#include "formats/keras/masks.h"

#include <algorithm>
#include <string_view>

#include "formats/keras/layer_context.h"
#include "formats/keras/layer_table.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {
namespace {

constexpr std::string_view kSupportsMasks[] = {"LSTM", "GRU", "SimpleRNN", "Bidirectional",
                                               "GlobalAveragePooling1D"};

constexpr std::string_view kUsesMasks[] = {"Softmax", "Attention", "MultiHeadAttention"};

// Those of Keras 3 that choose between their inputs by the masks.
constexpr std::string_view kChoosesByMasks[] = {"Maximum", "Minimum"};

constexpr std::string_view kRecurrent[] = {"LSTM", "GRU", "SimpleRNN", "Bidirectional"};

// Layers that hand the mask of their one input on.
constexpr std::string_view kHandsOn[] = {"Activation",    "ActivityRegularization",
                                         "AlphaDropout",  "BatchNormalization",
                                         "Dense",         "Dropout",
                                         "ELU",           "GaussianDropout",
                                         "GaussianNoise", "Identity",
                                         "LeakyReLU",     "LayerNormalization",
                                         "ReLU",          "SpatialDropout1D",
                                         "PReLU",         "TimeDistributed"};

constexpr std::string_view kDropsMasks[] = {"Conv1D",
                                            "SeparableConv1D",
                                            "DepthwiseConv1D",
                                            "Conv1DTranspose",
                                            "MaxPooling1D",
                                            "AveragePooling1D",
                                            "GlobalMaxPooling1D",
                                            "Flatten",
                                            "Reshape",
                                            "Permute",
                                            "Cropping1D",
                                            "ZeroPadding1D",
                                            "UpSampling1D",
                                            "GlobalAveragePooling1D"};

template <std::size_t Count>
bool is_one_of(const std::string& name, const std::string_view (&list)[Count]) {
  return std::ranges::find(list, name) != std::end(list);
}

bool returns_sequences(const LayerConfig& layer) {
  const Json& inner = member(member(layer.options, "layer"), "config");
  const Json& options = layer.class_name == "Bidirectional" ? inner : layer.options;
  const Json& set = member(options, "return_sequences");
  return set == true || set == 1;
}

Result<ValueId> add_not_equal(LayerContext& context, ValueId x, float number) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId other, context.filled(Shape{1}, number));
  if (context.value(x).dtype != DType::kFloat32) {
    TINYSPLIT_ASSIGN_OR_RETURN(other, context.compute(CastOp{context.value(x).dtype}, {other}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId equal,
                             context.add(BinaryOp{BinaryKind::kEqual}, {x, other}));
  return context.add(UnaryOp{UnaryKind::kNot}, {equal});
}

}  // namespace

Result<ValueId> add_any_other(LayerContext& context, ValueId x, float masked) {
  const int rank = context.shape(x).rank();
  if (rank < 2) return invalid_argument("its input has no features");
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId other, add_not_equal(context, x, masked));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId ones, context.add(CastOp{DType::kFloat32}, {other}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId any,
                             context.add(ReduceOp{ReduceKind::kMax, {rank - 1}, false}, {ones}));
  return context.add(CastOp{DType::kBool}, {any});
}

Result<std::optional<ValueId>> Masks::find(LayerContext& context, ValueId x) {
  const auto found = of_.find(x);
  if (found == of_.end()) return std::optional<ValueId>();
  Source& source = sources_[found->second];
  if (source.made >= 0) return std::optional(source.made);
  if (source.kind == Kind::kJoined) {
    return unimplemented(
        "it would use a mask that is joined of those of several tensors, which is not supported");
  }
  if (source.kind == Kind::kNotZero) {
    TINYSPLIT_ASSIGN_OR_RETURN(source.made, add_not_equal(context, source.input, 0.0f));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(source.made, add_any_other(context, source.input, source.masked));
  }
  return std::optional(source.made);
}

void Masks::carry(const LayerConfig& layer, const std::vector<ValueId>& inputs,
                  const std::vector<ValueId>& outputs) {
  const auto give = [&](std::size_t source) {
    // States of a recurrent layer come without.
    const bool first_only = is_one_of(layer.class_name, kRecurrent);
    for (const ValueId output : outputs) {
      of_.insert_or_assign(output, source);
      if (first_only) return;
    }
  };
  const Json& mask_zero = member(layer.options, "mask_zero");
  const bool embeds = layer.class_name == "Embedding" && (mask_zero == true || mask_zero == 1);
  if (embeds || layer.class_name == "Masking") {
    const Json& masked = member(layer.options, "mask_value");
    sources_.push_back({embeds ? Kind::kNotZero : Kind::kAnyOther, inputs.front(),
                        masked.is_number() ? masked.get<float>() : 0.0f, -1});
    return give(sources_.size() - 1);
  }
  const auto masked = std::ranges::find_if(inputs, [&](ValueId x) { return is_masked(x); });
  if (masked == inputs.end() || layer.is_operation() || layer.is_function() ||
      is_one_of(layer.class_name, kDropsMasks)) {
    return;
  }
  if (is_one_of(layer.class_name, kRecurrent)) {
    if (returns_sequences(layer)) give(of_.at(*masked));
    return;
  }
  if (is_one_of(layer.class_name, kHandsOn)) return give(of_.at(*masked));
  sources_.push_back({});
  give(sources_.size() - 1);
}

Status check_inputs_of(const LayerConfig& layer, const LayerContext& context, const Masks& masks) {
  // What wraps another hands each step's mask to it.
  const std::string& user = layer.wrapped ? layer.wrapped->class_name : layer.class_name;
  const bool chooses = context.keras_major == 3 && is_one_of(user, kChoosesByMasks);
  const bool refused = is_one_of(user, kUsesMasks) || chooses ||
                       (layer.wrapped && (is_one_of(user, kSupportsMasks) || layer.wrapped->model));
  for (const ValueId input : context.inputs) {
    const DType dtype = context.value(input).dtype;
    if (!takes(layer.class_name, dtype)) {
      return unimplemented("its input has dtype " + std::string(dtype_name(dtype)) +
                           ", only float32 is supported");
    }
    if (masks.is_masked(input) && refused) {
      return unimplemented(
          "it would use the mask of a Masking layer, or of an Embedding with option mask_zero = "
          "true, which is not supported");
    }
  }
  return ok_status();
}

}  // namespace tinysplit::keras
