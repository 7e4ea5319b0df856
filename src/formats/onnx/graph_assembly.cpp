#include "formats/onnx/graph_assembly.h"

#include <algorithm>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "kernels/evaluate.h"

namespace tinysplit::onnx_format {
namespace {

// The order of the axes without those of size 1: two tensors that agree in it hold the same bytes.
std::vector<int> moving_axes(const Shape& shape, const std::vector<int>& permutation) {
  std::vector<int> axes;
  for (const int axis : permutation) {
    if (shape[axis] != 1) axes.push_back(axis);
  }
  return axes;
}

std::vector<int> channels_last_permutation(int rank) {
  std::vector<int> permutation{0};
  for (int axis = 2; axis < rank; ++axis) permutation.push_back(axis);
  permutation.push_back(1);
  return permutation;
}

}  // namespace

Operand operand_of(Tensor tensor, std::optional<Quantization> quantization) {
  return {-1, std::make_shared<const Tensor>(std::move(tensor)), std::move(quantization)};
}

Operand scalar_operand(float value) {
  Tensor tensor(DType::kFloat32, Shape{});
  tensor.as<float>()[0] = value;
  return operand_of(std::move(tensor));
}

Status GraphAssembly::spend(std::int64_t elements) {
  if (elements > limits::kMaxFoldedElements - folded_elements_) {
    return resource_exhausted(
        "what is computed from constants when the model is read has more than " +
        std::to_string(limits::kMaxFoldedElements) + " elements");
  }
  folded_elements_ += elements;
  return ok_status();
}

ValueId GraphAssembly::materialize(const Operand& operand) {
  if (!operand.is_constant()) return operand.id;
  // The same numbers may be quantised in several ways; their bytes are shared all the same.
  if (operand.quantization) return builder_.add_constant(operand.constant, operand.quantization);
  const auto [found, made] = constants_.try_emplace(operand.constant.get(), -1);
  if (made) found->second = builder_.add_constant(operand.constant);
  return found->second;
}

Result<Operand> GraphAssembly::fold(const Op& op, const std::vector<Operand>& operands,
                                    const std::optional<ElementType>& stated) {
  std::vector<Value> values(operands.size());
  std::vector<const Value*> views;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    values[i].dtype = operands[i].constant->dtype();
    values[i].shape = operands[i].constant->shape();
    values[i].quantization = operands[i].quantization;
    values[i].data = operands[i].constant;
    views.push_back(&values[i]);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Value output, infer_output(op, views, stated));
  if (count_macs(op, views, output.shape) > limits::kMaxFoldedMacs) {
    return unimplemented("is too much to compute when the model is read");
  }
  TINYSPLIT_RETURN_IF_ERROR(spend(output.shape.num_elements()));
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor result, evaluate(op, views, stated));
  return operand_of(std::move(result), output.quantization);
}

// Whatever is computed, a result without elements is known.
Result<Operand> GraphAssembly::add_empty(const Op& op, const std::vector<Operand>& operands,
                                         const std::optional<ElementType>& stated) {
  std::vector<Value> values(operands.size());
  std::vector<const Value*> views;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    values[i].dtype = dtype(operands[i]);
    values[i].shape = shape(operands[i]);
    values[i].quantization = quantization(operands[i]);
    values[i].data = operands[i].constant;
    views.push_back(&values[i]);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Value output, infer_output(op, views, stated));
  if (output.shape.num_elements() != 0) return Operand();
  return operand_of(Tensor(output.dtype, output.shape), output.quantization);
}

Result<Operand> GraphAssembly::add(const Op& op, const std::vector<Operand>& operands,
                                   const std::optional<ElementType>& stated) {
  if (std::ranges::any_of(operands, [&](const Operand& x) { return is_empty(x); })) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand empty, add_empty(op, operands, stated));
    if (empty.exists()) return empty;
  }
  if (std::ranges::all_of(operands, &Operand::is_constant)) {
    Result<Operand> folded = fold(op, operands, stated);
    if (folded.ok() || folded.status().code() != StatusCode::kUnimplemented) return folded;
  }
  return add_unfolded(op, operands, stated);
}

Result<Operand> GraphAssembly::add_unfolded(const Op& op, const std::vector<Operand>& operands,
                                            const std::optional<ElementType>& stated) {
  std::vector<ValueId> ids;
  for (const Operand& operand : operands) ids.push_back(materialize(operand));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId id, builder_.add_op(op, std::move(ids), stated));
  return Operand{id, nullptr, std::nullopt};
}

Result<Operand> GraphAssembly::reshape(const Operand& x, const Shape& to) {
  if (shape(x) == to) return x;
  return add(ReshapeOp{to}, {x});
}

Result<Operand> GraphAssembly::transpose(const Operand& x, const std::vector<int>& permutation) {
  const Shape from = shape(x);
  if (from.rank() != static_cast<int>(permutation.size())) {
    return invalid_argument("has a permutation that does not fit " + from.to_string());
  }
  const std::vector<int> moving = moving_axes(from, permutation);
  if (!std::ranges::is_sorted(moving)) return add(TransposeOp{permutation}, {x});
  std::vector<std::int64_t> dims;
  for (const int axis : permutation) dims.push_back(from[axis]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return reshape(x, to);
}

Result<Operand> GraphAssembly::to_channels_last(const Operand& x) {
  const int rank = shape(x).rank();
  if (!has_channels_last(rank)) return x;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand last, transpose(x, channels_last_permutation(rank)));
  if (rank != 3) return last;
  const Shape line = shape(last);
  return reshape(last, Shape{line[0], 1, line[1], line[2]});
}

Result<Operand> GraphAssembly::to_file_order(const Operand& x, int rank) {
  if (!has_channels_last(rank)) return x;
  Operand last = x;
  if (rank == 3) {
    const Shape image = shape(x);
    TINYSPLIT_ASSIGN_OR_RETURN(last, reshape(x, Shape{image[0], image[1] * image[2], image[3]}));
  }
  std::vector<int> permutation{0, rank - 1};
  for (int axis = 1; axis + 1 < rank; ++axis) permutation.push_back(axis);
  return transpose(last, permutation);
}

}  // namespace tinysplit::onnx_format
