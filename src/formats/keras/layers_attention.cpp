// Layers that look up and weigh: Embedding and attention.
#include <algorithm>
#include <cmath>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

// Added to scores that must not count: their exponential is exactly zero, as in Keras.
constexpr float kNever = -1e9f;

Result<ValueId> scaled(LayerContext& context, ValueId x, float factor) {
  return context.add(ActivationOp{ActivationKind::kLinear, factor, 0.0f}, {x});
}

// [1,T,S]: zero where step t may look at step s <= t.
Result<ValueId> add_causal_mask(LayerContext& context, ValueId scores) {
  const Shape shape = context.shape(scores);
  const std::int64_t rows = shape[shape.rank() - 2];
  const std::int64_t columns = shape[shape.rank() - 1];
  TINYSPLIT_RETURN_IF_ERROR(context.spend_constants(rows * columns));
  Tensor mask(DType::kFloat32, Shape{1, rows, columns});
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = row + 1; column < columns; ++column) {
      mask.as<float>()[static_cast<std::size_t>(row * columns + column)] = kNever;
    }
  }
  const ValueId mask_id = context.constant(std::move(mask));
  return context.add(BinaryOp{BinaryKind::kAdd}, {scores, mask_id});
}

Result<bool> asks_for(LayerContext& context, const std::string& argument) {
  const std::optional<Json> json = context.take_argument(argument);
  if (!json) return false;
  if (const std::optional<bool> truth = truth_of(*json)) return *truth;
  return unimplemented("its argument " + argument + " = " + brief(*json) + " is not supported");
}

// Weights of scores; both are [...,T,S].
Result<ValueId> add_weights_of(LayerContext& context, ValueId scores) {
  TINYSPLIT_ASSIGN_OR_RETURN(const bool causal, asks_for(context, "use_causal_mask"));
  if (causal) {
    TINYSPLIT_ASSIGN_OR_RETURN(scores, add_causal_mask(context, scores));
  }
  return context.add(SoftmaxOp{context.shape(scores).rank() - 1}, {scores});
}

// Query, value and key of a layer that takes them; the value serves as key where there is none.
struct Attended {
  ValueId query = -1;
  ValueId value = -1;
  ValueId key = -1;
};

Result<Attended> parse_attended(LayerContext& context) {
  std::vector<ValueId> inputs = context.inputs;
  for (const char* name : {"value", "key"}) {
    const std::vector<ValueId> named = context.take_named(name);
    inputs.insert(inputs.end(), named.begin(), named.end());
  }
  if (inputs.size() != 2 && inputs.size() != 3) {
    return invalid_argument("it is called on " + std::to_string(inputs.size()) +
                            " tensors, it takes a query, a value and perhaps a key");
  }
  for (const ValueId input : inputs) {
    if (context.value(input).dtype != DType::kFloat32 || context.shape(input).rank() != 3) {
      return unimplemented("its input " + context.shape(input).to_string() +
                           " is not supported, only float32 [N,T,F]");
    }
  }
  return Attended{inputs[0], inputs[1], inputs.back()};
}

struct Heads {
  std::int64_t count = 0;
  std::int64_t size = 0;
  bool use_bias = true;
};

// A projection to [N,heads,T,size].
Result<ValueId> project(LayerContext& context, ValueId x, const Heads& heads, const char* what) {
  const Shape in = context.shape(x);
  const std::int64_t width = heads.count * heads.size;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ValueId kernel,
      context.weight(Shape{in[2], heads.count, heads.size}, what, Shape{in[2], width}));
  std::vector<ValueId> operands{x, kernel};
  if (heads.use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias,
                               context.weight(Shape{heads.count, heads.size}, what, Shape{width}));
    operands.push_back(bias);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(DenseOp{}, operands));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId split,
                             context.reshape_dims(y, {in[0], in[1], heads.count, heads.size}));
  return context.add(TransposeOp{{0, 2, 1, 3}}, {split});
}

// Back from [N,heads,T,size] to [N,T,features].
Result<ValueId> join_heads(LayerContext& context, ValueId x, const Heads& heads,
                           std::int64_t features) {
  const Shape in = context.shape(x);
  const std::int64_t width = heads.count * heads.size;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId turned, context.add(TransposeOp{{0, 2, 1, 3}}, {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId joined,
                             context.reshape_dims(turned, {in[0], in[2], width}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.weight(Shape{heads.count, heads.size, features},
                                            "output kernel", Shape{width, features}));
  std::vector<ValueId> operands{joined, kernel};
  if (heads.use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.weight(Shape{features}, "output bias"));
    operands.push_back(bias);
  }
  return context.add(DenseOp{}, operands);
}

// Attention over the steps alone, which is axis 1 of [N,T,F].
Status check_attention(const LayerOptions& options) {
  for (const char* key : {"use_gate", "sliding_window", "quantization_config"}) {
    if (!options.at(key).is_null() && options.at(key) != false) return options.unsupported(key);
  }
  if (options.at("attention_axes").is_null()) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(const auto axes, options.integers("attention_axes", -3, 2));
  return axes == std::vector<std::int64_t>{1} ? ok_status() : options.unsupported("attention_axes");
}

}  // namespace

Result<ValueId> translate_embedding(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.single_input());
  for (const char* key : {"quantization_config", "lora_rank"}) {
    if (!options.at(key).is_null()) return options.unsupported(key);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t rows,
                             options.integer("input_dim", 1, limits::kMaxElements));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t width,
                             options.integer("output_dim", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId table, context.weight(Shape{rows, width}, "embeddings"));
  const DType dtype = context.value(x).dtype;
  if (dtype != DType::kInt32 && dtype != DType::kInt64) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(CastOp{DType::kInt32}, {x}));
  }
  return context.add(GatherOp{0}, {table, x});
}

Result<ValueId> translate_multi_head_attention(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_RETURN_IF_ERROR(check_attention(options));
  TINYSPLIT_ASSIGN_OR_RETURN(const Attended attended, parse_attended(context));
  Heads heads;
  TINYSPLIT_ASSIGN_OR_RETURN(heads.count,
                             options.integer("num_heads", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(heads.size, options.integer("key_dim", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(heads.use_bias, options.flag("use_bias", true));
  Heads value_heads = heads;
  TINYSPLIT_ASSIGN_OR_RETURN(value_heads.size,
                             options.integer("value_dim", 1, LayerOptions::kMaxOption, heads.size));
  std::int64_t features = context.shape(attended.query)[2];
  if (!options.at("output_shape").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto wanted,
                               options.integers("output_shape", 1, LayerOptions::kMaxOption));
    if (wanted.size() != 1) return options.unsupported("output_shape");
    features = wanted.front();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId query, project(context, attended.query, heads, "query"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId key, project(context, attended.key, heads, "key"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value,
                             project(context, attended.value, value_heads, "value"));
  const float factor = 1.0f / std::sqrt(static_cast<float>(heads.size));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId small, scaled(context, query, factor));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId scores,
                             context.add(MatmulOp{false, true}, {small, key}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId weights, add_weights_of(context, scores));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId mixed, context.add(MatmulOp{}, {weights, value}));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool show_scores, asks_for(context, "return_attention_scores"));
  if (show_scores) context.more_outputs.push_back(weights);
  return join_heads(context, mixed, value_heads, features);
}

Result<ValueId> translate_attention(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_RETURN_IF_ERROR(options.word("score_mode", {"dot"}, "dot").status());
  TINYSPLIT_ASSIGN_OR_RETURN(const bool use_scale, options.flag("use_scale", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const Attended attended, parse_attended(context));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId scores,
                             context.add(MatmulOp{false, true}, {attended.query, attended.key}));
  if (use_scale) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto scale, context.weights.take(Shape{}, "scale"));
    TINYSPLIT_ASSIGN_OR_RETURN(scores, scaled(context, scores, scale->as<float>()[0]));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId weights, add_weights_of(context, scores));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool show_scores, asks_for(context, "return_attention_scores"));
  if (show_scores) context.more_outputs.push_back(weights);
  return context.add(MatmulOp{}, {weights, attended.value});
}

}  // namespace tinysplit::keras
