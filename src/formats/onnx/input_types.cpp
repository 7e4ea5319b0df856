#include "formats/onnx/input_types.h"

#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {

Result<ElementType> element_type_of(const ::onnx::ValueInfoProto& input) {
  if (!input.type().has_tensor_type()) return unimplemented("is not a tensor");
  TINYSPLIT_ASSIGN_OR_RETURN(const DType dtype,
                             computed_dtype_of(input.type().tensor_type().elem_type()));
  return ElementType(dtype);
}

DeclaredInput declared_input(const ::onnx::ValueInfoProto& input) {
  DeclaredInput declared;
  declared.name = input.name();
  const auto& type = input.type().tensor_type();
  declared.has_rank = type.has_shape();
  for (int i = 0; i < type.shape().dim_size(); ++i) {
    const auto& dim = type.shape().dim(i);
    // Exporters also write a batch of 0, or sizes of -1, for those that are open.
    const bool open =
        !dim.has_dim_value() || dim.dim_value() < 0 || (i == 0 && dim.dim_value() == 0);
    declared.sizes.push_back(open ? kOpenSize : dim.dim_value());
    declared.names.push_back(dim.dim_param());
  }
  return declared;
}

}  // namespace tinysplit::onnx_format
