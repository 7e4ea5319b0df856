// Operations on tensors that join several, or take one apart.
#include <algorithm>

#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> concatenate(OperationContext& context, std::vector<ValueId> parts, int axis) {
  for (const ValueId part : parts) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(part, axis));
  }
  if (parts.size() == 1) return parts.front();
  return context.add(ConcatOp{axis}, std::move(parts));
}

// Drops an axis of size 1.
Result<ValueId> drop_axis(OperationContext& context, ValueId x, int axis) {
  const Shape in = context.shape(x);
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  dims.erase(dims.begin() + axis);
  return context.reshape(x, dims);
}

// The sizes of the parts along an axis of `whole` cells: a number of equal ones, or (Keras) the
// places where they begin, or (TensorFlow) the sizes, one of them perhaps open.
Result<std::vector<std::int64_t>> part_sizes(OperationContext& context, std::int64_t whole) {
  const bool listed = context.raw("parts").is_array();
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> numbers, context.integers("parts"));
  if (numbers.size() > limits::kMaxNodes) return context.wrong("parts", "fewer parts");
  if (!listed) {
    const std::int64_t count = numbers.empty() ? 0 : numbers.front();
    if (count < 1 || count > whole || whole % count != 0) {
      return context.wrong("parts", "a divisor of " + std::to_string(whole));
    }
    return std::vector<std::int64_t>(static_cast<std::size_t>(count), whole / count);
  }
  if (!context.is_keras3()) {
    std::int64_t known = 0;
    for (const std::int64_t size : numbers) {
      if (size < -1 || size > whole) return context.wrong("parts", "sizes that fit its input");
      known += std::max<std::int64_t>(size, 0);
    }
    for (std::int64_t& size : numbers) {
      if (size == -1) size = whole - std::exchange(known, whole);
    }
    return numbers;
  }
  std::vector<std::int64_t> sizes;
  std::int64_t begin = 0;
  numbers.push_back(whole);
  for (std::int64_t end : numbers) {
    if (end < 0) end += whole;
    sizes.push_back(end - begin);
    begin = end;
  }
  return sizes;
}

Result<ValueId> hand_out(OperationContext& context, std::vector<ValueId> parts) {
  context.layer().more_outputs.assign(parts.begin() + 1, parts.end());
  return parts.front();
}

}  // namespace

Result<ValueId> translate_concatenate_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> parts, context.alike_list("xs"));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis,
                             context.axis("axis", context.shape(parts.front()).rank(), 0));
  return concatenate(context, std::move(parts), axis);
}

// Along axis 1, the first behind the batch.
Result<ValueId> translate_hstack(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> parts, context.alike_list("xs"));
  const int axis = context.shape(parts.front()).rank() > 1 ? 1 : 0;
  return concatenate(context, std::move(parts), axis);
}

Result<ValueId> translate_stack(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> parts, context.alike_list("xs"));
  const int rank = context.shape(parts.front()).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", rank + 1, 0));
  for (ValueId& part : parts) {
    const Shape in = context.shape(part);
    if (in.rank() < axis) return context.wrong("xs", "tensors of one shape");
    std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
    dims.insert(dims.begin() + axis, 1);
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(part, axis));
    TINYSPLIT_ASSIGN_OR_RETURN(part, context.reshape(part, dims));
  }
  return concatenate(context, std::move(parts), axis);
}

Result<ValueId> translate_unstack(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", in.rank(), 0));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("num", in[axis]));
  std::vector<ValueId> parts;
  for (std::int64_t i = 0; i < in[axis]; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId slice, context.slice_axis(x, axis, i, 1));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, drop_axis(context, slice, axis));
    parts.push_back(part);
  }
  return hand_out(context, std::move(parts));
}

Result<ValueId> translate_split(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", in.rank(), 0));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> sizes, part_sizes(context, in[axis]));
  std::int64_t begin = 0;
  std::vector<ValueId> parts;
  for (const std::int64_t size : sizes) {
    if (size < 1 || begin + size > in[axis]) {
      return context.wrong("parts", "parts of 1 cell or more that make up its input");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, context.slice_axis(x, axis, begin, size));
    parts.push_back(part);
    begin += size;
  }
  if (begin != in[axis]) return context.wrong("parts", "parts that make up its input");
  return hand_out(context, std::move(parts));
}

Result<ValueId> translate_take(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId indices, context.tensor("indices"));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("batch_dims", 0));
  if (!context.is_keras3() && !context.has("axis")) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  }
  if (!context.has("axis")) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", rank, 0));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  if (context.dtype(indices) != DType::kInt64) {
    TINYSPLIT_ASSIGN_OR_RETURN(indices, context.cast(indices, DType::kInt32));
  }
  // Those of each sample pick from a table that all share, and not from the sample itself.
  if (!context.value(indices).is_constant() && !context.value(x).is_constant()) {
    return unimplemented("its argument indices is computed from the input");
  }
  // A single number, which is [1] here, takes its axis away.
  const bool single = context.raw("indices").is_number();
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId picked, context.add(GatherOp{axis}, {x, indices}));
  return single ? drop_axis(context, picked, axis) : Result<ValueId>(picked);
}

}  // namespace tinysplit::keras
