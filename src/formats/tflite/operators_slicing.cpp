// Operators that pick a part of their input.
#include <algorithm>

#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Numbers = std::vector<std::int64_t>;

// All of x.
SliceOp whole_of(const Shape& shape) {
  const std::size_t rank = static_cast<std::size_t>(shape.rank());
  return {Numbers(rank, 0), Numbers(rank, 1), Numbers(shape.dims().begin(), shape.dims().end())};
}

// What one entry of a STRIDED_SLICE says, after its masks.
struct Range {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t stride;
  bool open_begin;
  bool open_end;
  bool one;  // The axis goes.
};

// Sets one axis of `op` as Python slices: negative counts from the end, beyond the ends is cut.
Status slice_axis(SliceOp& op, int axis, std::int64_t extent, const Range& range) {
  const std::size_t at = static_cast<std::size_t>(axis);
  const bool forward = range.stride > 0;
  if (range.stride == 0) return invalid_argument("its stride is 0");
  if (range.one && !range.open_begin) {
    const std::int64_t begin = range.begin < 0 ? range.begin + extent : range.begin;
    if (begin < 0 || begin >= extent) {
      return invalid_argument("it picks index " + std::to_string(range.begin) + " of " +
                              std::to_string(extent));
    }
    op.begin[at] = begin;
    op.size[at] = 1;
    return ok_status();
  }
  const std::int64_t least = forward ? 0 : -1, most = forward ? extent : extent - 1;
  const auto place = [&](std::int64_t index) {
    return std::clamp(index < 0 ? index + extent : index, least, most);
  };
  const std::int64_t begin = range.open_begin ? (forward ? 0 : extent - 1) : place(range.begin);
  const std::int64_t end = range.open_end ? (forward ? extent : -1) : place(range.end);
  const std::int64_t step = forward ? range.stride : -range.stride;
  const std::int64_t length = forward ? end - begin : begin - end;
  op.begin[at] = begin;
  op.stride[at] = range.stride;
  op.size[at] = range.one ? 1 : std::max<std::int64_t>((length + step - 1) / step, 0);
  return ok_status();
}

// The entries of a STRIDED_SLICE against the axes of its input.
class StridedSlice {
 public:
  StridedSlice(const schema::StridedSliceOptions& options, const Shape& input)
      : options_(options), input_(input), op(whole_of(input)) {}

  Status run(const Numbers& begin, const Numbers& end, const Numbers& strides) {
    const int entries = static_cast<int>(begin.size());
    if (end.size() != begin.size() || strides.size() != begin.size() || entries > 31) {
      return invalid_argument("its begins, ends and strides are not of one length");
    }
    int named = 0;  // entries that stand for one axis each
    for (int i = 0; i < entries; ++i) {
      if (!has(options_.ellipsis_mask(), i) && !has(options_.new_axis_mask(), i)) ++named;
    }
    for (int i = 0; i < entries; ++i) {
      if (has(options_.ellipsis_mask(), i)) {
        for (int skipped = input_.rank() - named; skipped > 0; --skipped) keep();
      } else if (has(options_.new_axis_mask(), i)) {
        out.push_back(1);
      } else {
        const std::size_t at = static_cast<std::size_t>(i);
        TINYSPLIT_RETURN_IF_ERROR(
            take({begin[at], end[at], strides[at], has(options_.begin_mask(), i),
                  has(options_.end_mask(), i), has(options_.shrink_axis_mask(), i)}));
      }
    }
    while (axis_ < input_.rank()) keep();
    if (out.size() > limits::kMaxRank)
      return invalid_argument("its output has too many dimensions");
    return ok_status();
  }

 private:
  static bool has(std::int32_t mask, int bit) { return ((mask >> bit) & 1) != 0; }

  void keep() {
    if (axis_ >= input_.rank()) return;
    out.push_back(input_[axis_]);
    ++axis_;
  }

  Status take(const Range& range) {
    if (axis_ >= input_.rank()) {
      return invalid_argument("it slices more axes than " + input_.to_string() + " has");
    }
    TINYSPLIT_RETURN_IF_ERROR(slice_axis(op, axis_, input_[axis_], range));
    if (!range.one) out.push_back(op.size[static_cast<std::size_t>(axis_)]);
    ++axis_;
    return ok_status();
  }

  const schema::StridedSliceOptions& options_;
  const Shape& input_;
  int axis_ = 0;

 public:
  SliceOp op;
  Numbers out;  // shape of the output
};

// Output i of several, the cells [begin, begin + size) along an axis.
Status define_part(OperatorContext& context, int i, ValueId x, int axis, std::int64_t begin,
                   std::int64_t size, bool drop_axis) {
  SliceOp op = whole_of(context.shape(x));
  op.begin[static_cast<std::size_t>(axis)] = begin;
  op.size[static_cast<std::size_t>(axis)] = size;
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type(i));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId y, context.add(std::move(op), {x}, type));
  if (drop_axis) {
    Numbers dims(context.shape(y).dims().begin(), context.shape(y).dims().end());
    dims.erase(dims.begin() + axis);
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(ReshapeOp{to}, {y}, type));
  }
  return context.define(i, y);
}

}  // namespace

Status translate_strided_slice(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::StridedSliceOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers begin, context.integers(1));
  TINYSPLIT_ASSIGN_OR_RETURN(Numbers end, context.integers(2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers strides, context.integers(3));
  const Shape input = context.shape(x);
  // With `offset` an end is counted from its begin.
  for (std::size_t i = 0; options->offset() && i < std::min(begin.size(), end.size()); ++i) {
    end[i] += begin[i];
  }
  StridedSlice slice(*options, input);
  TINYSPLIT_RETURN_IF_ERROR(slice.run(begin, end, strides));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(slice.out));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, context.add(std::move(slice.op), {x}));
  return context.finish_reshape(part, to);
}

// A size of -1 is all that is left.
Status translate_slice(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers begin, context.integers(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers size, context.integers(2));
  SliceOp op = whole_of(context.shape(x));
  if (begin.size() != op.begin.size() || size.size() != op.size.size()) {
    return invalid_argument("its begins and sizes do not fit " + context.shape(x).to_string());
  }
  for (std::size_t i = 0; i < begin.size(); ++i) {
    op.size[i] = size[i] == -1 ? op.size[i] - begin[i] : size[i];
    op.begin[i] = begin[i];
  }
  // Nothing, to be joined to something: as the first step of an unrolled loop has it.
  if (std::ranges::count(op.size, 0) > 0) {
    for (std::size_t i = 0; i < begin.size(); ++i) {
      if (op.begin[i] < 0 || op.size[i] < 0 ||
          op.begin[i] + op.size[i] > context.shape(x)[static_cast<int>(i)]) {
        return invalid_argument("it slices beyond " + context.shape(x).to_string());
      }
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape none, Shape::create(op.size));
    const Value& like = context.view(x);
    return context.define(0, context.constant(Tensor(like.dtype, none), like.quantization));
  }
  return context.finish(std::move(op), {x});
}

// SPLIT: axis, x; into equal parts. SPLIT_V: x, sizes, axis; one size may be -1.
Status translate_split(OperatorContext& context) {
  const bool sized = context.code == schema::BuiltinOperator::SPLIT_V;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(sized ? 0 : 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t number, context.integer(sized ? 2 : 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, context.shape(x).rank()));
  const std::int64_t extent = context.shape(x)[axis];
  const std::int64_t parts = context.num_outputs();
  Numbers sizes(static_cast<std::size_t>(parts), extent / parts);
  if (sized) {
    TINYSPLIT_ASSIGN_OR_RETURN(sizes, context.integers(1));
    std::int64_t left = extent;
    for (const std::int64_t size : sizes) left -= std::max<std::int64_t>(size, 0);
    for (std::int64_t& size : sizes) size = size == -1 ? std::exchange(left, -1) : size;
  }
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) total += size;
  if (static_cast<std::int64_t>(sizes.size()) != parts || total != extent) {
    return invalid_argument("its " + std::to_string(parts) + " outputs do not divide axis " +
                            std::to_string(axis) + " of " + context.shape(x).to_string());
  }
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(
        define_part(context, static_cast<int>(i), x, axis, begin, sizes[i], false));
    begin += sizes[i];
  }
  return ok_status();
}

Status translate_unpack(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::UnpackOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis,
                             context.axis(options->axis(), context.shape(x).rank()));
  if (context.shape(x)[axis] != context.num_outputs()) {
    return invalid_argument("its " + std::to_string(context.num_outputs()) +
                            " outputs do not divide axis " + std::to_string(axis) + " of " +
                            context.shape(x).to_string());
  }
  for (int i = 0; i < context.num_outputs(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(define_part(context, i, x, axis, i, 1, true));
  }
  return ok_status();
}

namespace {

// Leading axes that x and the indices share. Of size 1, as with a batch of 1, they change nothing
// once the indices have lost them.
Result<ValueId> without_batch(OperatorContext& context, ValueId x, ValueId indices,
                              std::int64_t given) {
  const Shape shape = context.shape(indices);
  const std::int64_t batch_dims = given < 0 ? given + shape.rank() : given;
  if (batch_dims < 0 || batch_dims > std::min(shape.rank(), context.shape(x).rank())) {
    return invalid_argument("batch_dims = " + std::to_string(given) + " does not fit indices " +
                            shape.to_string());
  }
  for (int i = 0; i < static_cast<int>(batch_dims); ++i) {
    if (context.shape(x)[i] != 1 || shape[i] != 1) {
      return unimplemented("batch_dims = " + std::to_string(given) +
                           " is supported only where those axes have the size 1");
    }
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Shape rest, Shape::create(shape.dims().subspan(static_cast<std::size_t>(batch_dims))));
  return context.reshape(indices, rest);
}

}  // namespace

Status translate_gather(OperatorContext& context) {
  const auto* options = context.options<schema::GatherOptions>();
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId indices, context.input(1));
  if (options != nullptr && options->batch_dims() != 0) {
    TINYSPLIT_ASSIGN_OR_RETURN(indices, without_batch(context, x, indices, options->batch_dims()));
  }
  GatherOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(
      op.axis, context.axis(options == nullptr ? 0 : options->axis(), context.shape(x).rank()));
  return context.finish(op, {x, indices});
}

// The last axis of the indices names a place along the first axes of x: with those as one axis, a
// number is enough.
Status translate_gather_nd(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId indices, context.input(1));
  const Shape from = context.shape(x), places = context.shape(indices);
  const DType dtype = context.view(indices).dtype;
  const int named =
      places.rank() < 1
          ? 0
          : static_cast<int>(std::min<std::int64_t>(places[places.rank() - 1], from.rank() + 1));
  if (named < 1 || named > from.rank() || (dtype != DType::kInt32 && dtype != DType::kInt64)) {
    return invalid_argument("its indices " + std::string(dtype_name(dtype)) + places.to_string() +
                            " do not fit " + from.to_string());
  }
  std::int64_t cells = 1;
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor steps, context.new_tensor(dtype, Shape{named}));
  for (int axis = named - 1; axis >= 0; --axis) {
    const std::size_t at = static_cast<std::size_t>(axis);
    if (dtype == DType::kInt32) {
      steps.as<std::int32_t>()[at] = static_cast<std::int32_t>(cells);
    } else {
      steps.as<std::int64_t>()[at] = cells;
    }
    cells *= from[axis];
  }
  TINYSPLIT_ASSIGN_OR_RETURN(indices, context.add(BinaryOp{BinaryKind::kMultiply},
                                                  {indices, context.constant(std::move(steps))}));
  ReduceOp sum;
  sum.kind = ReduceKind::kSum;
  sum.axes = {places.rank() - 1};
  TINYSPLIT_ASSIGN_OR_RETURN(indices, context.add(sum, {indices}));
  Numbers dims{cells};
  for (int axis = named; axis < from.rank(); ++axis) dims.push_back(from[axis]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape flat, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(x, flat));
  return context.finish(GatherOp{0}, {x, indices});
}

// Rows of the second input by the numbers in the first.
Status translate_embedding_lookup(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId rows, context.input(0));
  const auto table =
      context.is_stored(1) ? context.kernel(1, WeightLayout::kAsIs) : context.input(1);
  if (!table.ok()) return table.status();
  return context.finish(GatherOp{0}, {*table, rows});
}

Status translate_reverse(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers axes, context.integers(1));
  SliceOp op = whole_of(context.shape(x));
  for (const std::int64_t number : axes) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, context.shape(x).rank()));
    const std::size_t at = static_cast<std::size_t>(axis);
    op.begin[at] = context.shape(x)[axis] - 1;
    op.stride[at] = -1;
  }
  return context.finish(std::move(op), {x});
}

}  // namespace tinysplit::tflite
