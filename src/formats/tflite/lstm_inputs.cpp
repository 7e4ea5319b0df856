#include "formats/tflite/lstm_inputs.h"

#include <algorithm>
#include <cstring>

#include "core/numeric.h"
#include "kernels/quantized_arithmetic.h"

namespace tinysplit::tflite::lstm {
namespace {

// One scale for each column of joined gates.
Quantization by_gate(const Gates& gates, std::int64_t columns) {
  Quantization quantization{{}, {}, 1};
  for (const float scale : gates.scales) {
    quantization.scale.insert(quantization.scale.end(), usize(columns), scale);
  }
  quantization.zero_point.assign(quantization.scale.size(), 0);
  return quantization;
}

Result<ValueId> kernel(OperatorContext& context, int first, std::int64_t rows, std::int64_t units) {
  TINYSPLIT_ASSIGN_OR_RETURN(
      Gates gates,
      join_columns(context, first, kGates, WeightLayout::kFirstToLast, DType::kInt8, rows, units));
  Quantization quantization = by_gate(gates, units);
  return context.constant(std::move(gates.tensor), std::move(quantization));
}

Result<ValueId> zero_state(OperatorContext& context, const ElementType& type, const Shape& shape) {
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor zeros, context.new_tensor(type.dtype, shape));
  const int zero = type.quantization->zero_point[0];
  if (type.dtype == DType::kInt8) std::ranges::fill(zeros.as<std::int8_t>(), std::int8_t(zero));
  return context.constant(std::move(zeros), type.quantization);
}

bool is_one_affine(const ElementType& type, DType dtype) {
  return type.dtype == dtype && type.quantization && type.quantization->scale.size() == 1;
}

bool have_same_numbers(const ElementType& a, const ElementType& b) {
  return a.dtype == b.dtype && a.quantization && b.quantization &&
         a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point;
}

Status check_types(OperatorContext& context, const ElementType& state, const ElementType& cell) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType output, context.output_type());
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType hidden,
                             context.intermediate_type(kHiddenIntermediate));
  if (!is_one_affine(output, DType::kInt8)) {
    return unimplemented("its output is not int8 with one scale, as its input is");
  }
  if (!have_same_numbers(output, state) || !have_same_numbers(output, hidden)) {
    return unimplemented(
        "its state or its hidden state is of another quantisation than its output");
  }
  const bool fits = is_one_affine(cell, DType::kInt16) && cell.quantization->zero_point[0] == 0 &&
                    quantized::cell_exponent(cell.quantization->scale[0]);
  if (!fits) {
    return unimplemented(
        "its cell state is not int16 with a power of two from 2^-15 to 2^-9 for a "
        "scale and no zero point");
  }
  return ok_status();
}

}  // namespace

Result<Gates> join_columns(OperatorContext& context, int first, int count, WeightLayout layout,
                           DType dtype, std::int64_t rows, std::int64_t columns) {
  Gates gates;
  TINYSPLIT_ASSIGN_OR_RETURN(gates.tensor, context.new_tensor(dtype, Shape{rows, count * columns}));
  const std::size_t row_bytes = usize(columns) * dtype_size(dtype);
  for (int i = 0; i < count; ++i) {
    const std::string what = "its input " + std::to_string(first + i);
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId id, context.kernel(first + i, layout));
    const Value& part = context.view(id);
    const int rank = part.shape.rank();
    const bool fits = part.is_constant() && part.dtype == dtype && rank >= 1 &&
                      part.shape[rank - 1] == columns &&
                      part.shape.num_elements() == rows * columns;
    if (!fits) {
      return invalid_argument(what + " is " + std::string(dtype_name(part.dtype)) +
                              part.shape.to_string() + ", needs " + std::string(dtype_name(dtype)) +
                              Shape{rows, columns}.to_string());
    }
    if (part.quantization) {
      if (part.quantization->scale.size() != 1 ||
          (dtype == DType::kInt8 && part.quantization->zero_point[0] != 0)) {
        return unimplemented(what + " has several scales or a zero point");
      }
      gates.scales.push_back(part.quantization->scale[0]);
    } else if (dtype == DType::kInt8) {
      return invalid_argument(what + " is int8 without a scale");
    }
    for (std::size_t row = 0; row < usize(rows); ++row) {
      std::memcpy(gates.tensor.data() + (row * usize(count) + usize(i)) * row_bytes,
                  part.data->data() + row * row_bytes, row_bytes);
    }
  }
  return gates;
}

Result<std::vector<ValueId>> integer_operands(OperatorContext& context, ValueId x,
                                              std::int64_t units) {
  if (context.has_input(kPeepholes)) {
    return unimplemented("peepholes are supported in float32 only");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType state, context.input_type(kState));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType cell, context.input_type(kCellState));
  TINYSPLIT_RETURN_IF_ERROR(check_types(context, state, cell));
  const std::int64_t batch = context.shape(x)[0], features = context.shape(x)[2];
  std::vector<ValueId> operands{x};
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId input, kernel(context, kInputWeights, features, units));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId recurrent,
                             kernel(context, kRecurrentWeights, units, units));
  TINYSPLIT_ASSIGN_OR_RETURN(Gates bias, join_columns(context, kBiases, kGates, WeightLayout::kAsIs,
                                                      DType::kInt32, 1, units));
  bias.tensor.reshape(Shape{kGates * units});
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor none, context.new_tensor(DType::kInt32, Shape{kGates * units}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId first, zero_state(context, state, Shape{batch, units}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId cells, zero_state(context, cell, Shape{batch, units}));
  operands.insert(operands.end(), {input, recurrent, context.constant(std::move(bias.tensor)),
                                   context.constant(std::move(none)), first, cells});
  return operands;
}

}  // namespace tinysplit::tflite::lstm
