#include "formats/onnx/input_types.h"

#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {

InputTypes::InputTypes(const ::onnx::GraphProto& graph, const OnnxOptions& options)
    : options_(options) {
  for (const auto& input : graph.input()) {
    const auto& shape = input.type().tensor_type().shape();
    if (shape.dim_size() > 0 && !shape.dim(0).dim_param().empty()) {
      batch_names_.insert(shape.dim(0).dim_param());
    }
  }
}

Result<ElementType> InputTypes::element_type(const ::onnx::ValueInfoProto& input) const {
  if (!input.type().has_tensor_type()) return unimplemented("is not a tensor");
  TINYSPLIT_ASSIGN_OR_RETURN(const DType dtype, dtype_of(input.type().tensor_type().elem_type()));
  return ElementType(dtype);
}

Result<Shape> InputTypes::shape(const ::onnx::ValueInfoProto& input) const {
  const auto& type = input.type().tensor_type();
  if (!type.has_shape()) {
    return unimplemented("has no shape; export the model with the shapes of its inputs");
  }
  std::vector<std::int64_t> dims;
  for (int i = 0; i < type.shape().dim_size(); ++i) {
    const auto& dim = type.shape().dim(i);
    const std::string& name = dim.dim_param();
    const auto given = options_.dimensions.find(name);
    if (dim.has_dim_value() && (dim.dim_value() > 0 || i > 0)) {
      dims.push_back(dim.dim_value());
    } else if (!name.empty() && given != options_.dimensions.end()) {
      dims.push_back(given->second);
    } else if (i == 0 || batch_names_.contains(name)) {
      dims.push_back(1);
    } else {
      return unimplemented("dimension " + std::to_string(i) +
                           (name.empty() ? "" : " (\"" + name + "\")") +
                           " has no fixed size; export the model with one, or set it with "
                           "onnx.tools.update_model_dims");
    }
  }
  return Shape::create(dims);
}

}  // namespace tinysplit::onnx_format
