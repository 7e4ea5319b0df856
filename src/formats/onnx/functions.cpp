#include "formats/onnx/functions.h"

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "core/limits.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/subgraphs.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::NodeProto;
using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;
using google::protobuf::UnknownFieldSet;

// Fields of onnx.proto that are newer than the library.
constexpr int kNodeOverload = 8;
constexpr int kFunctionAttributeDefaults = 11;
constexpr int kFunctionOverload = 13;

std::string unknown_text(const UnknownFieldSet& fields, int number) {
  std::string text;
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == number &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      text = field.length_delimited();
    }
  }
  return text;
}

std::string domain_of(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

std::string shown(const std::string& name) {
  return is_printable_utf8(name) ? "\"" + name.substr(0, limits::kMaxNameBytes) + "\"" : "\"?\"";
}

class Inliner {
 public:
  explicit Inliner(::onnx::ModelProto& model) : model_(model) {}

  Result<std::vector<int>> run() {
    for (const FunctionProto& function : model_.functions()) {
      const std::string overload = unknown_text(function.unknown_fields(), kFunctionOverload);
      functions_[{domain_of(function.domain()), function.name(), overload}] = &function;
    }
    const int opset = default_opset(model_);
    Nodes& nodes = *model_.mutable_graph()->mutable_node();
    std::vector<int> opsets(static_cast<std::size_t>(nodes.size()), opset);
    if (functions_.empty()) return opsets;
    opsets.clear();
    Nodes expanded;
    for (NodeProto& node : nodes) {
      TINYSPLIT_RETURN_IF_ERROR(expand(node, opset, 0, expanded, opsets));
    }
    nodes.Swap(&expanded);
    return opsets;
  }

 private:
  using Defaults = std::map<std::string, AttributeProto>;

  const FunctionProto* find(const NodeProto& node) const {
    const auto found = functions_.find({domain_of(node.domain()), node.op_type(),
                                        unknown_text(node.unknown_fields(), kNodeOverload)});
    return found == functions_.end() ? nullptr : found->second;
  }

  // Appends the node, or what it stands for. Nodes of nested graphs take the operator set of the
  // node that holds the graph.
  Status expand(NodeProto& node, int opset, int depth, Nodes& out, std::vector<int>& opsets);
  Status expand_graph(::onnx::GraphProto& graph, int opset, int depth);
  Status call(const FunctionProto& function, NodeProto& node, int opset, int depth, Nodes& out,
              std::vector<int>& opsets);
  Status spend(std::size_t nodes, std::size_t bytes);
  Result<Defaults> arguments_of(const FunctionProto& function, const NodeProto& node) const;
  static void resolve_attributes(NodeProto& node, const Defaults& arguments);

  ::onnx::ModelProto& model_;
  std::map<std::tuple<std::string, std::string, std::string>, const FunctionProto*> functions_;
  std::size_t nodes_ = 0, bytes_ = 0, calls_ = 0;
};

Status Inliner::spend(std::size_t nodes, std::size_t bytes) {
  nodes_ += nodes;
  bytes_ += bytes;
  if (nodes_ <= limits::kMaxNodes && bytes_ <= limits::kMaxModelFileBytes) return ok_status();
  return resource_exhausted("the functions of the model expand to more than " +
                            std::to_string(limits::kMaxNodes) + " nodes or " +
                            std::to_string(limits::kMaxModelFileBytes) + " bytes");
}

Status Inliner::expand(NodeProto& node, int opset, int depth, Nodes& out,
                       std::vector<int>& opsets) {
  if (const FunctionProto* function = find(node)) {
    return call(*function, node, opset, depth, out, opsets);
  }
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) {
      TINYSPLIT_RETURN_IF_ERROR(expand_graph(*attribute.mutable_g(), opset, depth));
    }
    for (auto& graph : *attribute.mutable_graphs()) {
      TINYSPLIT_RETURN_IF_ERROR(expand_graph(graph, opset, depth));
    }
  }
  out.Add()->Swap(&node);
  opsets.push_back(opset);
  return ok_status();
}

Status Inliner::expand_graph(::onnx::GraphProto& graph, int opset, int depth) {
  Nodes expanded;
  std::vector<int> ignored;
  for (NodeProto& node : *graph.mutable_node()) {
    TINYSPLIT_RETURN_IF_ERROR(expand(node, opset, depth, expanded, ignored));
  }
  graph.mutable_node()->Swap(&expanded);
  return ok_status();
}

// What the function's attributes are in this call: given, or their defaults.
Result<Inliner::Defaults> Inliner::arguments_of(const FunctionProto& function,
                                                const NodeProto& node) const {
  Defaults arguments;
  const UnknownFieldSet& newer = function.unknown_fields();
  for (int i = 0; i < newer.field_count(); ++i) {
    if (newer.field(i).number() != kFunctionAttributeDefaults ||
        newer.field(i).type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    AttributeProto attribute;
    if (!attribute.ParsePartialFromString(newer.field(i).length_delimited())) {
      return invalid_argument("function " + shown(function.name()) + " has a damaged attribute");
    }
    arguments[attribute.name()] = attribute;
  }
  for (const AttributeProto& attribute : node.attribute()) {
    arguments[attribute.name()] = attribute;
  }
  return arguments;
}

// An attribute that refers to one that the call does not give is left out.
void Inliner::resolve_attributes(NodeProto& node, const Defaults& arguments) {
  google::protobuf::RepeatedPtrField<AttributeProto> resolved;
  for (AttributeProto& attribute : *node.mutable_attribute()) {
    if (!attribute.ref_attr_name().empty()) {
      const auto found = arguments.find(attribute.ref_attr_name());
      if (found == arguments.end()) continue;
      AttributeProto* copy = resolved.Add();
      *copy = found->second;
      copy->set_name(attribute.name());
      continue;
    }
    const auto resolve_graph = [&](::onnx::GraphProto& graph) {
      for (NodeProto& inner : *graph.mutable_node()) resolve_attributes(inner, arguments);
    };
    if (attribute.has_g()) resolve_graph(*attribute.mutable_g());
    for (auto& graph : *attribute.mutable_graphs()) resolve_graph(graph);
    resolved.Add()->Swap(&attribute);
  }
  node.mutable_attribute()->Swap(&resolved);
}

Status Inliner::call(const FunctionProto& function, NodeProto& node, int opset, int depth,
                     Nodes& out, std::vector<int>& opsets) {
  if (depth >= limits::kMaxProtobufDepth) {
    return invalid_argument("the calls of function " + shown(function.name()) +
                            " go in a circle, or deeper than " +
                            std::to_string(limits::kMaxProtobufDepth));
  }
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size()) {
    return invalid_argument("function " + shown(function.name()) +
                            " is called with more inputs or outputs than it has");
  }
  TINYSPLIT_RETURN_IF_ERROR(
      spend(static_cast<std::size_t>(function.node_size()), function.ByteSizeLong()));
  for (const auto& import : function.opset_import()) {
    if (!domain_of(import.domain()).empty()) continue;
    TINYSPLIT_RETURN_IF_ERROR(check_opset(import.version()));
    opset = static_cast<int>(import.version());
  }
  std::string caller = (node.name().empty() ? function.name() : node.name()) + "/";
  if (caller.size() > limits::kMaxNameBytes / 2) caller.clear();
  // Two calls may have one name, or none.
  const std::string prefix = caller + std::to_string(++calls_) + "/";

  std::map<std::string, std::string> names;
  for (int i = 0; i < function.input_size(); ++i) {
    names[function.input(i)] = i < node.input_size() ? node.input(i) : "";
  }
  std::set<std::string> made;
  for (const NodeProto& inner : function.node()) {
    made.insert(inner.output().begin(), inner.output().end());
  }
  std::vector<NodeProto> copies;
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty()) continue;
    if (made.contains(function.output(i)) &&
        names.try_emplace(function.output(i), node.output(i)).second) {
      continue;
    }
    // An input that goes through, or one result under two names.
    NodeProto& through = copies.emplace_back();
    through.set_op_type("Identity");
    through.add_input(function.output(i));
    through.add_output(prefix + "output_" + std::to_string(i));
    names[through.output(0)] = node.output(i);
  }
  copies.insert(copies.begin(), function.node().begin(), function.node().end());
  TINYSPLIT_ASSIGN_OR_RETURN(const Defaults arguments, arguments_of(function, node));
  const auto rename = [&](const std::string& name) {
    const auto found = names.find(name);
    return found == names.end() ? prefix + name : found->second;
  };
  for (NodeProto& copy : copies) {
    resolve_attributes(copy, arguments);
    rename_tensors(copy, rename);
    copy.set_name(caller + (copy.name().empty() ? copy.op_type() : copy.name()));
    // Attributes of the call may have made it larger than it was in the function.
    TINYSPLIT_RETURN_IF_ERROR(spend(0, copy.ByteSizeLong()));
    TINYSPLIT_RETURN_IF_ERROR(expand(copy, opset, depth + 1, out, opsets));
  }
  return ok_status();
}

}  // namespace

Result<std::vector<int>> inline_functions(::onnx::ModelProto& model) {
  return Inliner(model).run();
}

}  // namespace tinysplit::onnx_format
