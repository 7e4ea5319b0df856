#include "graph/shape_inference.h"

#include <algorithm>
#include <string>

#include "graph/shape_rules.h"

namespace tinysplit {

Result<Shape> infer_shape(const Op& op, std::span<const Value* const> inputs) {
  return std::visit([&](const auto& concrete) { return shape_rules::infer(concrete, inputs); }, op);
}

std::int64_t count_macs(const Op& op, std::span<const Value* const> inputs, const Shape& output) {
  if (std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<Conv3dOp>(op)) {
    const Shape& kernel = inputs[1]->shape;
    return output.num_elements() * (kernel.num_elements() / kernel[kernel.rank() - 1]);
  }
  if (std::holds_alternative<ConvTranspose2dOp>(op)) {
    const Shape& kernel = inputs[1]->shape;
    return inputs[0]->shape.num_elements() * kernel[0] * kernel[1] * kernel[2];
  }
  if (std::holds_alternative<DenseOp>(op)) {
    return output.num_elements() * inputs[1]->shape[0];
  }
  if (const auto* matmul = std::get_if<MatmulOp>(&op)) {
    const Shape& a = inputs[0]->shape;
    return output.num_elements() * a[a.rank() - (matmul->transpose_a ? 2 : 1)];
  }
  if (std::holds_alternative<RecurrentOp>(op)) {
    const Shape& x = inputs[0]->shape;
    return x[0] * x[1] * (inputs[1]->shape.num_elements() + inputs[2]->shape.num_elements());
  }
  return 0;
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
  for (int i = 0; i < rank; ++i) {
    const int from_a = i - (rank - a.rank());
    const int from_b = i - (rank - b.rank());
    const std::int64_t in_a = from_a < 0 ? 1 : a[from_a];
    const std::int64_t in_b = from_b < 0 ? 1 : b[from_b];
    if (in_a != in_b && in_a != 1 && in_b != 1) {
      return invalid_argument("cannot broadcast " + a.to_string() + " and " + b.to_string());
    }
    dims[static_cast<std::size_t>(i)] = in_a == 1 ? in_b : in_a;
  }
  return Shape::create(dims);
}

}  // namespace tinysplit
