// Operations on tensors that are sums of products.
#include <algorithm>
#include <cmath>

#include "formats/keras/einsum.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

// Letters for the axes of both operands where the last axes of `left` are summed with axes of
// `right`.
struct Contraction {
  std::vector<int> left;
  std::vector<int> right;
};

Result<ValueId> contract(OperationContext& context, ValueId a, ValueId b,
                         const Contraction& summed) {
  EinsumAxes axes;
  axes.has_right = true;
  char next = 'a';
  for (int i = 0; i < context.shape(a).rank(); ++i) axes.left += next++;
  for (int i = 0; i < context.shape(b).rank(); ++i) axes.right += next++;
  for (std::size_t i = 0; i < summed.left.size(); ++i) {
    axes.right[static_cast<std::size_t>(summed.right[i])] =
        axes.left[static_cast<std::size_t>(summed.left[i])];
  }
  for (const std::string& letters : {axes.left, axes.right}) {
    for (const char letter : letters) {
      const bool both = axes.left.find(letter) != std::string::npos &&
                        axes.right.find(letter) != std::string::npos;
      if (!both) axes.output += letter;
    }
  }
  return add_einsum(context.layer(), axes, a, b);
}

// Vectors are matrices of one row or column for the time of the product.
Result<ValueId> as_matrix(OperationContext& context, ValueId x, bool column) {
  const Shape in = context.shape(x);
  if (in.rank() != 1) return x;
  return context.reshape(
      x, column ? std::vector<std::int64_t>{in[0], 1} : std::vector<std::int64_t>{1, in[0]});
}

Result<ValueId> without_axis(OperationContext& context, ValueId x, int axis) {
  const Shape in = context.shape(x);
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  dims.erase(dims.begin() + axis);
  return context.reshape(x, dims);
}

Result<std::vector<ValueId>> real_pair(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> pair, context.alike({"x1", "x2"}));
  for (ValueId& x : pair) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.cast(x, DType::kFloat32));
  }
  return pair;
}

}  // namespace

Result<ValueId> translate_matmul(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> pair, real_pair(context));
  MatmulOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.transpose_a, context.flag("transpose_a", false));
  TINYSPLIT_ASSIGN_OR_RETURN(op.transpose_b, context.flag("transpose_b", false));
  const bool row = context.shape(pair[0]).rank() == 1, column = context.shape(pair[1]).rank() == 1;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, as_matrix(context, pair[0], false));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId b, as_matrix(context, pair[1], true));
  // Matrices of whole batches by each other mix samples.
  const bool mixes = (context.shape(a).rank() == 2 && !context.value(a).is_constant() &&
                      !context.value(b).is_constant()) ||
                     (context.shape(b).rank() == 2 && !context.value(b).is_constant()) ||
                     (context.shape(a).rank() == 2 && op.transpose_a);
  if (mixes && !context.value(a).is_constant()) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(a, 0));
  }
  if (mixes) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(b, 0));
  const bool dense = context.value(b).is_constant() && context.shape(b).rank() == 2 &&
                     !context.value(a).is_constant() && !op.transpose_a;
  ValueId y = -1;
  if (dense) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        const ValueId kernel,
        context.transpose(b, op.transpose_b ? std::vector<int>{1, 0} : std::vector<int>{0, 1}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(DenseOp{}, {a, kernel}));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {a, b}));
  }
  if (column) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, without_axis(context, y, context.shape(y).rank() - 1));
  }
  if (row) {
    const int axis = context.shape(y).rank() - (column ? 1 : 2);
    TINYSPLIT_ASSIGN_OR_RETURN(y, without_axis(context, y, axis));
  }
  return y;
}

// The last axis of the first with the last but one of the second.
Result<ValueId> translate_dot_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> pair, real_pair(context));
  const int a = context.shape(pair[0]).rank(), b = context.shape(pair[1]).rank();
  if (a < 1 || b < 1) return context.wrong("x2", "a tensor with axes");
  return contract(context, pair[0], pair[1], {{a - 1}, {std::max(b - 2, 0)}});
}

Result<ValueId> translate_tensordot(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> pair, real_pair(context));
  const int ranks[] = {context.shape(pair[0]).rank(), context.shape(pair[1]).rank()};
  const Json& axes = context.raw("axes");
  Contraction summed;
  std::vector<int>* sides[] = {&summed.left, &summed.right};
  const auto count = axes.is_null() ? 2 : whole_number(axes, 0, std::min(ranks[0], ranks[1]));
  if (count) {
    for (int i = 0; i < static_cast<int>(*count); ++i) {
      summed.left.push_back(ranks[0] - static_cast<int>(*count) + i);
      summed.right.push_back(i);
    }
  } else if (!axes.is_array() || axes.size() != 2) {
    return context.wrong("axes", "a number, or one list for each tensor");
  } else {
    for (std::size_t side = 0; side < 2; ++side) {
      const Json single = axes[side].is_array() ? Json() : Json::array({axes[side]});
      for (const Json& item : axes[side].is_array() ? axes[side] : single) {
        const auto axis = whole_number(item, -ranks[side], ranks[side] - 1);
        if (!axis) return context.wrong("axes", "axes of its inputs");
        sides[side]->push_back(static_cast<int>(*axis < 0 ? *axis + ranks[side] : *axis));
      }
    }
  }
  for (std::vector<int>* side : sides) {
    std::vector<int> sorted = *side;
    std::ranges::sort(sorted);
    const bool twice = std::ranges::adjacent_find(sorted) != sorted.end();
    if (twice || summed.left.size() != summed.right.size()) {
      return context.wrong("axes", "as many of each tensor, each once");
    }
  }
  return contract(context, pair[0], pair[1], summed);
}

Result<ValueId> translate_einsum(OperationContext& context) {
  if (!context.is_keras3()) {
    return unimplemented(
        "Keras 2 does not save the operands of tf.einsum; use a layer, such as Dot or EinsumDense");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId left, context.real("x1"));
  ValueId right = -1;
  if (context.has("x2")) {
    TINYSPLIT_ASSIGN_OR_RETURN(right, context.real("x2"));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      const EinsumAxes axes,
      parse_einsum(text_of(context.raw("subscripts")), context.shape(left).rank(),
                   right < 0 ? -1 : context.shape(right).rank()));
  return add_einsum(context.layer(), axes, left, right);
}

// Query, key and value [N,T,heads,size].
Result<ValueId> translate_dot_product_attention(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId query, context.real("query"));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId key, context.real("key"));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId value, context.real("value"));
  for (ValueId* x : {&query, &key, &value}) {
    if (context.shape(*x).rank() != 4) return context.wrong("query", "a tensor [N,T,heads,size]");
    TINYSPLIT_ASSIGN_OR_RETURN(*x, context.transpose(*x, {0, 2, 1, 3}));
  }
  const double size = static_cast<double>(context.shape(query)[3]);
  TINYSPLIT_ASSIGN_OR_RETURN(const double scale, context.number("scale", 1.0 / std::sqrt(size)));
  TINYSPLIT_ASSIGN_OR_RETURN(query, context.scaled(query, scale));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId scores, context.add(MatmulOp{false, true}, {query, key}));
  if (context.has("bias")) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.real("bias"));
    TINYSPLIT_ASSIGN_OR_RETURN(scores, context.add(BinaryOp{BinaryKind::kAdd}, {scores, bias}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId weights, context.add(SoftmaxOp{3}, {scores}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId mixed, context.add(MatmulOp{}, {weights, value}));
  return context.transpose(mixed, {0, 2, 1, 3});
}

}  // namespace tinysplit::keras
