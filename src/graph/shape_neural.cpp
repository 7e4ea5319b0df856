#include <algorithm>
#include <array>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {

Result<Shape> infer(const DenseOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", 2));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  if (x.shape.rank() < 2 || x.shape[x.shape.rank() - 1] != kernel.shape[0]) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " does not fit its input " +
                            x.shape.to_string());
  }
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", kernel.shape[1]));
  }
  Shape out = x.shape;
  out[out.rank() - 1] = kernel.shape[1];
  return Shape::create(out.dims());
}

Result<Shape> infer(const MatmulOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  const Shape& a = inputs[0]->shape;
  const Shape& b = inputs[1]->shape;
  if (a.rank() < 2 || b.rank() < 2) {
    return invalid_argument("multiplies " + a.to_string() + " and " + b.to_string() +
                            ", needs matrices");
  }
  const std::int64_t rows = a[a.rank() - (op.transpose_a ? 1 : 2)];
  const std::int64_t inner = a[a.rank() - (op.transpose_a ? 2 : 1)];
  const std::int64_t inner_b = b[b.rank() - (op.transpose_b ? 1 : 2)];
  const std::int64_t columns = b[b.rank() - (op.transpose_b ? 2 : 1)];
  if (inner != inner_b) {
    return invalid_argument("cannot multiply " + a.to_string() + " and " + b.to_string());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape outer_a,
                             Shape::create(a.dims().first(a.dims().size() - 2)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape outer_b,
                             Shape::create(b.dims().first(b.dims().size() - 2)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape outer, broadcast_shapes(outer_a, outer_b));
  std::vector<std::int64_t> dims(outer.dims().begin(), outer.dims().end());
  dims.push_back(rows);
  dims.push_back(columns);
  return Shape::create(dims);
}

Result<Shape> infer(const ChannelAffineOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 3, 3));
  const Shape& x = inputs[0]->shape;
  if (x.rank() < 1) return invalid_argument("its input has no channels");
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[1], "its scale", x[x.rank() - 1]));
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its shift", x[x.rank() - 1]));
  return x;
}

Result<Shape> infer(const NormalizeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_axes(op.axes, inputs[0]->shape));
  return inputs[0]->shape;
}

Result<Shape> infer(const SoftmaxOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_axis(op.axis, inputs[0]->shape));
  return inputs[0]->shape;
}

namespace {

std::int64_t gate_count(RecurrentKind kind) {
  switch (kind) {
    case RecurrentKind::kSimple:
      return 1;
    case RecurrentKind::kGru:
      return 3;
    case RecurrentKind::kLstm:
      return 4;
  }
  return 0;
}

Status expect_matrix(const Value& value, const char* what, std::int64_t rows,
                     std::int64_t columns) {
  if (value.shape == Shape({rows, columns})) return ok_status();
  return invalid_argument(std::string(what) + " has shape " + value.shape.to_string() + ", needs " +
                          Shape({rows, columns}).to_string());
}

}  // namespace

Result<Shape> infer(const RecurrentOp& op, Inputs inputs) {
  const bool lstm = op.kind == RecurrentKind::kLstm;
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, lstm ? 7 : 6, lstm ? 8 : 6));
  const Shape& x = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 3));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[2], "its recurrent kernel", 2));
  const std::int64_t units = inputs[2]->shape[0];
  const std::int64_t gates = gate_count(op.kind) * units;
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(*inputs[1], "its kernel"));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(*inputs[2], "its recurrent kernel"));
  TINYSPLIT_RETURN_IF_ERROR(expect_matrix(*inputs[1], "its kernel", x[2], gates));
  TINYSPLIT_RETURN_IF_ERROR(expect_matrix(*inputs[2], "its recurrent kernel", units, gates));
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[3], "its bias", gates));
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[4], "its recurrent bias", gates));
  TINYSPLIT_RETURN_IF_ERROR(expect_matrix(*inputs[5], "its initial state", x[0], units));
  if (lstm) {
    TINYSPLIT_RETURN_IF_ERROR(expect_matrix(*inputs[6], "its initial cell state", x[0], units));
  }
  if (inputs.size() == 8) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[7], "its peephole weights", 3 * units));
  }
  if (op.append_cell && !lstm) return invalid_argument("has no cell state");
  return Shape::create(std::array{x[0], x[1] + (op.append_cell ? 1 : 0), units});
}

}  // namespace tinysplit::shape_rules
