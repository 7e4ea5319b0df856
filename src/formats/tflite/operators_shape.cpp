// Operators that give elements another shape, or join them.
#include <algorithm>

#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers dims_of(const Shape& shape) { return {shape.dims().begin(), shape.dims().end()}; }

// The shape in the second input, else in the options.
Result<Numbers> wanted_shape(OperatorContext& context) {
  if (context.has_input(1)) return context.integers(1);
  const auto* options = context.options<schema::ReshapeOptions>();
  if (options == nullptr || options->new_shape() == nullptr) {
    return invalid_argument("its new shape is missing");
  }
  if (options->new_shape()->size() > limits::kMaxRank) {
    return out_of_range("its new shape has " + std::to_string(options->new_shape()->size()) +
                        " dimensions, at most " + std::to_string(limits::kMaxRank) +
                        " are allowed");
  }
  return Numbers(options->new_shape()->begin(), options->new_shape()->end());
}

}  // namespace

// One size may be -1: whatever is left.
Status translate_reshape(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Numbers dims, wanted_shape(context));
  const auto open = std::ranges::find(dims, -1);
  if (open != dims.end()) {
    *open = 1;
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape rest, Shape::create(dims));
    const std::int64_t elements = context.shape(x).num_elements();
    if (rest.num_elements() == 0 || elements % rest.num_elements() != 0) {
      return invalid_argument("cannot turn " + context.shape(x).to_string() + " into " +
                              rest.to_string() + " with the 1 of an open size replaced");
    }
    *open = elements / rest.num_elements();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.finish_reshape(x, to);
}

// Without axes all sizes of 1 go.
Status translate_squeeze(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  const Shape from = context.shape(x);
  const auto* options = context.options<schema::SqueezeOptions>();
  const auto* given = options == nullptr ? nullptr : options->squeeze_dims();
  std::vector<bool> goes(static_cast<std::size_t>(from.rank()), false);
  if (given == nullptr || given->size() == 0) {
    for (int i = 0; i < from.rank(); ++i) goes[static_cast<std::size_t>(i)] = from[i] == 1;
  } else {
    for (const std::int32_t number : *given) {
      TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, from.rank()));
      goes[static_cast<std::size_t>(axis)] = true;
    }
  }
  Numbers dims;
  for (int i = 0; i < from.rank(); ++i) {
    if (!goes[static_cast<std::size_t>(i)]) dims.push_back(from[i]);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.finish_reshape(x, to);
}

Status translate_expand_dims(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t number, context.integer(1));
  Numbers dims = dims_of(context.shape(x));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, context.shape(x).rank() + 1));
  dims.insert(dims.begin() + axis, 1);
  if (dims.size() > limits::kMaxRank) return invalid_argument("its output has too many dimensions");
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.finish_reshape(x, to);
}

// All shapes are known here, so this is a constant.
Status translate_shape(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  const Shape shape = context.shape(x);
  Tensor sizes(type.dtype, Shape{shape.rank()});
  if (type.dtype == DType::kInt32) {
    std::ranges::transform(shape.dims(), sizes.as<std::int32_t>().begin(),
                           [](std::int64_t size) { return static_cast<std::int32_t>(size); });
  } else if (type.dtype == DType::kInt64) {
    std::ranges::copy(shape.dims(), sizes.as<std::int64_t>().begin());
  } else {
    return invalid_argument("its output is " + std::string(dtype_name(type.dtype)) +
                            ", needs int32 or int64");
  }
  return context.define(0, context.constant(std::move(sizes)));
}

Status translate_concatenation(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::ConcatenationOptions>());
  std::vector<ValueId> parts;
  for (int i = 0; i < context.num_inputs(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, context.input(i));
    parts.push_back(part);
  }
  if (parts.empty()) return invalid_argument("it has no inputs");
  const auto is_empty = [&](ValueId part) { return context.shape(part).num_elements() == 0; };
  if (!std::ranges::all_of(parts, is_empty)) std::erase_if(parts, is_empty);
  ConcatOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis,
                             context.axis(options->axis(), context.shape(parts[0]).rank()));
  return context.finish(op, std::move(parts), options->fused_activation());
}

// Joins its inputs along a new axis.
Status translate_pack(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options, context.required_options<schema::PackOptions>());
  std::vector<ValueId> parts;
  ConcatOp op;
  for (int i = 0; i < context.num_inputs(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, context.input(i));
    Numbers dims = dims_of(context.shape(part));
    TINYSPLIT_ASSIGN_OR_RETURN(op.axis,
                               context.axis(options->axis(), static_cast<int>(dims.size()) + 1));
    dims.insert(dims.begin() + op.axis, 1);
    if (dims.size() > limits::kMaxRank) {
      return invalid_argument("its output has too many dimensions");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape thin, Shape::create(dims));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId row, context.reshape(part, thin));
    parts.push_back(row);
  }
  if (parts.empty()) return invalid_argument("it has no inputs");
  return context.finish(op, std::move(parts));
}

Status translate_fill(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers dims, context.integers(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, context.input(1));
  return context.finish(BroadcastOp{to}, {value});
}

}  // namespace tinysplit::tflite
