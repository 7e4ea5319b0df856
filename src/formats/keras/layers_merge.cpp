// Layers that join several tensors.
#include <algorithm>
#include <array>

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

// Swaps axes so that `axis` comes to stand at `place`, the others in their order.
Result<ValueId> move_axis(LayerContext& context, ValueId x, int axis, int place) {
  if (axis == place) return x;
  std::vector<int> permutation;
  for (int i = 0; i < context.shape(x).rank(); ++i) {
    if (i != axis) permutation.push_back(i);
  }
  permutation.insert(permutation.begin() + place, axis);
  return context.add(TransposeOp{std::move(permutation)}, {x});
}

std::vector<std::int64_t> dims_between(const Shape& shape, int begin, int end) {
  return {shape.dims().begin() + begin, shape.dims().begin() + end};
}

std::int64_t product(const std::vector<std::int64_t>& dims) {
  std::int64_t all = 1;
  for (const std::int64_t dim : dims) all *= dim;
  return all;
}

Result<std::array<int, 2>> dot_axes(const LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(
      std::vector<std::int64_t> listed,
      options.integers("axes", -std::int64_t{limits::kMaxRank}, limits::kMaxRank));
  if (listed.size() == 1) listed.push_back(listed.front());
  if (listed.size() != 2) return options.unsupported("axes");
  std::array<int, 2> axes{};
  for (std::size_t i = 0; i < 2; ++i) {
    const int rank = context.shape(context.inputs[i]).rank();
    axes[i] = static_cast<int>(listed[i]) + (listed[i] < 0 ? rank : 0);
    if (axes[i] < 1 || axes[i] >= rank) return options.wrong("axes", "axes other than the batch");
  }
  return axes;
}

}  // namespace

// Sums over one axis of each input: [N,a...,K,b...] and [N,c...,K,d...] give [N,a...,b...,c...,
// d...], which is one product of matrices for each of the batch.
Result<ValueId> translate_dot(LayerContext& context) {
  if (context.inputs.size() != 2) {
    return invalid_argument("it is called on " + std::to_string(context.inputs.size()) +
                            " tensors, it takes two");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto axes, dot_axes(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool normalize, context.options.flag("normalize", false));
  std::array<ValueId, 2> sides{context.inputs[0], context.inputs[1]};
  if (normalize) {
    constexpr float kEpsilon = 1e-24f;  // Keras bounds the root of the sum by 1e-12
    for (std::size_t i = 0; i < 2; ++i) {
      TINYSPLIT_ASSIGN_OR_RETURN(
          sides[i], context.add(NormalizeOp{NormalizeKind::kL2, {axes[i]}, kEpsilon}, {sides[i]}));
    }
  }
  const int left_rank = context.shape(sides[0]).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId left, move_axis(context, sides[0], axes[0], left_rank - 1));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId right, move_axis(context, sides[1], axes[1], 1));
  const Shape a = context.shape(left);
  const Shape b = context.shape(right);
  std::vector<std::int64_t> rows = dims_between(a, 1, a.rank() - 1);
  const std::vector<std::int64_t> columns = dims_between(b, 2, b.rank());
  TINYSPLIT_ASSIGN_OR_RETURN(left,
                             context.reshape_dims(left, {a[0], product(rows), a[a.rank() - 1]}));
  TINYSPLIT_ASSIGN_OR_RETURN(right, context.reshape_dims(right, {b[0], b[1], product(columns)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(MatmulOp{}, {left, right}));
  std::vector<std::int64_t> dims{a[0]};
  dims.insert(dims.end(), rows.begin(), rows.end());
  dims.insert(dims.end(), columns.begin(), columns.end());
  if (dims.size() == 1) dims.push_back(1);
  return context.reshape_dims(y, dims);
}

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
