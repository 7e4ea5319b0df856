#include "quantization/folding.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/numeric.h"
#include "engine/steps.h"
#include "graph/graph_builder.h"
#include "quantization/fold_plan.h"

namespace tinysplit {
namespace {

// An operation that stands for a + b * x for each channel.
struct Affine {
  std::vector<float> factor;
  std::vector<float> shift;
};

class Folding {
 public:
  explicit Folding(const Graph& graph)
      : graph_(graph),
        plan_(plan_folding(graph)),
        builder_(graph.name(), ""),
        twins_(graph.values().size(), -1) {
    for (const Value& value : graph.values()) {
      names_.push_back(value.name);
      source_names_.insert(value.name);
    }
    for (const Layer& layer : graph.layers()) name_inner_values(layer);
  }

  Result<std::shared_ptr<const Graph>> run() {
    for (const ValueId input : graph_.inputs()) {
      const Value& value = graph_.value(input);
      TINYSPLIT_ASSIGN_OR_RETURN(twin(input),
                                 builder_.add_input(value.name, value.dtype, value.shape));
    }
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
      if (plan_.is_absorbed[i]) continue;
      TINYSPLIT_RETURN_IF_ERROR(add_node(static_cast<int>(i)));
    }
    for (const ValueId output : graph_.outputs()) {
      TINYSPLIT_RETURN_IF_ERROR(builder_.add_output(twin(output)));
    }
    return builder_.build();
  }

 private:
  // What stays inside of a source layer has a number there; here it is handed on, under the name of
  // its operation.
  void name_inner_values(const Layer& layer) {
    for (int i = layer.first_node; i < layer.end_node; ++i) {
      const ValueId id = node_at(i).output;
      std::string& name = names_[usize(id)];
      const bool is_output = std::ranges::find(graph_.outputs(), id) != graph_.outputs().end();
      if (is_output || !name.starts_with(layer.name + "/")) continue;
      const std::string_view number = std::string_view(name).substr(layer.name.size() + 1);
      if (number.find_first_not_of("0123456789") != std::string_view::npos) continue;
      name = claim(source_names_, layer.name + "/" + std::string(op_name(node_at(i).op)));
    }
  }

  // `base`, with a number behind it where something has that name.
  static std::string claim(std::unordered_set<std::string>& names, const std::string& base) {
    std::string name = base;
    for (int n = 2; !names.insert(name).second; ++n) name = base + std::to_string(n);
    return name;
  }

  const std::string& name_of(ValueId id) const { return names_[usize(id)]; }

  const Node& node_at(int i) const { return graph_.nodes()[usize(i)]; }
  ValueId& twin(ValueId id) { return twins_[usize(id)]; }

  // The value of the folded graph that stands for `id`.
  ValueId operand(ValueId id) {
    if (twin(id) < 0) twin(id) = builder_.add_constant(graph_.value(id).data);
    return twin(id);
  }

  // The value that a root and what it takes in make.
  ValueId result_of(int root) const {
    if (plan_.clip[usize(root)] >= 0) return node_at(plan_.clip[usize(root)]).output;
    return result_before_clip(root);
  }
  ValueId result_before_clip(int root) const {
    const int affine = plan_.affine[usize(root)];
    return node_at(affine >= 0 ? affine : root).output;
  }

  Status add_node(int i) {
    const Node& node = node_at(i);
    if (plan_.goes_forward[usize(i)]) {
      twin(node.output) = operand(node.inputs[0]);
      return ok_status();
    }
    if (has_foldable_weights(graph_, node)) return add_weighted(i);
    if (const std::optional<Affine> affine = affine_of(node)) {
      return add_affine(i, *affine);
    }
    const auto* activation = std::get_if<ActivationOp>(&node.op);
    if (activation != nullptr && activation->kind == ActivationKind::kSwish) return add_swish(i);
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(operand(input));
    return add_root(i, node.op, std::move(inputs));
  }

  Status add_weighted(int i) {
    const Node& node = node_at(i);
    PreparedWeights weights =
        prepare_weights(graph_, {i, plan_.affine[usize(i)], -1, result_before_clip(i)});
    const int before = graph_.producer(node.inputs[0]);
    if (before >= 0 && plan_.goes_forward[usize(before)]) take_before(node, before, weights);
    const ValueId x = operand(node.inputs[0]);
    const ValueId kernel = builder_.add_constant(std::move(weights.kernel));
    const ValueId bias = builder_.add_constant(std::move(weights.bias));
    return add_root(i, node.op, {x, kernel, bias});
  }

  // The weights for x in place of y = a * x + b. Of kernels [cells of x, filters] of a group.
  void take_before(const Node& node, int before, PreparedWeights& weights) const {
    const Node& affine = node_at(before);
    const float a = graph_.value(affine.inputs[1]).data->as<float>()[0];
    const auto b = graph_.value(affine.inputs[2]).data->as<float>();
    const auto bias = weights.bias.as<float>();
    const auto kernel = weights.kernel.as<float>();
    const Shape& shape = weights.kernel.shape();
    const std::size_t depth = usize(shape[shape.rank() - 2]), filters = bias.size();
    const auto* conv = std::get_if<Conv2dOp>(&node.op);
    const std::size_t in_group = filters / usize(conv == nullptr ? 1 : conv->groups);
    for (std::size_t k = 0; k < kernel.size(); ++k) {
      const std::size_t f = k % filters, channel = k / filters % depth;
      bias[f] += kernel[k] * b[f / in_group * depth + channel];
      kernel[k] *= a;
    }
  }

  // What is a product and a sum for each channel.
  std::optional<Affine> affine_of(const Node& node) const {
    const Shape& shape = graph_.value(node.output).shape;
    if (shape.rank() == 0 || shape.rank() > 4) return std::nullopt;
    const std::size_t channels = usize(shape[shape.rank() - 1]);
    if (std::holds_alternative<ChannelAffineOp>(node.op)) {
      const auto scale = graph_.value(node.inputs[1]).data->as<float>();
      const auto shift = graph_.value(node.inputs[2]).data->as<float>();
      return Affine{{scale.begin(), scale.end()}, {shift.begin(), shift.end()}};
    }
    const auto* activation = std::get_if<ActivationOp>(&node.op);
    if (activation == nullptr || (activation->kind != ActivationKind::kLinear &&
                                  activation->kind != ActivationKind::kHardSigmoid)) {
      return std::nullopt;
    }
    return Affine{std::vector<float>(channels, activation->alpha),
                  std::vector<float>(channels, activation->beta)};
  }

  // A convolution of one cell with a weight for each channel, of x as an image.
  Status add_affine(int i, const Affine& affine) {
    const Node& node = node_at(i);
    const Shape shape = graph_.value(node.output).shape;
    const std::int64_t channels = shape[shape.rank() - 1];
    Tensor kernel(DType::kFloat32, Shape{1, 1, 1, channels});
    Tensor bias(DType::kFloat32, Shape{channels});
    std::ranges::copy(affine.factor, kernel.as<float>().begin());
    std::ranges::copy(affine.shift, bias.as<float>().begin());
    Conv2dOp conv;
    conv.groups = channels;
    ValueId x = operand(node.inputs[0]);
    if (shape.rank() != 4) {
      const Shape image{1, 1, shape.num_elements() / channels, channels};
      TINYSPLIT_ASSIGN_OR_RETURN(x, add_layer(i, ReshapeOp{image}, {x}, new_name(i, "image")));
    }
    const std::vector<ValueId> inputs{x, builder_.add_constant(std::move(kernel)),
                                      builder_.add_constant(std::move(bias))};
    std::optional<ActivationOp> clip = clip_after(i);
    std::string unclipped = name_of(result_before_clip(i));
    const auto* activation = std::get_if<ActivationOp>(&node.op);
    if (activation != nullptr && activation->kind == ActivationKind::kHardSigmoid) {
      clip = ActivationOp{ActivationKind::kClip, 0.0f, 1.0f};
      unclipped = new_name(i, "unclipped");
    }
    const std::string& name = name_of(result_of(i));
    if (shape.rank() == 4) {
      TINYSPLIT_ASSIGN_OR_RETURN(twin(result_of(i)),
                                 add_layer(i, conv, inputs, name, clip, unclipped));
      return ok_status();
    }
    TINYSPLIT_ASSIGN_OR_RETURN(
        x, add_layer(i, conv, inputs, new_name(i, "channels"), clip, unclipped));
    TINYSPLIT_ASSIGN_OR_RETURN(twin(result_of(i)), add_layer(i, ReshapeOp{shape}, {x}, name));
    return ok_status();
  }

  Status add_swish(int i) {
    const Node& node = node_at(i);
    const ValueId x = operand(node.inputs[0]);
    TINYSPLIT_ASSIGN_OR_RETURN(
        const ValueId gate,
        add_layer(i, ActivationOp{ActivationKind::kSigmoid}, {x}, new_name(i, "sigmoid")));
    return add_root(i, BinaryOp{BinaryKind::kMultiply}, {x, gate});
  }

  // The operation of node i, the clip that it takes in behind it.
  Status add_root(int i, Op op, std::vector<ValueId> inputs) {
    TINYSPLIT_ASSIGN_OR_RETURN(twin(result_of(i)),
                               add_layer(i, std::move(op), std::move(inputs), name_of(result_of(i)),
                                         clip_after(i), name_of(result_before_clip(i))));
    return ok_status();
  }

  std::optional<ActivationOp> clip_after(int root) const {
    const int clip = plan_.clip[usize(root)];
    if (clip < 0) return std::nullopt;
    return std::get<ActivationOp>(node_at(clip).op);
  }

  Result<ValueId> add_layer(int node, Op op, std::vector<ValueId> inputs, const std::string& name,
                            const std::optional<ActivationOp>& clip = std::nullopt,
                            const std::string& unclipped = "") {
    const Layer& source = graph_.layers()[usize(graph_.layer_of_node(node))];
    std::int64_t weight_bytes = 0;
    for (const ValueId input : inputs) {
      const Value& value = builder_.value(input);
      if (value.is_constant()) weight_bytes += static_cast<std::int64_t>(value.num_bytes());
    }
    TINYSPLIT_RETURN_IF_ERROR(
        builder_.begin_layer(claim_layer(source.name, op), source.kind, weight_bytes));
    TINYSPLIT_ASSIGN_OR_RETURN(ValueId output, builder_.add_op(std::move(op), std::move(inputs)));
    if (clip) {
      TINYSPLIT_RETURN_IF_ERROR(builder_.name_value(output, unclipped));
      TINYSPLIT_ASSIGN_OR_RETURN(output, builder_.add_op(*clip, {output}));
    }
    TINYSPLIT_RETURN_IF_ERROR(builder_.name_value(output, name));
    TINYSPLIT_RETURN_IF_ERROR(builder_.end_layer({output}));
    return output;
  }

  // The name of the next layer that stands for (a part of) the source layer `name`.
  std::string claim_layer(const std::string& name, const Op& op) {
    if (layer_names_.insert(name).second) return name;
    return claim(layer_names_, name + "/" + std::string(op_name(op)));
  }

  // A name for a value that the source does not have, made for node i.
  std::string new_name(int i, const char* what) {
    return claim(source_names_, name_of(node_at(i).output) + "/" + what);
  }

  const Graph& graph_;
  const FoldPlan plan_;
  GraphBuilder builder_;
  std::vector<ValueId> twins_;
  std::vector<std::string> names_;  // of each value of graph_ in the folded graph
  std::unordered_set<std::string> source_names_;
  std::unordered_set<std::string> layer_names_;
};

}  // namespace

Result<std::shared_ptr<const Graph>> fold_operations(const Graph& graph) {
  for (const Value& value : graph.values()) {
    if (value.quantization) {
      return invalid_argument("the model is quantised already: \"" + value.name + "\" is " +
                              std::string(dtype_name(value.dtype)) + " with a scale");
    }
  }
  return Folding(graph).run();
}

}  // namespace tinysplit
