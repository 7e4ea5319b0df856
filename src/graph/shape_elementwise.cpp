#include <algorithm>
#include <array>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {

Result<Shape> infer(const ActivationOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

Result<Shape> infer(const PreluOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(*inputs[1], "its slope"));
  const Result<Shape> both = broadcast_shapes(inputs[0]->shape, inputs[1]->shape);
  if (!both.ok() || !(*both == inputs[0]->shape)) {
    return invalid_argument("its slope " + inputs[1]->shape.to_string() +
                            " does not fit its input " + inputs[0]->shape.to_string());
  }
  return inputs[0]->shape;
}

Result<Shape> infer(const UnaryOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

Result<Shape> infer(const BinaryOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  return broadcast_shapes(inputs[0]->shape, inputs[1]->shape);
}

Result<Shape> infer(const SelectOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 3, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape both,
                             broadcast_shapes(inputs[1]->shape, inputs[2]->shape));
  return broadcast_shapes(inputs[0]->shape, both);
}

Result<Shape> infer(const CastOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

Result<Shape> infer(const QuantizeOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

Result<Shape> infer(const DequantizeOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

}  // namespace tinysplit::shape_rules
