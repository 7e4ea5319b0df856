// Operators that put elements into other places.
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Numbers = std::vector<std::int64_t>;

// {before, after} of each axis.
Result<PadOp> paddings_of(OperatorContext& context, ValueId x) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers numbers, context.integers(1));
  if (numbers.size() != 2 * static_cast<std::size_t>(context.shape(x).rank())) {
    return invalid_argument("it has " + std::to_string(numbers.size()) + " paddings for " +
                            context.shape(x).to_string());
  }
  PadOp op;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    op.before.push_back(numbers[i]);
    op.after.push_back(numbers[i + 1]);
  }
  return op;
}

// The one stored number of a constant. Whole numbers beyond 2^24 would not be the same as floats.
Result<float> number_in(const OperatorContext& context, ValueId id) {
  const Value& value = context.view(id);
  if (!value.is_constant()) {
    return unimplemented("its padding value is computed at run time; it must be a constant");
  }
  if (value.shape.num_elements() != 1) return invalid_argument("its padding value is not a number");
  switch (value.dtype) {
    case DType::kFloat32:
      return value.data->as<float>()[0];
    case DType::kInt8:
      return static_cast<float>(value.data->as<std::int8_t>()[0]);
    case DType::kUint8:
      return static_cast<float>(value.data->as<std::uint8_t>()[0]);
    case DType::kInt16:
      return static_cast<float>(value.data->as<std::int16_t>()[0]);
    case DType::kInt32: {
      const std::int32_t number = value.data->as<std::int32_t>()[0];
      constexpr std::int32_t kExact = 1 << 24;
      if (number >= -kExact && number <= kExact) return static_cast<float>(number);
      break;
    }
    default:
      break;
  }
  return unimplemented("its padding value of type " + std::string(dtype_name(value.dtype)) +
                       " is not supported");
}

// [N,H,W,C] by way of six dimensions, of which two change places.
Status through_blocks(OperatorContext& context, ValueId x, const Numbers& blocks,
                      const Numbers& out) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape split, Shape::create(blocks));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape joined, Shape::create(out));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId y, context.reshape(x, split));
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(TransposeOp{{0, 1, 3, 2, 4, 5}}, {y}));
  return context.finish(ReshapeOp{joined}, {y});
}

Result<std::int64_t> checked_block(std::int64_t size) {
  if (size >= 1 && size <= limits::kMaxElements) return size;
  return invalid_argument("block_size = " + std::to_string(size) + " must be 1 or more");
}

}  // namespace

Status translate_transpose(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers numbers, context.integers(1));
  TransposeOp op;
  for (const std::int64_t number : numbers) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, context.shape(x).rank()));
    op.permutation.push_back(axis);
  }
  return context.finish(std::move(op), {x});
}

// The cells added are 0, which a quantised tensor stores as its zero point, or as the third input
// says.
Status translate_pad(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(PadOp op, paddings_of(context, x));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  if (type.quantization) op.value = static_cast<float>(type.quantization->zero_point[0]);
  if (context.code == schema::BuiltinOperator::PADV2) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, context.input(2));
    TINYSPLIT_ASSIGN_OR_RETURN(op.value, number_in(context, given));
  }
  return context.finish(std::move(op), {x});
}

Status translate_mirror_pad(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::MirrorPadOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(PadOp op, paddings_of(context, x));
  if (options->mode() != schema::MirrorPadMode::REFLECT &&
      options->mode() != schema::MirrorPadMode::SYMMETRIC) {
    return unimplemented("mode = " + std::to_string(static_cast<int>(options->mode())) +
                         " is not supported");
  }
  op.mode =
      options->mode() == schema::MirrorPadMode::REFLECT ? PadMode::kReflect : PadMode::kSymmetric;
  return context.finish(std::move(op), {x});
}

Status translate_tile(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers repeats, context.integers(1));
  return context.finish(TileOp{repeats}, {x});
}

Status translate_broadcast_to(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers dims, context.integers(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.finish(BroadcastOp{to}, {x});
}

// Each block of b x b cells becomes one cell of b * b times the channels.
Status translate_space_to_depth(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::SpaceToDepthOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t b, checked_block(options->block_size()));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  const Shape in = context.shape(x);
  if (in[1] % b != 0 || in[2] % b != 0) {
    return invalid_argument("block_size = " + std::to_string(b) + " does not divide " +
                            in.to_string());
  }
  return through_blocks(context, x, {in[0], in[1] / b, b, in[2] / b, b, in[3]},
                        {in[0], in[1] / b, in[2] / b, b * b * in[3]});
}

Status translate_depth_to_space(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::DepthToSpaceOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t b, checked_block(options->block_size()));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  const Shape in = context.shape(x);
  if (in[3] % (b * b) != 0) {
    return invalid_argument("block_size = " + std::to_string(b) + " does not divide " +
                            in.to_string());
  }
  const std::int64_t channels = in[3] / (b * b);
  return through_blocks(context, x, {in[0], in[1], in[2], b, b, channels},
                        {in[0], in[1] * b, in[2] * b, channels});
}

}  // namespace tinysplit::tflite
