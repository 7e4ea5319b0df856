#include <algorithm>
#include <array>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {

Result<Shape> infer(const ReduceOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  const Shape& x = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_axes(op.axes, x));
  std::vector<std::int64_t> dims;
  for (int i = 0; i < x.rank(); ++i) {
    if (std::ranges::count(op.axes, i) == 0) {
      dims.push_back(x[i]);
    } else if (op.keep_dims) {
      dims.push_back(1);
    }
  }
  return Shape::create(dims);
}

Result<Shape> infer(const ArgReduceOp& op, Inputs inputs) {
  return infer(ReduceOp{ReduceKind::kMax, {op.axis}, op.keep_dims}, inputs);
}

Result<Shape> infer(const CumulativeSumOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_axis(op.axis, inputs[0]->shape));
  return inputs[0]->shape;
}

}  // namespace tinysplit::shape_rules
