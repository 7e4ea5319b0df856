// Layers that join several tensors.
#include <algorithm>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

// Tensors of fewer dimensions get ones after the batch, as Keras gives them (NumPy would put them
// before it, which is the same for a batch of 1 only).
Result<std::vector<ValueId>> aligned_inputs(LayerContext& context) {
  if (context.inputs.empty()) return invalid_argument("it is called on no tensors");
  int rank = 0;
  for (const ValueId x : context.inputs) rank = std::max(rank, context.shape(x).rank());
  std::vector<ValueId> aligned;
  for (const ValueId x : context.inputs) {
    std::vector<std::int64_t> dims(context.shape(x).dims().begin(), context.shape(x).dims().end());
    dims.insert(dims.begin() + 1, static_cast<std::size_t>(rank) - dims.size(), 1);
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId same, context.reshape(x, shape));
    aligned.push_back(same);
  }
  return aligned;
}

Result<ValueId> add_chain(LayerContext& context, BinaryKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> inputs, aligned_inputs(context));
  ValueId y = inputs.front();
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{kind}, {y, inputs[i]}));
  }
  return y;
}

}  // namespace

Result<ValueId> translate_add(LayerContext& context) {
  return add_chain(context, BinaryKind::kAdd);
}

Result<ValueId> translate_subtract(LayerContext& context) {
  if (context.inputs.size() != 2) {
    return invalid_argument("it is called on " + std::to_string(context.inputs.size()) +
                            " tensors, it takes two");
  }
  return add_chain(context, BinaryKind::kSubtract);
}

Result<ValueId> translate_multiply(LayerContext& context) {
  return add_chain(context, BinaryKind::kMultiply);
}

Result<ValueId> translate_average(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId sum, add_chain(context, BinaryKind::kAdd));
  const double part = 1.0 / static_cast<double>(context.inputs.size());
  return context.add_affine(
      sum, [part](std::size_t) { return part; }, [](std::size_t) { return 0.0; });
}

Result<ValueId> translate_maximum(LayerContext& context) {
  return add_chain(context, BinaryKind::kMaximum);
}

Result<ValueId> translate_minimum(LayerContext& context) {
  return add_chain(context, BinaryKind::kMinimum);
}

Result<ValueId> translate_concatenate(LayerContext& context) {
  if (context.inputs.empty()) return invalid_argument("it is called on no tensors");
  const int rank = context.shape(context.inputs.front()).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t axis,
                             context.options.integer("axis", -rank, rank - 1, -1));
  const std::int64_t counted = axis < 0 ? axis + rank : axis;
  if (counted == 0) return context.options.unsupported("axis");
  return context.add(ConcatOp{static_cast<int>(counted)}, context.inputs);
}

}  // namespace tinysplit::keras
