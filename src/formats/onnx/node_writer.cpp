#include "formats/onnx/node_writer.h"

#include <algorithm>

namespace tinysplit::onnx_format {

std::vector<std::int64_t> dims_of(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

bool same_numbers(const Value& a, const Value& b) {
  if (a.dtype != b.dtype || a.quantization.has_value() != b.quantization.has_value()) return false;
  return !a.quantization || (a.quantization->scale == b.quantization->scale &&
                             a.quantization->zero_point == b.quantization->zero_point &&
                             a.quantization->axis == b.quantization->axis);
}

bool NodeWriter::is_quantized() const {
  return output().quantization.has_value() || std::ranges::any_of(node_.inputs, [&](ValueId id) {
           return graph_.value(id).quantization.has_value();
         });
}

Order NodeWriter::common_order() const {
  const int rank = output().shape.rank();
  bool any = false;
  for (int i = 0; i < num_inputs(); ++i) {
    if (!value(i).is_constant() && shape(i).rank() != rank) return Order::kGraph;
    any = any || file.is_channels_first(id(i));
  }
  return any && has_channels_first(rank) ? Order::kChannelsFirst : Order::kGraph;
}

Result<std::string> NodeWriter::operand(int i, Order order) {
  const int rank = output().shape.rank();
  const Value& given = value(i);
  // Leading axes of size 1 do not change how a tensor is broadcast in the graph's order.
  if (!given.is_constant() || order == Order::kGraph || given.shape.rank() == rank ||
      given.shape.num_elements() == 1) {
    return real(i, order);
  }
  if (given.quantization && given.quantization->axis >= 0) {
    return unimplemented("broadcasts a constant of several scales");
  }
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank - given.shape.rank()), 1);
  dims.insert(dims.end(), given.shape.dims().begin(), given.shape.dims().end());
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape wide, Shape::create(dims));
  return file.weights(id(i), wide, channels_first_permutation(rank), -1, "constant");
}

std::string NodeWriter::scaled(const std::string& x, float factor, float shift) {
  std::string y = x;
  if (factor != 1.0f) y = binary("Mul", y, file.scalar(factor));
  if (shift != 0.0f) y = binary("Add", y, file.scalar(shift));
  return y;
}

}  // namespace tinysplit::onnx_format
