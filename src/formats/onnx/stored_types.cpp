#include "formats/onnx/stored_types.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "formats/onnx/subgraphs.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::NodeProto;
using ::onnx::TensorProto;

constexpr std::array<std::string_view, 20> kKeepers{
    "Relu",    "Clip",    "MaxPool",   "GlobalMaxPool", "ReduceMax",    "ReduceMin",   "Reshape",
    "Flatten", "Squeeze", "Unsqueeze", "Transpose",     "Expand",       "Tile",        "Slice",
    "Split",   "Gather",  "Identity",  "Dropout",       "DepthToSpace", "SpaceToDepth"};

// Constants of one element, by name.
std::unordered_map<std::string_view, const TensorProto*> single_constants(
    const ::onnx::GraphProto& graph) {
  std::unordered_map<std::string_view, const TensorProto*> constants;
  const auto add = [&](std::string_view name, const TensorProto& tensor) {
    const bool single = tensor.dims_size() == 0 || (tensor.dims_size() == 1 && tensor.dims(0) == 1);
    if (single && tensor.data_location() != TensorProto::EXTERNAL) constants[name] = &tensor;
  };
  for (const TensorProto& tensor : graph.initializer()) add(tensor.name(), tensor);
  for (const NodeProto& node : graph.node()) {
    if (node.op_type() != "Constant" || node.output_size() != 1) continue;
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == "value" && attribute.has_t()) add(node.output(0), attribute.t());
    }
  }
  return constants;
}

std::optional<Tensor> copy_of(const TensorProto* proto) {
  if (proto == nullptr) return std::nullopt;
  TensorProto copy = *proto;
  Result<Tensor> tensor = take_tensor(copy, std::nullopt);
  if (!tensor.ok()) return std::nullopt;
  return std::move(tensor).value();
}

// The type that a QuantizeLinear makes; none where it has several scales or computes them.
std::optional<ElementType> quantized_type(
    const NodeProto& node,
    const std::unordered_map<std::string_view, const TensorProto*>& constants) {
  const auto input = [&](int i) -> const TensorProto* {
    if (i >= node.input_size()) return nullptr;
    const auto found = constants.find(node.input(i));
    return found == constants.end() ? nullptr : found->second;
  };
  const std::optional<Tensor> scale = copy_of(input(1)), zero = copy_of(input(2));
  // Without a zero point, newer operator sets may name the type in an attribute.
  if (!scale || !zero || scale->dtype() != DType::kFloat32) return std::nullopt;
  Quantization quantization{
      scale->as<float>()[0] > 0.0f ? std::vector{scale->as<float>()[0]} : std::vector<float>(),
      {0},
      -1};
  switch (zero->dtype()) {
    case DType::kInt8:
      quantization.zero_point[0] = zero->as<std::int8_t>()[0];
      break;
    case DType::kUint8:
      quantization.zero_point[0] = zero->as<std::uint8_t>()[0];
      break;
    case DType::kInt16:
      quantization.zero_point[0] = zero->as<std::int16_t>()[0];
      break;
    default:
      return std::nullopt;
  }
  if (!check_quantization(quantization, zero->dtype(), Shape{}).ok()) return std::nullopt;
  return ElementType(zero->dtype(), quantization);
}

}  // namespace

bool keeps_stored_numbers(const NodeProto& node) {
  return std::ranges::find(kKeepers, std::string_view(node.op_type())) != kKeepers.end();
}

bool same_type(const ElementType& a, const ElementType& b) {
  if (a.dtype != b.dtype || !a.quantization || !b.quantization) return false;
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point &&
         a.quantization->axis == b.quantization->axis;
}

StoredTypes::StoredTypes(const ::onnx::GraphProto& graph) {
  const auto is_quantize = [](const NodeProto& node) { return node.op_type() == "QuantizeLinear"; };
  if (std::ranges::none_of(graph.node(), is_quantize)) return;
  const auto constants = single_constants(graph);
  std::set<std::string_view> real;  // tensors that somebody reads as real numbers
  for (const auto& output : graph.output()) real.insert(output.name());
  // From the last node to the first: all readers of a tensor are seen before the node that makes
  // it. What readers ask for waits in types_ and is taken back by one that asks for another type.
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const NodeProto& node = graph.node(i);
    std::optional<ElementType> wanted;
    if (is_quantize(node)) {
      wanted = quantized_type(node, constants);
    } else if (keeps_stored_numbers(node) && node.output_size() == 1) {
      if (const ElementType* type = find(node.output(0))) wanted = *type;
    }
    // What the graphs in a node read, they read as real numbers.
    if (std::ranges::any_of(node.attribute(), [](const auto& a) { return a.has_g(); })) {
      for_each_read(node, [&](const std::string& name) {
        real.insert(name);
        types_.erase(name);
      });
    }
    for (int k = 0; k < node.input_size(); ++k) {
      const std::string& name = node.input(k);
      if (k > 0 || !wanted || real.contains(name)) {
        real.insert(name);
        types_.erase(name);
        continue;
      }
      const auto [found, made] = types_.try_emplace(name, *wanted);
      if (made || same_type(found->second, *wanted)) continue;
      real.insert(name);
      types_.erase(found);
    }
  }
}

}  // namespace tinysplit::onnx_format
