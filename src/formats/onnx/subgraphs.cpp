#include "formats/onnx/subgraphs.h"

#include <set>
#include <string_view>
#include <vector>

#include "formats/onnx/node_order.h"

namespace tinysplit::onnx_format {
namespace {

void rename_one(std::string* name, const Rename& rename) {
  if (!name->empty()) *name = rename(*name);
}

}  // namespace

void rename_tensors(::onnx::NodeProto& node, const Rename& rename) {
  for (std::string& name : *node.mutable_input()) rename_one(&name, rename);
  for (std::string& name : *node.mutable_output()) rename_one(&name, rename);
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) rename_tensors(*attribute.mutable_g(), rename);
    for (auto& graph : *attribute.mutable_graphs()) rename_tensors(graph, rename);
  }
}

void rename_tensors(::onnx::GraphProto& graph, const Rename& rename) {
  for (auto& tensor : *graph.mutable_initializer()) rename_one(tensor.mutable_name(), rename);
  for (auto& value : *graph.mutable_input()) rename_one(value.mutable_name(), rename);
  for (auto& value : *graph.mutable_output()) rename_one(value.mutable_name(), rename);
  for (auto& node : *graph.mutable_node()) rename_tensors(node, rename);
}

void for_each_read(const ::onnx::NodeProto& node,
                   const std::function<void(const std::string&)>& see) {
  for (const std::string& name : node.input()) {
    if (!name.empty()) see(name);
  }
  const auto see_graph = [&](const ::onnx::GraphProto& graph) {
    for (const auto& inner : graph.node()) for_each_read(inner, see);
    for (const auto& output : graph.output()) see(output.name());
  };
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) see_graph(attribute.g());
    for (const auto& graph : attribute.graphs()) see_graph(graph);
  }
}

bool take_branch(::onnx::NodeProto& node, bool condition, const std::string& prefix,
                 ::onnx::GraphProto& branch) {
  const std::string_view wanted = condition ? "then_branch" : "else_branch";
  bool found = false;
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.name() != wanted || !attribute.has_g()) continue;
    branch.Swap(attribute.mutable_g());
    found = true;
  }
  if (!found || branch.output_size() != node.output_size()) return false;
  std::set<std::string> own;
  for (const auto& tensor : branch.initializer()) own.insert(tensor.name());
  for (const auto& inner : branch.node()) own.insert(inner.output().begin(), inner.output().end());
  rename_tensors(
      branch, [&](const std::string& name) { return own.contains(name) ? prefix + name : name; });
  std::vector<int> same(static_cast<std::size_t>(branch.node_size()));
  order_nodes(*branch.mutable_node(), same);
  node.clear_attribute();
  node.clear_input();
  for (const auto& output : branch.output()) node.add_input(output.name());
  return true;
}

}  // namespace tinysplit::onnx_format
