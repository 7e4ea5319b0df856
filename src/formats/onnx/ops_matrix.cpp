#include <algorithm>

#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

Result<Operand> scaled(NodeContext& context, const Operand& x, float factor) {
  if (factor == 1.0f) return x;
  if (!x.is_constant()) {
    return context.add(ActivationOp{ActivationKind::kLinear, factor, 0.0f}, {x});
  }
  if (context.dtype(x) != DType::kFloat32) return unimplemented("scales what is not float32");
  Tensor tensor = x.constant->clone();
  for (float& value : tensor.as<float>()) value *= factor;
  return operand_of(std::move(tensor));
}

// A constant that adds the same vector of `size` to every row.
bool is_row_vector(NodeContext& context, const Operand& c, std::int64_t size) {
  if (!c.is_constant()) return false;
  const Shape shape = context.shape(c);
  return shape.num_elements() == size &&
         (shape.rank() == 1 || (shape.rank() == 2 && shape[0] == 1));
}

}  // namespace

// y = alpha * A' * B' + beta * C.
Status translate_gemm(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  context.attributes.ignore("broadcast");  // before operator set 7; the shapes say it
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, context.attributes.real("alpha", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float beta, context.attributes.real("beta", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_a, context.attributes.flag("transA", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_b, context.attributes.flag("transB", false));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand b, context.input(1));
  if (context.shape(a).rank() != 2 || context.shape(b).rank() != 2) {
    return invalid_argument("multiplies " + context.shape(a).to_string() + " and " +
                            context.shape(b).to_string() + ", needs matrices");
  }
  Operand c;
  if (context.has_input(2) && beta != 0.0f) {
    TINYSPLIT_ASSIGN_OR_RETURN(c, context.input(2));
    TINYSPLIT_ASSIGN_OR_RETURN(c, scaled(context, c, beta));
  }
  Operand y;
  if (b.is_constant() && context.dtype(b) == DType::kFloat32) {
    if (transpose_a) {
      TINYSPLIT_ASSIGN_OR_RETURN(a, context.graph().transpose(a, {1, 0}));
    }
    if (transpose_b) {
      TINYSPLIT_ASSIGN_OR_RETURN(b, context.graph().transpose(b, {1, 0}));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(b, scaled(context, b, alpha));
    std::vector<Operand> operands{a, b};
    const std::int64_t filters = context.shape(b)[1];
    if (c.exists() && is_row_vector(context, c, filters)) {
      TINYSPLIT_ASSIGN_OR_RETURN(c, context.graph().reshape(c, Shape{filters}));
      operands.push_back(c);
      c = Operand();
    }
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(DenseOp{}, operands));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(MatmulOp{transpose_a, transpose_b}, {a, b}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, scaled(context, y, alpha));
  }
  if (c.exists()) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {y, c}));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_matmul(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand b, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, multiply_matrices(context, a, b));
  context.set_output(0, std::move(y));
  return ok_status();
}

Result<Operand> multiply_matrices(NodeContext& context, Operand a, Operand b) {
  const Shape shape_a = context.shape(a), shape_b = context.shape(b);
  if (shape_a.rank() == 0 || shape_b.rank() == 0) return invalid_argument("multiplies a scalar");
  if (shape_a.rank() == 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(a, context.graph().reshape(a, Shape{1, shape_a[0]}));
  }
  if (shape_b.rank() == 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(b, context.graph().reshape(b, Shape{shape_b[0], 1}));
  }
  const bool dense = b.is_constant() && !a.is_constant() && context.shape(b).rank() == 2 &&
                     context.dtype(b) == DType::kFloat32;
  Operand y;
  if (dense) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(DenseOp{}, {a, b}));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(MatmulOp{}, {a, b}));
  }
  // A vector's own axis goes again.
  const Shape full = context.shape(y);
  std::vector<std::int64_t> dims(full.dims().begin(), full.dims().end());
  if (shape_b.rank() == 1) dims.pop_back();
  if (shape_a.rank() == 1) dims.erase(dims.end() - (shape_b.rank() == 1 ? 1 : 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  return context.graph().reshape(y, shape);
}

}  // namespace tinysplit::onnx_format
