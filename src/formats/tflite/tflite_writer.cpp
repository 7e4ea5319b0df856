#include "formats/tflite/tflite_writer.h"

#include <exception>
#include <new>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/write_patterns.h"
#include "formats/tflite/write_plan.h"

namespace tinysplit {
namespace {

using tflite::NamedTensorId;
using tflite::WriteState;

std::vector<NamedTensorId> named_tensors(const WriteState& state,
                                         const std::vector<ValueId>& values) {
  std::vector<NamedTensorId> tensors;
  for (const ValueId value : values) {
    tensors.push_back(
        {state.graph.value(value).name, state.tensors[static_cast<std::size_t>(value)]});
  }
  return tensors;
}

// TensorFlow Lite has weights of float16, which are written as what they become.
Status check_types(const Graph& graph, const Node& node) {
  std::vector<ValueId> values = node.inputs;
  values.push_back(node.output);
  for (const ValueId id : values) {
    if (graph.value(id).dtype != DType::kFloat16) continue;
    return unimplemented("computes on float16, which cannot be written as TensorFlow Lite");
  }
  return ok_status();
}

Status write_plain(tflite::NodeWriter& writer, const Graph& graph) {
  TINYSPLIT_RETURN_IF_ERROR(check_types(graph, writer.node));
  return std::visit([&writer](const auto& op) { return tflite::write_operation(writer, op); },
                    writer.node.op);
}

Status write_step(const tflite::WriteStep& step, WriteState& state) {
  tflite::NodeWriter writer(step, state);
  const Status written = step.pattern != tflite::WritePattern::kNone
                             ? tflite::write_pattern(writer)
                             : write_plain(writer, state.graph);
  if (written.ok()) return written;
  const int layer = state.graph.layer_of_node(step.node);
  const Layer& source = state.graph.layers()[static_cast<std::size_t>(layer)];
  return written.with_context("layer " + std::to_string(layer) + " \"" + source.name + "\" (" +
                              source.kind + "), " + std::string(op_name(writer.node.op)));
}

Result<std::vector<std::byte>> write(const Graph& graph) {
  WriteState state{graph, {}, std::vector<tflite::TensorId>(graph.values().size(), -1)};
  for (const ValueId input : graph.inputs()) {
    const Value& value = graph.value(input);
    state.tensors[static_cast<std::size_t>(input)] =
        state.file.add_tensor(value.name, {value.dtype, value.quantization}, value.shape);
  }
  for (const tflite::WriteStep& step : tflite::plan_operators(graph)) {
    TINYSPLIT_RETURN_IF_ERROR(write_step(step, state));
  }
  return state.file.finish("tinysplit: " + graph.name(), named_tensors(state, graph.inputs()),
                           named_tensors(state, graph.outputs()));
}

}  // namespace

Result<std::vector<std::byte>> write_tflite(const Graph& graph) {
  try {
    return write(graph);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the TensorFlow Lite file does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("writing the TensorFlow Lite file failed: " + std::string(error.what()));
  }
}

}  // namespace tinysplit
