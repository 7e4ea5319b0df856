#include "quantization/exposed_graph.h"

#include <unordered_map>
#include <utility>

#include "core/numeric.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

// Values are numbered as in the source, since they are added in its order.
Status copy_layer(const Graph& graph, const Layer& layer, GraphBuilder& builder,
                  std::vector<ValueId>& twins) {
  TINYSPLIT_RETURN_IF_ERROR(builder.begin_layer(layer.name, layer.kind, layer.weight_bytes));
  for (int i = layer.first_node; i < layer.end_node; ++i) {
    const Node& node = graph.nodes()[usize(i)];
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) {
      ValueId& twin = twins[usize(input)];
      const Value& value = graph.value(input);
      if (twin < 0) twin = builder.add_constant(value.data, value.quantization);
      inputs.push_back(twin);
    }
    const Value& output = graph.value(node.output);
    TINYSPLIT_ASSIGN_OR_RETURN(
        twins[usize(node.output)],
        builder.add_op(node.op, std::move(inputs), ElementType(output.dtype, output.quantization)));
    TINYSPLIT_RETURN_IF_ERROR(builder.name_value(twins[usize(node.output)], output.name));
  }
  std::vector<ValueId> outputs;
  for (const ValueId output : layer.outputs) outputs.push_back(twins[usize(output)]);
  return builder.end_layer(std::move(outputs));
}

}  // namespace

Result<std::shared_ptr<const Graph>> expose_values(const Graph& graph,
                                                   const std::vector<std::string>& names) {
  GraphBuilder builder(graph.name(), graph.digest());
  std::vector<ValueId> twins(graph.values().size(), -1);
  for (const ValueId input : graph.inputs()) {
    const Value& value = graph.value(input);
    TINYSPLIT_ASSIGN_OR_RETURN(
        twins[usize(input)],
        builder.add_input(value.name, ElementType(value.dtype, value.quantization), value.shape));
  }
  for (const Layer& layer : graph.layers()) {
    TINYSPLIT_RETURN_IF_ERROR(copy_layer(graph, layer, builder, twins));
  }
  std::unordered_map<std::string, ValueId> by_name;
  for (std::size_t i = 0; i < twins.size(); ++i) {
    if (!graph.values()[i].is_constant()) by_name[graph.values()[i].name] = twins[i];
  }
  for (const std::string& name : names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) return not_found("there is no value \"" + name + "\"");
    TINYSPLIT_RETURN_IF_ERROR(builder.add_output(found->second));
  }
  return builder.build();
}

}  // namespace tinysplit
