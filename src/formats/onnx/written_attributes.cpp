#include "formats/onnx/written_attributes.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::AttributeProto;

AttributeProto named(std::string_view name, AttributeProto::AttributeType type) {
  AttributeProto proto;
  proto.set_name(std::string(name));
  proto.set_type(type);
  return proto;
}

}  // namespace

AttributeProto attribute(std::string_view name, std::int64_t value) {
  AttributeProto proto = named(name, AttributeProto::INT);
  proto.set_i(value);
  return proto;
}

AttributeProto attribute(std::string_view name, int value) {
  return attribute(name, std::int64_t{value});
}

AttributeProto attribute(std::string_view name, float value) {
  AttributeProto proto = named(name, AttributeProto::FLOAT);
  proto.set_f(value);
  return proto;
}

AttributeProto attribute(std::string_view name, std::string_view value) {
  AttributeProto proto = named(name, AttributeProto::STRING);
  proto.set_s(std::string(value));
  return proto;
}

AttributeProto attribute(std::string_view name, const std::vector<std::int64_t>& values) {
  AttributeProto proto = named(name, AttributeProto::INTS);
  for (const std::int64_t value : values) proto.add_ints(value);
  return proto;
}

AttributeProto attribute(std::string_view name, const std::vector<float>& values) {
  AttributeProto proto = named(name, AttributeProto::FLOATS);
  for (const float value : values) proto.add_floats(value);
  return proto;
}

AttributeProto attribute(std::string_view name, const std::vector<std::string>& values) {
  AttributeProto proto = named(name, AttributeProto::STRINGS);
  for (const std::string& value : values) proto.add_strings(value);
  return proto;
}

}  // namespace tinysplit::onnx_format
