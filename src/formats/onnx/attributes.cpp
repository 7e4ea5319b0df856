#include "formats/onnx/attributes.h"

#include "formats/onnx/model_proto.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::AttributeProto;

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

AttributeProto* Attributes::find(std::string_view name) const {
  for (AttributeProto& attribute : *node_.mutable_attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

Result<AttributeProto*> Attributes::take(std::string_view name,
                                         AttributeProto::AttributeType type) {
  known_.insert(std::string(name));
  AttributeProto* attribute = find(name);
  if (attribute == nullptr) return attribute;
  if (!attribute->ref_attr_name().empty()) {
    return unimplemented("attribute " + in_quotes(name) + " refers to one of a function");
  }
  // Files of IR version 1 do not state the type.
  if (attribute->type() != type && attribute->type() != AttributeProto::UNDEFINED) {
    return invalid_argument("attribute " + in_quotes(name) + " is not of type " +
                            AttributeProto::AttributeType_Name(type));
  }
  return attribute;
}

Result<std::int64_t> Attributes::integer(std::string_view name, std::int64_t fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::INT));
  return attribute == nullptr ? fallback : attribute->i();
}

Result<bool> Attributes::flag(std::string_view name, bool fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t value, integer(name, fallback ? 1 : 0));
  return value != 0;
}

Result<float> Attributes::real(std::string_view name, float fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::FLOAT));
  return attribute == nullptr ? fallback : attribute->f();
}

Result<std::string> Attributes::word(std::string_view name, const std::string& fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::STRING));
  return attribute == nullptr ? fallback : attribute->s();
}

Result<std::vector<std::int64_t>> Attributes::integers(std::string_view name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::INTS));
  if (attribute == nullptr) return std::vector<std::int64_t>();
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

Result<std::vector<float>> Attributes::reals(std::string_view name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::FLOATS));
  if (attribute == nullptr) return std::vector<float>();
  return std::vector<float>(attribute->floats().begin(), attribute->floats().end());
}

Result<std::vector<std::string>> Attributes::words(std::string_view name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const AttributeProto* attribute, take(name, AttributeProto::STRINGS));
  if (attribute == nullptr) return std::vector<std::string>();
  return std::vector<std::string>(attribute->strings().begin(), attribute->strings().end());
}

Result<::onnx::TensorProto*> Attributes::tensor(std::string_view name) {
  TINYSPLIT_ASSIGN_OR_RETURN(AttributeProto * attribute, take(name, AttributeProto::TENSOR));
  if (attribute == nullptr) return not_found("attribute " + in_quotes(name) + " is missing");
  return attribute->mutable_t();
}

Status Attributes::unsupported(std::string_view name) const {
  std::string value;
  if (const AttributeProto* attribute = find(name)) {
    if (attribute->type() == AttributeProto::INT) value = " = " + std::to_string(attribute->i());
    if (attribute->type() == AttributeProto::FLOAT) value = " = " + std::to_string(attribute->f());
    if (attribute->type() == AttributeProto::STRING && attribute->s().size() < 64 &&
        is_printable_utf8(attribute->s())) {
      value = " = " + in_quotes(attribute->s());
    }
  }
  return unimplemented("attribute " + in_quotes(name) + value + " is not supported");
}

Status Attributes::expect_all_known() const {
  for (const AttributeProto& attribute : node_.attribute()) {
    if (!known_.contains(attribute.name())) return unsupported(attribute.name());
  }
  return ok_status();
}

}  // namespace tinysplit::onnx_format
