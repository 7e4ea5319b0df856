#include "formats/onnx/model_proto.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

#include "core/limits.h"

namespace tinysplit::onnx_format {
namespace {

// The operator sets that the translators were written against.
constexpr int kOldestOpset = 6;
constexpr int kNewestOpset = 28;

// Reads one varint (https://protobuf.dev/programming-guides/encoding) off the front.
bool take_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

// Skips the contents of a field. Groups are not used by onnx.proto.
bool skip_field(std::string_view& bytes, std::uint64_t wire_type) {
  std::uint64_t size = 0;
  switch (wire_type) {
    case 0:
      return take_varint(bytes, size);
    case 1:
      size = 8;
      break;
    case 2:
      if (!take_varint(bytes, size)) return false;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > bytes.size()) return false;
  bytes.remove_prefix(static_cast<std::size_t>(size));
  return true;
}

Status check_name(std::string_view what, const std::string& name) {
  if (is_printable_utf8(name) && name.size() <= limits::kMaxNameBytes) return ok_status();
  return invalid_argument("a name of " + std::string(what) + " has " + std::to_string(name.size()) +
                          " bytes; at most " + std::to_string(limits::kMaxNameBytes) +
                          " of printable UTF-8 are allowed");
}

Status check_graph_names(const ::onnx::GraphProto& graph);

Status check_node_names(const ::onnx::NodeProto& node) {
  TINYSPLIT_RETURN_IF_ERROR(check_name("a node", node.name()));
  TINYSPLIT_RETURN_IF_ERROR(check_name("an operator", node.op_type()));
  TINYSPLIT_RETURN_IF_ERROR(check_name("a domain", node.domain()));
  for (const std::string& name : node.input()) {
    TINYSPLIT_RETURN_IF_ERROR(check_name("a tensor", name));
  }
  for (const std::string& name : node.output()) {
    TINYSPLIT_RETURN_IF_ERROR(check_name("a tensor", name));
  }
  for (const auto& attribute : node.attribute()) {
    TINYSPLIT_RETURN_IF_ERROR(check_name("an attribute", attribute.name()));
    if (attribute.has_g()) TINYSPLIT_RETURN_IF_ERROR(check_graph_names(attribute.g()));
  }
  return ok_status();
}

Status check_graph_names(const ::onnx::GraphProto& graph) {
  for (const auto& node : graph.node()) TINYSPLIT_RETURN_IF_ERROR(check_node_names(node));
  for (const auto& tensor : graph.initializer()) {
    TINYSPLIT_RETURN_IF_ERROR(check_name("a tensor", tensor.name()));
  }
  for (const auto* values : {&graph.input(), &graph.output()}) {
    for (const auto& value : *values) {
      TINYSPLIT_RETURN_IF_ERROR(check_name("a tensor", value.name()));
      for (const auto& dim : value.type().tensor_type().shape().dim()) {
        TINYSPLIT_RETURN_IF_ERROR(check_name("a dimension", dim.dim_param()));
      }
    }
  }
  return ok_status();
}

}  // namespace

Status check_opset(std::int64_t version) {
  if (version >= kOldestOpset && version <= kNewestOpset) return ok_status();
  const std::string range =
      std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) + " are read";
  if (version < 0) return invalid_argument("the model imports no ONNX operator set; " + range);
  return unimplemented("the model imports ONNX operator set " + std::to_string(version) + "; " +
                       range + ": convert it with onnx.version_converter");
}

bool is_printable_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x20 || lead == 0x7f) return false;
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80) return false;
      if (k > 1) continue;
      // Overlong forms, surrogates, and what is beyond U+10FFFF.
      if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) ||
          (lead == 0xf0 && next < 0x90) || (lead == 0xf4 && next > 0x8f)) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

int default_opset(const ::onnx::ModelProto& model) {
  for (const auto& import : model.opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
    const std::int64_t version = import.version();
    return version < 0 || version > std::numeric_limits<int>::max() ? -1
                                                                    : static_cast<int>(version);
  }
  return -1;
}

bool has_model_fields(std::string_view bytes) {
  constexpr std::uint64_t kIrVersion = 1, kGraph = 7, kMostField = 25;
  bool version = false, graph = false;
  while (!bytes.empty()) {
    std::uint64_t tag = 0;
    if (!take_varint(bytes, tag)) break;
    const std::uint64_t field = tag >> 3U, wire_type = tag & 7U;
    if (field == 0 || field > kMostField) break;
    version |= field == kIrVersion && wire_type == 0;
    graph |= field == kGraph && wire_type == 2;
    // A file that was cut short is still told to be a damaged model.
    if (!skip_field(bytes, wire_type)) break;
  }
  return version && graph;
}

Status check_names(const ::onnx::ModelProto& model) { return check_graph_names(model.graph()); }

Result<std::unique_ptr<::onnx::ModelProto>> parse_model(std::string_view bytes) {
  if (bytes.size() > limits::kMaxModelFileBytes) {
    return out_of_range("the model has " + std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxModelFileBytes) + " are allowed");
  }
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetRecursionLimit(limits::kMaxProtobufDepth);
  auto model = std::make_unique<::onnx::ModelProto>();
  if (!model->ParsePartialFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    return invalid_argument("not an ONNX model, or a damaged one: its protobuf does not parse");
  }
  if (!model->has_graph() || model->ir_version() < 1) {
    return invalid_argument("not an ONNX model: it has no graph or no IR version");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_opset(default_opset(*model)));
  if (model->graph().sparse_initializer_size() > 0) {
    return unimplemented("the model has sparse weights; store them dense");
  }
  return model;
}

}  // namespace tinysplit::onnx_format
