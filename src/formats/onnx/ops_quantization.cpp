#include <algorithm>
#include <array>

#include "core/numeric.h"
#include "formats/onnx/common_operands.h"
#include "formats/onnx/convolution.h"
#include "formats/onnx/integer_products.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/quantization.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

Quantization in_layout(Quantization quantization, const CommonOperands& x) {
  if (quantization.axis >= 0 && x.layout == Layout::kChannelsLast) {
    quantization.axis = axis_in_channels_last(quantization.axis, x.rank);
  }
  return quantization;
}

}  // namespace

Result<Operand> centered(NodeContext& context, const Operand& x, int zero_point,
                         const Shape& zero_shape) {
  TINYSPLIT_ASSIGN_OR_RETURN(Operand real, context.add(CastOp{DType::kFloat32}, {x}));
  if (!context.has_input(zero_point)) return real;
  TINYSPLIT_ASSIGN_OR_RETURN(Operand zero, context.input(zero_point));
  TINYSPLIT_ASSIGN_OR_RETURN(zero, context.add(CastOp{DType::kFloat32}, {zero}));
  TINYSPLIT_ASSIGN_OR_RETURN(zero, context.graph().reshape(zero, zero_shape));
  return context.add(BinaryOp{BinaryKind::kSubtract}, {real, zero});
}

Status translate_quantize_linear(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  context.attributes.ignore("saturate");  // of 8 bit floats
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t axis, context.attributes.integer("axis", 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t type,
                             context.attributes.integer("output_dtype", 0));
  DType dtype = context.has_input(2) ? context.dtype(2) : DType::kUint8;
  if (type != 0) {
    TINYSPLIT_ASSIGN_OR_RETURN(dtype, dtype_of(type < 0 || type > 1000 ? 0 : int(type)));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization quantization,
                             quantization_of(context, 1, 2, axis, context.shape(0)));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y, quantized(context.graph(), x.operands[0], dtype, in_layout(quantization, x)));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

Status translate_dequantize_linear(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t axis, context.attributes.integer("axis", 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization quantization,
                             quantization_of(context, 1, 2, axis, context.shape(0)));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  const Quantization there = in_layout(quantization, x);
  const bool plain = there.axis < 0 && dtype_size(context.dtype(0)) <= 2;
  if (!plain && !x.operands[0].is_constant()) {
    TINYSPLIT_ASSIGN_OR_RETURN(Operand y, dequantized(context.graph(), x.operands[0], there));
    set_common_output(context, x, std::move(y));
    return ok_status();
  }
  // Nothing is computed before something reads the real numbers.
  FileTensor numbers;
  numbers.rank = context.shape(0).rank();
  const bool last = x.layout == Layout::kChannelsLast;
  TINYSPLIT_ASSIGN_OR_RETURN((last ? numbers.channels_last : numbers.file),
                             with_quantization(context.graph(), x.operands[0], there));
  context.set_stored_output(0, std::move(numbers));
  return ok_status();
}

// scale = (max - min) / 255 over x and 0, or 1 where that is 0; zero point = round(-min / scale)
// within 0..255.
Result<DynamicNumbers> quantized_dynamically(NodeContext& context, const Operand& x) {
  std::vector<int> axes;
  for (int i = 0; i < context.shape(x).rank(); ++i) axes.push_back(i);
  const auto bound = [&](ReduceKind kind, float low, float high) -> Result<Operand> {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand found, context.add(ReduceOp{kind, axes, false}, {x}));
    return context.add(ActivationOp{ActivationKind::kClip, low, high}, {found});
  };
  const auto binary = [&](BinaryKind kind, const Operand& a, const Operand& b) {
    return context.add(BinaryOp{kind}, {a, b});
  };
  const ActivationOp saturate{ActivationKind::kClip, 0.0f, 255.0f};
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand most, bound(ReduceKind::kMax, 0.0f, kInfinity));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand least, bound(ReduceKind::kMin, -kInfinity, 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand range, binary(BinaryKind::kSubtract, most, least));
  DynamicNumbers result;
  TINYSPLIT_ASSIGN_OR_RETURN(result.scale,
                             binary(BinaryKind::kDivide, range, scalar_operand(255.0f)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand flat,
                             binary(BinaryKind::kEqual, range, scalar_operand(0.0f)));
  TINYSPLIT_ASSIGN_OR_RETURN(result.scale,
                             context.add(SelectOp{}, {flat, scalar_operand(1.0f), result.scale}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand low, linear(context, least, -1.0f, 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand zero, binary(BinaryKind::kDivide, low, result.scale));
  TINYSPLIT_ASSIGN_OR_RETURN(zero, context.add(UnaryOp{UnaryKind::kRound}, {zero}));
  TINYSPLIT_ASSIGN_OR_RETURN(result.zero_point, context.add(saturate, {zero}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, binary(BinaryKind::kDivide, x, result.scale));
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(UnaryOp{UnaryKind::kRound}, {y}));
  TINYSPLIT_ASSIGN_OR_RETURN(y, binary(BinaryKind::kAdd, y, result.zero_point));
  TINYSPLIT_ASSIGN_OR_RETURN(result.numbers, context.add(saturate, {y}));
  return result;
}

Status translate_dynamic_quantize_linear(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const DynamicNumbers stored,
                             quantized_dynamically(context, x.operands[0]));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(CastOp{DType::kUint8}, {stored.numbers}));
  set_common_output(context, x, std::move(y));
  if (context.wants_output(1)) context.set_output(1, stored.scale);
  if (!context.wants_output(2)) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(Operand zero, context.add(CastOp{DType::kUint8}, {stored.zero_point}));
  context.set_output(2, std::move(zero));
  return ok_status();
}

namespace {

// A bias of int32, in steps of x times weights.
Result<std::optional<std::vector<double>>> stepped_bias(NodeContext& context, int input,
                                                        const Quantization& x,
                                                        const Quantization& weights) {
  if (!context.has_input(input)) return std::optional<std::vector<double>>();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> steps,
                             context.integers(input, "its bias"));
  std::vector<double> bias;
  for (std::size_t f = 0; f < steps.size(); ++f) {
    const double step = double{x.scale[0]} * weights.scale[f % weights.scale.size()];
    bias.push_back(static_cast<double>(steps[f]) * step);
  }
  return std::optional(std::move(bias));
}

}  // namespace

// Inputs: x, its scale and zero point, w and its, y's, bias. In integers where the engine has them,
// else in float32 between the stored numbers.
Status translate_qlinear_conv(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(8, 9));
  const Shape shape = context.shape(0), filters = context.shape(3);
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization from, quantization_of(context, 1, 2, 1, shape));
  TINYSPLIT_ASSIGN_OR_RETURN(Quantization weights, quantization_of(context, 4, 5, 0, filters));
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization to, quantization_of(context, 6, 7, 1, shape));
  if (from.axis >= 0 || to.axis >= 0) return unimplemented("has scales for each channel");
  TINYSPLIT_ASSIGN_OR_RETURN(const ConvolutionParts parts, parse_convolution(context, 0, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto bias, stepped_bias(context, 8, from, weights));
  const int last = context.shape(parts.kernel).rank() - 1;
  if (bias && std::ssize(*bias) != context.shape(parts.kernel)[last]) {
    return invalid_argument("has a bias that does not fit");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored, context.input(0, Layout::kChannelsLast));
  const ElementType result(context.dtype(7), to);
  const IntegerProduct product{ElementType(context.dtype(0), from), context.dtype(3), weights,
                               result,
                               filters.num_elements() / std::max<std::int64_t>(filters[0], 1)};
  Operand y;
  if (std::holds_alternative<Conv2dOp>(parts.op) && fits_integers(product)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, with_quantization(context.graph(), stored, from));
    TINYSPLIT_ASSIGN_OR_RETURN(
        y, add_integer_product(context.graph(), parts.op, product, x, parts.kernel, bias));
  } else {
    if (weights.axis >= 0) weights.axis = last;
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand kernel,
                               dequantized(context.graph(), parts.kernel, weights));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, dequantized(context.graph(), stored, from));
    std::vector<Operand> operands{x, kernel};
    if (bias) {
      Tensor real(DType::kFloat32, Shape{std::ssize(*bias)});
      std::ranges::transform(*bias, real.as<float>().begin(),
                             [](double b) { return static_cast<float>(b); });
      operands.push_back(operand_of(std::move(real)));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand sum, context.add(parts.op, operands));
    TINYSPLIT_ASSIGN_OR_RETURN(y, quantized(context.graph(), sum, result.dtype, to));
  }
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

Status translate_qlinear_matmul(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(8, 8));
  const auto row_axis = [&](int i) { return context.shape(i).rank() == 1 ? -1 : -2; };
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization of_a,
                             quantization_of(context, 1, 2, row_axis(0), context.shape(0)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization of_b,
                             quantization_of(context, 4, 5, -1, context.shape(3)));
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization to,
                             quantization_of(context, 6, 7, row_axis(0), context.shape(0)));
  if (to.axis >= 0) return unimplemented("has several scales for its output");
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_b, context.input(3));
  const ElementType result(context.dtype(7), to);
  const Shape shape_a = context.shape(stored_a), shape_b = context.shape(stored_b);
  const IntegerProduct product{ElementType(context.dtype(0), of_a), context.dtype(3), of_b, result,
                               shape_b.rank() == 2 ? shape_b[0] : 0};
  const bool dense = stored_b.is_constant() && !stored_a.is_constant() && shape_b.rank() == 2 &&
                     shape_a.rank() >= 2 && shape_a[shape_a.rank() - 1] == shape_b[0];
  Operand y;
  if (dense && fits_integers(product)) {
    TINYSPLIT_RETURN_IF_ERROR(check_quantization(of_b, context.dtype(3), shape_b));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, with_quantization(context.graph(), stored_a, of_a));
    TINYSPLIT_ASSIGN_OR_RETURN(
        y, add_integer_product(context.graph(), DenseOp{}, product, a, stored_b, std::nullopt));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, dequantized(context.graph(), stored_a, of_a));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand b, dequantized(context.graph(), stored_b, of_b));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand real, multiply_matrices(context, a, b));
    TINYSPLIT_ASSIGN_OR_RETURN(y, quantized(context.graph(), real, result.dtype, to));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

// Products of integers summed as float32: exact up to 2^24, relative to 2^-24 beyond.
Status translate_conv_integer(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 4));
  TINYSPLIT_ASSIGN_OR_RETURN(const ConvolutionParts parts, parse_convolution(context, 0, 1));
  const Shape kernel_shape = context.shape(parts.kernel);
  Shape filters{};
  if (context.has_input(3) && context.shape(3).num_elements() > 1) {
    filters = Shape{kernel_shape[kernel_shape.rank() - 1]};
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored, context.input(0, Layout::kChannelsLast));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, centered(context, stored, 2, Shape{}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand kernel, centered(context, parts.kernel, 3, filters));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand sum, context.add(parts.op, {x, kernel}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(CastOp{DType::kInt32}, {sum}));
  context.set_output(0, std::move(y), Layout::kChannelsLast, context.shape(0).rank());
  return ok_status();
}

Status translate_matmul_integer(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 4));
  const auto several = [&](int i) {
    return context.has_input(i) && context.shape(i).num_elements() > 1;
  };
  // One zero point for each row of a, or for each column of b.
  const Shape rows = several(2) ? Shape{context.shape(2).num_elements(), 1} : Shape{};
  const Shape columns = several(3) ? Shape{context.shape(3).num_elements()} : Shape{};
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored_b, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, centered(context, stored_a, 2, rows));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand b, centered(context, stored_b, 3, columns));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand product, multiply_matrices(context, a, b));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(CastOp{DType::kInt32}, {product}));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
