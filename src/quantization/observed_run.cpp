#include "quantization/observed_run.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "core/numeric.h"
#include "engine/value_conversion.h"
#include "quantization/exposed_graph.h"

namespace tinysplit {
namespace {

// The number among the graph's inputs of the value of that name, or -1.
int input_named(const Graph& graph, const std::string& name) {
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    if (graph.value(graph.inputs()[i]).name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

std::vector<std::string> real_values(const Graph& graph) {
  std::vector<std::string> names;
  std::unordered_set<ValueId> seen;
  const auto add = [&](ValueId id) {
    const Value& value = graph.value(id);
    if (value.dtype == DType::kFloat32 && seen.insert(id).second) names.push_back(value.name);
  };
  for (const ValueId input : graph.inputs()) add(input);
  for (const Layer& layer : graph.layers()) {
    for (const ValueId output : layer.outputs) add(output);
  }
  return names;
}

Result<ObservedRun> ObservedRun::create(const Graph& graph, std::vector<std::string> names) {
  ObservedRun run;
  std::vector<std::string> exposed;
  for (const std::string& name : names) {
    if (input_named(graph, name) < 0) exposed.push_back(name);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(run.graph_, expose_values(graph, exposed));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(run.graph_));
  TINYSPLIT_ASSIGN_OR_RETURN(run.segment_, engine->make_segment(0, graph.num_layers()));
  for (const std::string& name : names) {
    const int input = input_named(graph, name);
    const auto output = std::ranges::find_if(
        run.segment_->outputs(), [&](ValueId id) { return run.graph_->value(id).name == name; });
    run.sources_.push_back(
        input >= 0 ? -1 - input
                   : static_cast<int>(std::distance(run.segment_->outputs().begin(), output)));
  }
  run.numbers_.resize(names.size());
  run.names_ = std::move(names);
  return run;
}

Status ObservedRun::run(const Samples& samples, std::size_t sample) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<Tensor> inputs, samples.at(sample));
  const std::string which = "sample " + std::to_string(sample);
  if (inputs.size() != graph_->inputs().size()) {
    return invalid_argument(which + " has " + std::to_string(inputs.size()) +
                            " tensors, the model takes " + std::to_string(graph_->inputs().size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph_->value(graph_->inputs()[i]);
    Result<Tensor> converted = convert_for(std::move(inputs[i]), value);
    if (!converted.ok()) return converted.status().with_context(which);
    if (converted->shape() != value.shape) {
      return invalid_argument(which + " has shape " + converted->shape().to_string() + ", \"" +
                              value.name + "\" needs " + value.shape.to_string());
    }
    inputs[i] = std::move(*converted);
    std::memcpy(segment_->input(i).data(), inputs[i].data(), inputs[i].num_bytes());
  }
  TINYSPLIT_RETURN_IF_ERROR(segment_->run());
  for (std::size_t v = 0; v < names_.size(); ++v) {
    const int source = sources_[v];
    if (source < 0) {
      const std::size_t input = usize(-1 - source);
      numbers_[v] = real_numbers(inputs[input], graph_->value(graph_->inputs()[input]));
      continue;
    }
    const ValueId id = segment_->outputs()[usize(source)];
    numbers_[v] = real_numbers(Tensor::copy_of(segment_->output(usize(source))), graph_->value(id));
  }
  return ok_status();
}

}  // namespace tinysplit
