#pragma once

#include <map>
#include <set>
#include <string>

#include "core/shape.h"
#include "core/status.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/proto.h"
#include "graph/type_inference.h"

namespace tinysplit::onnx_format {

// What the inputs of a model are.
class InputTypes {
 public:
  // Both must outlive it.
  InputTypes(const ::onnx::GraphProto& graph, const OnnxOptions& options);

  // Errors: UNIMPLEMENTED (not a tensor, a type that is not supported).
  Result<ElementType> element_type(const ::onnx::ValueInfoProto& input) const;

  // Errors: UNIMPLEMENTED (a dimension that the file leaves open and that is no batch),
  // OUT_OF_RANGE.
  Result<Shape> shape(const ::onnx::ValueInfoProto& input) const;

 private:
  const OnnxOptions& options_;
  std::set<std::string> batch_names_;
};

}  // namespace tinysplit::onnx_format
