#include <algorithm>
#include <array>

#include "formats/onnx/inner_node.h"
#include "formats/onnx/integer_products.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/quantization.h"

// Operators of com.microsoft on stored numbers, as ONNX Runtime's quantize_static writes them with
// QuantFormat.QOperator: the operators of real numbers between them.
namespace tinysplit::onnx_format {
namespace {

struct StoredForm {
  std::string_view name;
  std::string_view real;
  int operands;  // 0: as many as there are, behind scale and zero point of the output
};

constexpr std::array<StoredForm, 9> kForms{{
    {"QLinearAdd", "Add", 2},
    {"QLinearMul", "Mul", 2},
    {"QLinearAveragePool", "AveragePool", 1},
    {"QLinearGlobalAveragePool", "GlobalAveragePool", 1},
    {"QLinearLeakyRelu", "LeakyRelu", 1},
    {"QLinearSigmoid", "Sigmoid", 1},
    {"QLinearSoftmax", "Softmax", 1},
    {"QLinearConcat", "Concat", 0},
    {"QLinearWhere", "Where", 2},
}};

// Input `at` of the node, whose scale and zero point follow it, as real numbers.
Result<FileTensor> real_input(NodeContext& context, int at) {
  for (int i = at; i < at + 2; ++i) {
    if (!context.has_input(i)) {
      return invalid_argument("input " + std::to_string(i) + " is missing");
    }
  }
  const FileTensor& stored = *context.tensor(at);
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization type,
                             quantization_of(context, at + 1, at + 2, 0, context.shape(at)));
  if (type.axis >= 0) return unimplemented("has several scales for one input");
  FileTensor real;
  real.rank = stored.rank;
  const bool file = existing_layout(stored) == Layout::kFile;
  TINYSPLIT_ASSIGN_OR_RETURN((file ? real.file : real.channels_last),
                             dequantized(context.graph(), existing_operand(stored), type));
  return real;
}

Status set_stored(NodeContext& context, const FileTensor& real, int scale, DType fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization to,
                             quantization_of(context, scale, scale + 1, 0, Shape{1}));
  if (to.axis >= 0) return unimplemented("has several scales for its output");
  const DType dtype = context.has_input(scale + 1) ? context.dtype(scale + 1) : fallback;
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             quantized(context.graph(), existing_operand(real), dtype, to));
  set_output_like(context, real, std::move(y));
  return ok_status();
}

}  // namespace

Status translate_qlinear(NodeContext& context) {
  const auto* form = std::ranges::find(kForms, std::string_view(context.kind()), &StoredForm::name);
  if (form == kForms.end()) return unimplemented("the operator is not supported");
  const bool joins = form->operands == 0, selects = form->real == "Where";
  const int first = joins ? 2 : selects ? 1 : 0;
  const int count = joins ? (context.num_inputs() - 2) / 3 : form->operands;
  const int scale = joins ? 0 : first + 3 * count;
  if (count < 1 || !context.has_input(scale) || (selects && !context.has_input(0))) {
    return invalid_argument("has too few inputs");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const bool last, context.attributes.flag("channels_last", false));
  if (last) return context.attributes.unsupported("channels_last");
  std::vector<FileTensor> reals(static_cast<std::size_t>(count));
  std::vector<FileTensor*> inputs;
  if (selects) inputs.push_back(context.tensor(0));
  for (int i = 0; i < count; ++i) {
    FileTensor& real = reals[static_cast<std::size_t>(i)];
    TINYSPLIT_ASSIGN_OR_RETURN(real, real_input(context, first + 3 * i));
    inputs.push_back(&real);
  }
  // The operator set whose meaning a softmax has.
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t opset,
                             context.attributes.integer("opset", context.opset));
  TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor y,
                             run_inner(context, form->real, opset < 13 ? 12 : context.opset,
                                       std::move(inputs), {"channels_last", "opset"}));
  return set_stored(context, y, scale, context.dtype(first));
}

namespace {

// A bias of int32 in steps of alpha * a * b.
Result<std::optional<std::vector<double>>> bias_of_gemm(NodeContext& context, double alpha,
                                                        const Quantization& a,
                                                        const Quantization& b) {
  if (!context.has_input(6)) return std::optional<std::vector<double>>();
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, context.constant(6, "its bias"));
  if (tensor->dtype() != DType::kInt32) return invalid_argument("has a bias that is not int32");
  std::vector<double> bias;
  for (const std::int32_t steps : tensor->as<std::int32_t>()) {
    bias.push_back(alpha * steps * double{a.scale[0]} * b.scale[bias.size() % b.scale.size()]);
  }
  return std::optional(std::move(bias));
}

}  // namespace

// Inputs: a, b with their scales and zero points, bias, scale and zero point of the output; without
// those the output is real.
Status translate_qgemm(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(6, 9));
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, context.attributes.real("alpha", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_a, context.attributes.flag("transA", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_b, context.attributes.flag("transB", false));
  const Shape shape_a = context.shape(0), shape_b = context.shape(3);
  if (shape_a.rank() != 2 || shape_b.rank() != 2) return invalid_argument("needs matrices");
  const int filter_axis = transpose_b ? 0 : 1;
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization of_a, quantization_of(context, 1, 2, 0, shape_a));
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization of_b,
                             quantization_of(context, 4, 5, filter_axis, shape_b));
  if (of_a.axis >= 0) return unimplemented("has several scales for its first matrix");
  TINYSPLIT_ASSIGN_OR_RETURN(const auto bias, bias_of_gemm(context, alpha, of_a, of_b));
  const bool stored = context.has_input(7);
  const std::int64_t filters = shape_b[filter_axis];
  if (stored && alpha == 1.0f && !transpose_a && context.is_constant(3) &&
      shape_a[1] == shape_b[1 - filter_axis] && (!bias || std::ssize(*bias) == filters)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Quantization to, quantization_of(context, 7, 8, 0, Shape{1}));
    const DType dtype = context.has_input(8) ? context.dtype(8) : context.dtype(0);
    const IntegerProduct product{ElementType(context.dtype(0), of_a), context.dtype(3), of_b,
                                 ElementType(dtype, to), shape_a[1]};
    if (fits_integers(product)) {
      TINYSPLIT_ASSIGN_OR_RETURN(Operand kernel, context.input(3));
      if (transpose_b) {
        TINYSPLIT_ASSIGN_OR_RETURN(kernel, context.graph().transpose(kernel, {1, 0}));
      }
      TINYSPLIT_ASSIGN_OR_RETURN(Operand x, context.input(0));
      TINYSPLIT_ASSIGN_OR_RETURN(x, with_quantization(context.graph(), x, of_a));
      TINYSPLIT_ASSIGN_OR_RETURN(
          Operand y, add_integer_product(context.graph(), DenseOp{}, product, x, kernel, bias));
      context.set_output(0, std::move(y));
      return ok_status();
    }
  }
  FileTensor a, b, c;
  a.rank = b.rank = 2;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_b, context.input(3));
  TINYSPLIT_ASSIGN_OR_RETURN(a.file, dequantized(context.graph(), stored_a, of_a));
  TINYSPLIT_ASSIGN_OR_RETURN(b.file, dequantized(context.graph(), stored_b, of_b));
  std::vector<FileTensor*> inputs{&a, &b};
  if (bias) {
    Tensor real(DType::kFloat32, context.shape(6));
    std::ranges::transform(*bias, real.as<float>().begin(),
                           [](double value) { return static_cast<float>(value); });
    c.rank = real.shape().rank();
    c.file = operand_of(std::move(real));
    inputs.push_back(&c);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor y,
                             run_inner(context, "Gemm", context.opset, std::move(inputs)));
  if (stored) return set_stored(context, y, 7, context.dtype(0));
  set_output_like(context, y, existing_operand(y));
  return ok_status();
}

namespace {

// b: an input of stored numbers, whose zero points are one for all or one for each column.
Result<Operand> centered_matrix(NodeContext& context, int input, int zero_point) {
  const bool several =
      context.has_input(zero_point) && context.shape(zero_point).num_elements() > 1;
  const Shape columns = several ? Shape{context.shape(zero_point).num_elements()} : Shape{};
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored, context.input(input));
  return centered(context, stored, zero_point, columns);
}

// product * a's scale * b's scale + bias.
Status set_scaled(NodeContext& context, Operand product, const Operand& scale_a, int scale_b,
                  int bias) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand of_b, context.input(scale_b));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand scale,
                             context.add(BinaryOp{BinaryKind::kMultiply}, {scale_a, of_b}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             context.add(BinaryOp{BinaryKind::kMultiply}, {product, scale}));
  if (context.has_input(bias)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand shift, context.input(bias));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {y, shift}));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace

// Inputs: a, b, their scales, their zero points, bias.
Status translate_matmul_integer_to_float(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(4, 7));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, centered(context, stored, 4, Shape{}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand b, centered_matrix(context, 1, 5));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand product, multiply_matrices(context, a, b));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand scale, context.input(2));
  return set_scaled(context, product, scale, 3, 6);
}

// Inputs: a (real), b, its scale and zero point, bias.
Status translate_dynamic_quantize_matmul(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 5));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand real, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const DynamicNumbers a, quantized_dynamically(context, real));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand distance, context.add(BinaryOp{BinaryKind::kSubtract},
                                                                 {a.numbers, a.zero_point}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand b, centered_matrix(context, 1, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand product, multiply_matrices(context, distance, b));
  return set_scaled(context, product, a.scale, 2, 4);
}

}  // namespace tinysplit::onnx_format
