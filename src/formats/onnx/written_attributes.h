#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// An attribute of a node, of the type that its value has.
::onnx::AttributeProto attribute(std::string_view name, std::int64_t value);
::onnx::AttributeProto attribute(std::string_view name, int value);
::onnx::AttributeProto attribute(std::string_view name, float value);
::onnx::AttributeProto attribute(std::string_view name, std::string_view value);
::onnx::AttributeProto attribute(std::string_view name, const std::vector<std::int64_t>& values);
::onnx::AttributeProto attribute(std::string_view name, const std::vector<float>& values);
::onnx::AttributeProto attribute(std::string_view name, const std::vector<std::string>& values);

}  // namespace tinysplit::onnx_format
