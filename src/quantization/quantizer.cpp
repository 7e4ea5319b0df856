#include "quantization/quantizer.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/numeric.h"
#include "engine/steps.h"
#include "graph/graph_builder.h"
#include "graph/op_traits.h"
#include "kernels/quantized_values.h"
#include "quantization/stored_weights.h"
#include "quantization/type_plan.h"

namespace tinysplit {
namespace {

using Kind = TreatmentKind;

bool is_same(const ElementType& a, const Quantization& b) {
  return a.quantization->scale == b.scale && a.quantization->zero_point == b.zero_point;
}

// The axis of the filters of a kernel as graph/op.h lays it out; -1 for one scale.
int filter_axis(const Op& op, const Shape& kernel, bool per_channel_dense) {
  if (std::holds_alternative<DenseOp>(op) && !per_channel_dense) return -1;
  return kernel.rank() - (std::holds_alternative<ConvTranspose2dOp>(op) ? 2 : 1);
}

class Quantizer {
 public:
  Quantizer(const Graph& folded, TypePlan plan, const QuantizationOptions& options)
      : folded_(folded),
        plan_(std::move(plan)),
        options_(options),
        builder_(folded.name(), ""),
        stored_(folded.values().size(), -1),
        plain_(folded.values().size(), -1) {
    for (const Value& value : folded.values()) names_.insert(value.name);
    for (const Layer& layer : folded.layers()) layer_names_.insert(layer.name);
  }

  Result<QuantizedModel> run(std::shared_ptr<const Graph> folded) {
    TINYSPLIT_RETURN_IF_ERROR(add_inputs());
    for (std::size_t i = 0; i < folded_.layers().size(); ++i) {
      TINYSPLIT_RETURN_IF_ERROR(add_layer(folded_.layers()[i], plan_.treatments[i]));
    }
    for (const ValueId output : folded_.outputs()) {
      const bool stays_stored = options_.int8_outputs && stored(output) >= 0;
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made,
                                 stays_stored ? Result<ValueId>(stored(output)) : in_float(output));
      TINYSPLIT_RETURN_IF_ERROR(builder_.add_output(made));
    }
    model_.folded = std::move(folded);
    TINYSPLIT_ASSIGN_OR_RETURN(model_.graph, builder_.build());
    return std::move(model_);
  }

 private:
  ValueId& stored(ValueId id) { return stored_[usize(id)]; }
  ValueId& plain(ValueId id) { return plain_[usize(id)]; }
  const Value& source(ValueId id) const { return folded_.value(id); }
  const ElementType& type_of(ValueId id) const { return *plan_.types[usize(id)]; }

  bool is_input(ValueId id) const { return folded_.producer(id) < 0; }
  bool is_output(ValueId id) const {
    return std::ranges::find(folded_.outputs(), id) != folded_.outputs().end();
  }

  Status add_inputs() {
    for (const ValueId id : folded_.inputs()) {
      const Value& value = source(id);
      const bool is_int8 = options_.int8_inputs && value.dtype == DType::kFloat32;
      TINYSPLIT_ASSIGN_OR_RETURN(
          (is_int8 ? stored(id) : plain(id)),
          builder_.add_input(value.name, is_int8 ? type_of(id) : ElementType(value.dtype),
                             value.shape));
      model_.sources[value.name] = value.name;
    }
    return ok_status();
  }

  // `base`, with a number behind it where something has that name.
  static std::string claim(std::unordered_set<std::string>& names, const std::string& base) {
    std::string name = base;
    for (int n = 2; !names.insert(name).second; ++n) name = base + std::to_string(n);
    return name;
  }

  // A layer that only converts, to `type`. `id`: what the numbers stand for.
  Result<ValueId> convert(ValueId id, ValueId from, const ElementType& type,
                          const std::string& name) {
    const bool to_float = type.dtype == DType::kFloat32;
    const std::string layer =
        claim(layer_names_, source(id).name + (to_float ? "/dequantize" : "/quantize"));
    TINYSPLIT_RETURN_IF_ERROR(builder_.begin_layer(layer, to_float ? "Dequantize" : "Quantize"));
    const Op op = to_float ? Op(DequantizeOp{}) : Op(QuantizeOp{});
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made, builder_.add_op(op, {from}, type));
    TINYSPLIT_RETURN_IF_ERROR(builder_.name_value(made, name));
    model_.sources[name] = source(id).name;
    TINYSPLIT_RETURN_IF_ERROR(builder_.end_layer({made}));
    ++num_layers_;
    return made;
  }

  // Activations as float32 numbers, or of another plain type as they are.
  Result<ValueId> in_float(ValueId id) {
    if (plain(id) >= 0) return plain(id);
    const bool has_own_name = is_output(id) && !options_.int8_outputs && !is_input(id);
    const std::string name =
        has_own_name ? source(id).name : claim(names_, source(id).name + "/float32");
    TINYSPLIT_ASSIGN_OR_RETURN(plain(id), convert(id, stored(id), DType::kFloat32, name));
    return plain(id);
  }

  Result<ValueId> in_int8(ValueId id) {
    if (stored(id) < 0) {
      TINYSPLIT_ASSIGN_OR_RETURN(stored(id), convert(id, plain(id), type_of(id),
                                                     claim(names_, source(id).name + "/int8")));
    }
    return stored(id);
  }

  Result<ValueId> in_int8_as(ValueId id, const ElementType& type) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, in_int8(id));
    if (is_same(type, *builder_.value(given).quantization)) return given;
    return convert(id, given, type, claim(names_, source(id).name + "/int8"));
  }

  Status add_layer(const Layer& layer, const Treatment& treatment) {
    const bool is_int8 = treatment.kind != Kind::kFloat;
    TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> inputs,
                               is_int8 ? int8_inputs(layer, treatment) : float_inputs(layer));
    const std::int64_t weight_bytes = constant_bytes(inputs);
    TINYSPLIT_RETURN_IF_ERROR(builder_.begin_layer(layer.name, layer.kind, weight_bytes));
    const ValueId output = layer.outputs[0];
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made,
                               is_int8 ? add_int8(layer, treatment, std::move(inputs))
                                       : add_float(layer, std::move(inputs)));
    const bool is_stored = builder_.value(made).quantization.has_value();
    (is_stored ? stored(output) : plain(output)) = made;
    // The name of a float32 output of the model is for the conversion to come.
    const bool hands_name_on = is_stored && is_output(output) && !options_.int8_outputs;
    const std::string& own = source(output).name;
    const std::string name = hands_name_on ? claim(names_, own + "/int8") : own;
    TINYSPLIT_RETURN_IF_ERROR(builder_.name_value(made, name));
    model_.sources[name] = own;
    TINYSPLIT_RETURN_IF_ERROR(builder_.end_layer({made}));
    model_.layers.push_back(
        {layer.name, layer.kind, own, name, num_layers_++, is_int8, treatment.reason});
    return ok_status();
  }

  std::int64_t constant_bytes(const std::vector<ValueId>& inputs) const {
    std::int64_t bytes = 0;
    for (const ValueId input : inputs) {
      const Value& value = builder_.value(input);
      if (value.is_constant()) bytes += static_cast<std::int64_t>(value.num_bytes());
    }
    return bytes;
  }

  const Node& root_of(const Layer& layer) const { return folded_.nodes()[usize(layer.first_node)]; }

  Result<std::vector<ValueId>> float_inputs(const Layer& layer) {
    std::vector<ValueId> inputs;
    for (const ValueId id : root_of(layer).inputs) {
      if (source(id).is_constant()) {
        inputs.push_back(builder_.add_constant(source(id).data));
        continue;
      }
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, in_float(id));
      inputs.push_back(given);
    }
    return inputs;
  }

  Result<ValueId> add_float(const Layer& layer, std::vector<ValueId> inputs) {
    TINYSPLIT_ASSIGN_OR_RETURN(ValueId made, builder_.add_op(root_of(layer).op, std::move(inputs)));
    for (int i = layer.first_node + 1; i < layer.end_node; ++i) {
      TINYSPLIT_ASSIGN_OR_RETURN(made, builder_.add_op(folded_.nodes()[usize(i)].op, {made}));
    }
    return made;
  }

  Result<std::vector<ValueId>> int8_inputs(const Layer& layer, const Treatment& treatment) {
    const Node& root = root_of(layer);
    if (traits_of(root.op).has_weights) return weighted_inputs(root);
    std::vector<ValueId> inputs;
    for (const ValueId id : root.inputs) {
      const Value& value = source(id);
      if (value.is_constant()) {
        inputs.push_back(constant_input(value, layer, treatment));
      } else if (value.dtype != DType::kFloat32) {
        inputs.push_back(plain(id));
      } else if (treatment.kind == Kind::kJoin) {
        TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, in_int8_as(id, type_of(layer.outputs[0])));
        inputs.push_back(given);
      } else {
        TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, in_int8(id));
        inputs.push_back(given);
      }
    }
    return inputs;
  }

  ValueId constant_input(const Value& value, const Layer& layer, const Treatment& treatment) {
    if (value.dtype != DType::kFloat32) return builder_.add_constant(value.data);
    if (treatment.kind == Kind::kJoin) {
      const ElementType& type = type_of(layer.outputs[0]);
      return builder_.add_constant(store_numbers(*value.data, type), type.quantization);
    }
    StoredTensor operand = store_operand(*value.data);
    return builder_.add_constant(std::move(operand.numbers), std::move(operand.quantization));
  }

  Result<std::vector<ValueId>> weighted_inputs(const Node& root) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, in_int8(root.inputs[0]));
    const Tensor& kernel = *source(root.inputs[1]).data;
    const Tensor& bias = *source(root.inputs[2]).data;
    const int axis = filter_axis(root.op, kernel.shape(), options_.per_channel_dense);
    StoredWeights weights =
        store_weights(kernel, bias, axis, builder_.value(x).quantization->scale[0]);
    return std::vector<ValueId>{x,
                                builder_.add_constant(std::move(weights.kernel.numbers),
                                                      std::move(weights.kernel.quantization)),
                                builder_.add_constant(std::move(weights.bias))};
  }

  Result<ValueId> add_int8(const Layer& layer, const Treatment& treatment,
                           std::vector<ValueId> inputs) {
    Op op = root_of(layer).op;
    if (treatment.kind == Kind::kIndex) return builder_.add_op(std::move(op), std::move(inputs));
    const ElementType& type = type_of(layer.outputs[0]);
    if (auto* pad = std::get_if<PadOp>(&op)) pad->value = stored_number(pad->value, type);
    TINYSPLIT_ASSIGN_OR_RETURN(ValueId made,
                               builder_.add_op(std::move(op), std::move(inputs), type));
    for (int i = layer.first_node + 1; i < layer.end_node; ++i) {
      const auto& clip = std::get<ActivationOp>(folded_.nodes()[usize(i)].op);
      if (holds_by_itself(builder_.value(made), clip)) continue;
      TINYSPLIT_ASSIGN_OR_RETURN(made, builder_.add_op(clip, {made}, type));
    }
    return made;
  }

  static float stored_number(float real, const ElementType& type) {
    Tensor number(DType::kFloat32, Shape{1});
    number.as<float>()[0] = real;
    return static_cast<float>(store_numbers(number, type).as<std::int8_t>()[0]);
  }

  // No number of the type lies outside of the clip: saturation does its work.
  static bool holds_by_itself(const Value& value, const ActivationOp& clip) {
    const quantized::StoredRange bounds = quantized::clip_range(clip.alpha, clip.beta, value);
    const quantized::StoredRange all = quantized::range_of(value.dtype);
    return bounds.low == all.low && bounds.high == all.high;
  }

  const Graph& folded_;
  const TypePlan plan_;
  const QuantizationOptions& options_;
  GraphBuilder builder_;
  std::vector<ValueId> stored_;  // for each folded value: the int8 one, or -1
  std::vector<ValueId> plain_;   // the float32 one (or of another plain type), or -1
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> layer_names_;
  int num_layers_ = 0;
  QuantizedModel model_;
};

Status check_kept(const Graph& folded, const QuantizationOptions& options) {
  for (const std::string& name : options.keep_float) {
    const bool found = std::ranges::any_of(folded.layers(), [&](const Layer& layer) {
      return layer.name == name || layer.name.starts_with(name + "/");
    });
    if (!found) {
      return not_found("there is no layer \"" + name +
                       "\" to keep in float32, or others compute it with theirs");
    }
  }
  return ok_status();
}

}  // namespace

Result<QuantizedModel> quantize(std::shared_ptr<const Graph> folded, const Ranges& ranges,
                                const QuantizationOptions& options) {
  TINYSPLIT_RETURN_IF_ERROR(check_kept(*folded, options));
  TINYSPLIT_ASSIGN_OR_RETURN(TypePlan plan, plan_types(*folded, ranges, options.keep_float));
  const Graph& graph = *folded;
  return Quantizer(graph, std::move(plan), options).run(std::move(folded));
}

}  // namespace tinysplit
