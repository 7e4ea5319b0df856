#include "engine/random_operations.h"

#include <gtest/gtest.h>

namespace tinysplit {

std::int64_t RandomOperations::integer(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
}

Tensor RandomOperations::tensor(DType dtype, const Shape& shape) {
  Tensor made(dtype, shape);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.num_elements()); ++i) {
    if (dtype == DType::kFloat32) {
      made.as<float>()[i] = static_cast<float>(integer(-1000, 1000)) / 1000.0f;
    } else if (dtype == DType::kInt64) {
      made.as<std::int64_t>()[i] = integer(-9, 9);
    } else {
      made.bytes()[i] = static_cast<std::byte>(integer(0, 1));
    }
  }
  return made;
}

Shape RandomOperations::shape(int rank, std::int64_t largest_dim) {
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
  for (std::int64_t& dim : dims) dim = integer(1, largest_dim);
  return Shape::create(dims).value();
}

Shape RandomOperations::broadcastable_to(const Shape& shape) {
  std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
  for (std::int64_t& dim : dims) {
    if (coin()) dim = 1;
  }
  dims.erase(dims.begin(), dims.begin() + (coin() ? integer(0, shape.rank()) : 0));
  return Shape::create(dims).value();
}

std::vector<int> RandomOperations::axes_of(ValueId x) {
  std::vector<int> axes;
  for (int axis = 0; axis < shape_of(x).rank(); ++axis) {
    if (coin()) axes.push_back(axis);
  }
  return axes;
}

ValueId RandomOperations::add(Op op, std::vector<ValueId> inputs) {
  const Result<ValueId> made = builder_.add_op(std::move(op), std::move(inputs));
  EXPECT_TRUE(made.ok()) << made.status().to_string();
  return made.value();
}

ValueId RandomOperations::append(ValueId x) {
  if (shape_of(x).num_elements() > 3000) {
    // Keeps the graph small.
    return add(ReduceOp{ReduceKind::kMean, {shape_of(x).rank() - 1}, coin()}, {x});
  }
  if (shape_of(x).rank() == 0) x = add(BroadcastOp{shape(3, 4)}, {x});
  const int rank = shape_of(x).rank();
  switch (integer(0, 9)) {
    case 0:
      return elementwise(x);
    case 1:
      return by_way_of_other_types(x);
    case 2:
      return reduction(x);
    case 3:
      return movement(x);
    case 4:
      return gather(x);
    case 5:
      return of_constants(x);
    case 6:
    case 7:
      if (rank == 4) return image(x);
      if (rank == 5) return volume(x);
      if (rank == 3) return recurrent(x);
      [[fallthrough]];
    default:
      return rank >= 2 ? linear(x) : elementwise(x);
  }
}

ValueId RandomOperations::elementwise(ValueId x) {
  const DType f32 = DType::kFloat32;
  switch (integer(0, 5)) {
    case 0:
      return add(ActivationOp{ActivationKind(integer(0, 18)), 0.7f, 1.3f, 0.2f}, {x});
    case 1: {
      const UnaryKind kinds[] = {UnaryKind::kAbs,   UnaryKind::kSign, UnaryKind::kErf,
                                 UnaryKind::kFloor, UnaryKind::kSin,  UnaryKind::kAtan};
      return add(UnaryOp{kinds[integer(0, 5)]}, {x});
    }
    case 2:
      return add(PreluOp{}, {x, constant(f32, broadcastable_to(shape_of(x)))});
    case 3: {
      const int last = shape_of(x).rank() - 1;
      const Shape channels{shape_of(x)[last]};
      return add(ChannelAffineOp{}, {x, constant(f32, channels), constant(f32, channels)});
    }
    default: {
      const BinaryKind kinds[] = {BinaryKind::kAdd,      BinaryKind::kSubtract,
                                  BinaryKind::kMultiply, BinaryKind::kMaximum,
                                  BinaryKind::kMinimum,  BinaryKind::kSquaredDifference};
      const ValueId other = coin() ? x : constant(f32, broadcastable_to(shape_of(x)));
      const BinaryOp op{kinds[integer(0, 5)]};
      return coin() ? add(op, {x, other}) : add(op, {other, x});
    }
  }
}

// Through bool, int32, int64 or float16 and back.
ValueId RandomOperations::by_way_of_other_types(ValueId x) {
  const ValueId other = constant(DType::kFloat32, broadcastable_to(shape_of(x)));
  if (coin()) {
    ValueId flags =
        add(BinaryOp{coin() ? BinaryKind::kLess : BinaryKind::kGreaterEqual}, {x, other});
    if (coin()) flags = add(UnaryOp{UnaryKind::kNot}, {flags});
    if (coin()) flags = add(BinaryOp{BinaryKind::kXor}, {flags, constant(DType::kBool, Shape{})});
    return add(SelectOp{}, {flags, x, other});
  }
  if (coin()) {
    return add(CastOp{DType::kFloat32}, {add(CastOp{DType::kFloat16}, {x})});
  }
  ValueId scaled = add(ActivationOp{ActivationKind::kLinear, 50.0f, 0.5f}, {x});
  ValueId whole = add(CastOp{DType::kInt64}, {scaled});
  whole = add(BinaryOp{BinaryKind::kAdd}, {whole, constant(DType::kInt64, Shape{})});
  if (coin()) whole = add(CumulativeSumOp{axis_of(x), coin(), coin()}, {whole});
  return add(ActivationOp{ActivationKind::kLinear, 0.01f}, {add(CastOp{DType::kFloat32}, {whole})});
}

ValueId RandomOperations::reduction(ValueId x) {
  switch (integer(0, 4)) {
    case 0:
      return add(SoftmaxOp{axis_of(x), coin()}, {x});
    case 1:
      return add(NormalizeOp{NormalizeKind(integer(0, 2)), axes_of(x), 0.01f}, {x});
    case 2:
      return add(CumulativeSumOp{axis_of(x), coin(), coin()}, {x});
    default: {
      const ReduceKind kinds[] = {ReduceKind::kMean, ReduceKind::kSum, ReduceKind::kMax,
                                  ReduceKind::kMin,  ReduceKind::kL2,  ReduceKind::kLogSumExp};
      return add(ReduceOp{kinds[integer(0, 5)], axes_of(x), integer(0, 3) > 0}, {x});
    }
  }
}

ValueId RandomOperations::movement(ValueId x) {
  const Shape from = shape_of(x);
  const std::size_t rank = static_cast<std::size_t>(from.rank());
  switch (integer(0, 5)) {
    case 0: {
      TransposeOp op;
      for (int axis = 0; axis < from.rank(); ++axis) {
        op.permutation.insert(op.permutation.begin() + integer(0, axis), axis);
      }
      return add(op, {x});
    }
    case 1: {
      PadOp op{std::vector<std::int64_t>(rank), std::vector<std::int64_t>(rank)};
      op.before[rank - 1] = integer(0, 2);
      op.after[0] = integer(0, 1);
      op.mode = coin() ? PadMode::kEdge : PadMode::kConstant;
      return add(op, {x});
    }
    case 2: {
      SliceOp op;
      for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t dim = from[static_cast<int>(i)];
        op.stride.push_back(coin() ? 1 : -1);
        op.size.push_back(integer((dim + 1) / 2, dim));
        op.begin.push_back(op.stride[i] > 0 ? 0 : dim - 1);
      }
      return add(op, {x});
    }
    case 3: {
      TileOp op{std::vector<std::int64_t>(rank, 1)};
      op.repeats[static_cast<std::size_t>(axis_of(x))] = 2;
      return add(op, {x});
    }
    case 4: {
      const int axis = axis_of(x);
      Shape other = from;
      other[axis] = integer(1, 3);
      return add(ConcatOp{axis}, {x, coin() ? x : constant(DType::kFloat32, other)});
    }
    default: {
      std::vector<std::int64_t> dims(from.dims().begin(), from.dims().end());
      if (rank > 2 && coin()) {
        dims[0] *= dims[1];
        dims.erase(dims.begin() + 1);
      } else if (rank < 5) {
        dims.insert(dims.begin() + integer(0, from.rank()), 1);
      }
      return add(ReshapeOp{Shape::create(dims).value()}, {x});
    }
  }
}

ValueId RandomOperations::gather(ValueId x) {
  const int axis = axis_of(x);
  if (coin()) {
    // The places of the largest elements look rows up in a table.
    const std::int64_t rows = shape_of(x)[axis];
    const ValueId places =
        add(ArgReduceOp{axis, coin(), coin(), coin(), coin() ? DType::kInt32 : DType::kInt64}, {x});
    return add(GatherOp{0}, {constant(DType::kFloat32, Shape{rows, integer(1, 4)}), places});
  }
  Tensor indices(DType::kInt64, coin() ? Shape{} : Shape{integer(1, 4)});
  const std::int64_t size = shape_of(x)[axis];
  for (std::int64_t& index : indices.as<std::int64_t>()) index = integer(-size, size - 1);
  return add(GatherOp{axis}, {x, builder_.add_constant(std::move(indices))});
}

// What the engine may compute together with a convolution.
ValueId RandomOperations::output_stage(ValueId y) {
  if (coin()) {
    const Shape channels{shape_of(y)[shape_of(y).rank() - 1]};
    y = add(ChannelAffineOp{},
            {y, constant(DType::kFloat32, channels), constant(DType::kFloat32, channels)});
  }
  return coin() ? y : add(ActivationOp{ActivationKind::kClip, 0.0f, 6.0f}, {y});
}

ValueId RandomOperations::linear(ValueId x) {
  const DType f32 = DType::kFloat32;
  const int rank = shape_of(x).rank();
  const std::int64_t rows = shape_of(x)[rank - 2], columns = shape_of(x)[rank - 1];
  const std::int64_t units = integer(1, 20);
  switch (integer(0, 3)) {
    case 0:
      return add(MatmulOp{true, false}, {x, x});
    case 1:
      return add(MatmulOp{false, true}, {x, constant(f32, Shape{units, columns})});
    case 2:
      return add(MatmulOp{}, {constant(f32, Shape{units, rows}), x});
    default: {
      std::vector<ValueId> inputs{x, constant(f32, Shape{columns, units})};
      if (coin()) inputs.push_back(constant(f32, Shape{units}));
      return output_stage(add(DenseOp{}, inputs));
    }
  }
}

template <std::size_t Axes>
void RandomOperations::randomize(Spatial<Axes>& spatial) {
  for (std::size_t i = 0; i < Axes; ++i) {
    spatial.stride[i] = integer(1, 2);
    spatial.dilation[i] = integer(1, 2);
    spatial.pad_before[i] = integer(1, 2);
    spatial.pad_after[i] = integer(1, 2);
  }
}

ValueId RandomOperations::image(ValueId x) {
  const DType f32 = DType::kFloat32;
  const std::int64_t channels = shape_of(x)[3];
  const std::int64_t groups = coin() ? 1 : channels;
  const std::int64_t filters = groups * integer(1, 3);
  switch (integer(0, 5)) {
    case 0: {
      Pool2dOp op{coin() ? PoolKind::kMax : PoolKind::kAverage, {3, 3}, {}, coin()};
      randomize(op.spatial);
      // A dilated window with this padding fits on one cell, and always holds it or a neighbour.
      op.spatial.pad_before = op.spatial.pad_after = op.spatial.dilation;
      return add(op, {x});
    }
    case 1:
      return add(GlobalPoolOp{coin() ? PoolKind::kMax : PoolKind::kAverage}, {x});
    case 2: {
      ConvTranspose2dOp op;
      randomize(op.spatial);
      op.spatial.pad_before = op.spatial.pad_after = {1, 1};
      op.groups = groups;
      op.output_padding = {op.spatial.stride[0] - 1, op.spatial.stride[1] - 1};
      return output_stage(add(op, {x, constant(f32, Shape{3, 3, filters / groups, channels}),
                                   constant(f32, Shape{filters})}));
    }
    default: {
      Conv2dOp op;
      randomize(op.spatial);
      op.groups = groups;
      // One by one where the padded image has no room for more.
      const std::int64_t size = shape_of(x)[1] + 2 >= 5 && shape_of(x)[2] + 2 >= 5 ? 3 : 1;
      std::vector<ValueId> inputs{x, constant(f32, Shape{size, size, channels / groups, filters})};
      if (coin()) inputs.push_back(constant(f32, Shape{filters}));
      return output_stage(add(op, inputs));
    }
  }
}

ValueId RandomOperations::volume(ValueId x) {
  const std::int64_t channels = shape_of(x)[4];
  if (coin()) {
    Pool3dOp op{coin() ? PoolKind::kMax : PoolKind::kAverage, {2, 2, 2}, {}, coin()};
    op.spatial.pad_after = {1, 1, 1};
    return add(op, {x});
  }
  Conv3dOp op;
  op.spatial.pad_before = {1, 1, 1};
  const std::int64_t filters = integer(1, 4);
  return add(op, {x, constant(DType::kFloat32, Shape{2, 2, 2, channels, filters})});
}

ValueId RandomOperations::recurrent(ValueId x) {
  const DType f32 = DType::kFloat32;
  RecurrentOp op;
  op.kind = RecurrentKind(integer(0, 2));
  const bool lstm = op.kind == RecurrentKind::kLstm;
  op.gate.kind = ActivationKind::kSigmoid;
  op.activation.kind = op.output.kind = ActivationKind::kTanh;
  op.reverse = coin();
  op.reset_after = coin();
  op.append_cell = lstm && coin();
  const std::int64_t units = integer(1, 9);
  const std::int64_t gates = units * (lstm ? 4 : (op.kind == RecurrentKind::kGru ? 3 : 1));
  const Shape state{shape_of(x)[0], units};
  std::vector<ValueId> inputs{x,
                              constant(f32, Shape{shape_of(x)[2], gates}),
                              constant(f32, Shape{units, gates}),
                              constant(f32, Shape{gates}),
                              constant(f32, Shape{gates}),
                              constant(f32, state)};
  if (lstm) inputs.push_back(constant(f32, state));
  return add(op, inputs);
}

// Operations that read nothing but constants, and meet x in the end.
ValueId RandomOperations::of_constants(ValueId x) {
  const Shape from = shape_of(x);
  const ValueId flat = constant(DType::kFloat32, Shape{from.num_elements()});
  ValueId made = add(ReshapeOp{from}, {flat});
  if (coin()) made = add(UnaryOp{UnaryKind::kNegate}, {made});
  if (coin()) made = add(ActivationOp{ActivationKind::kTanh}, {made});
  const ValueId sum = add(BinaryOp{BinaryKind::kAdd},
                          {constant(DType::kFloat32, Shape{}), constant(DType::kFloat32, Shape{})});
  return add(BinaryOp{BinaryKind::kMultiply}, {add(BinaryOp{BinaryKind::kAdd}, {x, made}), sum});
}

}  // namespace tinysplit
