#include "class_output.h"

#include <algorithm>
#include <optional>

#include "engine/value_conversion.h"
#include "evaluation/class_of_output.h"

namespace tinysplit {
namespace {

std::optional<ValueId> find_id(const Graph& graph, const std::string& name) {
  const Value* const value = find_value(graph, name);
  if (value == nullptr) return std::nullopt;
  return static_cast<ValueId>(value - graph.values().data());
}

}  // namespace

std::vector<NamedClass> named_classes(const NamedTensor& output, const Graph& graph,
                                      const std::vector<std::string>& labels) {
  const std::optional<ValueId> id = find_id(graph, output.name);
  const Shape& shape = output.tensor.shape();
  if (!id || shape.rank() != 2 || shape[0] != 1) return {};
  std::vector<ScoredClass> scored;
  if (shape[1] == 1 && labels.size() != 2) {
    const Tensor number = real_numbers(output.tensor, graph.value(*id));
    scored = {{0, number.as<float>()[0]}};
  } else {
    scored = ranked_classes(graph, *id, output.tensor);
  }
  std::vector<NamedClass> named;
  for (const ScoredClass& one : scored) {
    const auto at = static_cast<std::size_t>(one.index);
    named.push_back({one, at < labels.size() ? labels[at] : ""});
  }
  return named;
}

TopClass top_class(const std::vector<NamedTensor>& outputs, const Graph& graph,
                   const std::vector<std::string>& labels) {
  TopClass top;
  if (outputs.empty()) return top;
  const std::vector<NamedClass> classes = named_classes(outputs[0], graph, labels);
  if (classes.size() < 2) return top;
  top.index = classes[0].index;
  top.score = static_cast<double>(classes[0].score);
  top.label = classes[0].name.empty() ? "class " + std::to_string(top.index) : classes[0].name;
  return top;
}

}  // namespace tinysplit
