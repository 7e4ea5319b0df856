#include "formats/onnx/onnx_writer.h"

#include <cstring>
#include <exception>
#include <new>

#include "formats/onnx/model_proto.h"
#include "formats/onnx/model_writer.h"
#include "formats/onnx/node_writer.h"

namespace tinysplit {
namespace {

using namespace onnx_format;  // NOLINT

Status check_names(const Graph& graph) {
  for (const Value& value : graph.values()) {
    if (!value.is_constant() && !is_printable_utf8(value.name)) {
      return invalid_argument("a tensor has a name that is no printable UTF-8; rename it");
    }
  }
  for (const Layer& layer : graph.layers()) {
    if (!is_printable_utf8(layer.name)) {
      return invalid_argument("a layer has a name that is no printable UTF-8; rename it");
    }
  }
  return ok_status();
}

Status write_node(ModelWriter& file, const Graph& graph, const Node& node) {
  const Value& output = graph.value(node.output);
  if (output.quantization && dtype_size(output.dtype) != 1) {
    return unimplemented("computes " + std::string(dtype_name(output.dtype)) +
                         ", which operator set 17 does not quantise to");
  }
  NodeWriter writer(file, graph, node);
  return std::visit([&](const auto& op) { return write(writer, op); }, node.op);
}

Result<std::string> write_model(const Graph& graph) {
  TINYSPLIT_RETURN_IF_ERROR(check_names(graph));
  ModelWriter file(graph);
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const Layer& layer = graph.layers()[i];
    file.begin_layer(layer);
    for (int n = layer.first_node; n < layer.end_node; ++n) {
      const Node& node = graph.nodes()[static_cast<std::size_t>(n)];
      const Status status = write_node(file, graph, node);
      if (!status.ok()) {
        return status.with_context("layer " + std::to_string(i) + " \"" + layer.name + "\" (" +
                                   layer.kind + ", " + std::string(op_name(node.op)) +
                                   ") cannot be written as ONNX");
      }
    }
  }
  return file.finish();
}

}  // namespace

Result<std::vector<std::byte>> write_onnx(const Graph& graph) {
  try {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, write_model(graph));
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the model does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("writing the model failed: " + std::string(error.what()));
  }
}

}  // namespace tinysplit
