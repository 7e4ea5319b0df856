// Operators that deal cells of images out to images of their own, and gather them again: how
// TensorFlow writes convolutions with dilation.
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Numbers = std::vector<std::int64_t>;

// The block, of one number for each spatial axis, and two numbers for each of the third input.
struct BatchBlocks {
  Numbers sizes;
  Numbers before;
  Numbers after;
  std::int64_t cells = 1;  // of a block

  int axes() const { return static_cast<int>(sizes.size()); }
};

// A copy of the shape: what is read adds constants, which move those before.
Result<BatchBlocks> blocks_of(OperatorContext& context, Shape x) {
  BatchBlocks blocks;
  TINYSPLIT_ASSIGN_OR_RETURN(blocks.sizes, context.integers(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers pairs, context.integers(2));
  const bool fits = x.rank() >= 3 && x.rank() <= 4 && blocks.axes() >= 1 &&
                    blocks.axes() < x.rank() && pairs.size() == 2 * blocks.sizes.size();
  if (!fits) {
    return invalid_argument("its block of " + std::to_string(blocks.axes()) + " numbers and the " +
                            std::to_string(pairs.size()) + " numbers at its edges do not fit " +
                            x.to_string());
  }
  for (std::size_t i = 0; i < blocks.sizes.size(); ++i) {
    const std::int64_t size = blocks.sizes[i];
    if (size < 1 || size > limits::kMaxElements / blocks.cells) {
      return invalid_argument("its block has the size " + std::to_string(size));
    }
    blocks.cells *= size;
    if (pairs[2 * i] < 0 || pairs[2 * i + 1] < 0) {
      return invalid_argument("it pads or crops by less than 0");
    }
    blocks.before.push_back(pairs[2 * i]);
    blocks.after.push_back(pairs[2 * i + 1]);
  }
  return blocks;
}

Result<ValueId> reshaped(OperatorContext& context, ValueId x, const Numbers& dims) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.reshape(x, to);
}

}  // namespace

// [N, s*b, ..., C] to [b*N, s, ..., C]: [N, s, b, ...] with the block's axes in front.
Status translate_space_to_batch(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const BatchBlocks blocks, blocks_of(context, context.shape(x)));
  const int axes = blocks.axes();
  PadOp pad;
  pad.before.assign(static_cast<std::size_t>(context.shape(x).rank()), 0);
  pad.after = pad.before;
  std::ranges::copy(blocks.before, pad.before.begin() + 1);
  std::ranges::copy(blocks.after, pad.after.begin() + 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  if (type.quantization) pad.value = static_cast<float>(type.quantization->zero_point[0]);
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(std::move(pad), {x}));
  const Shape shape = context.shape(x);
  Numbers split{shape[0]}, joined{shape[0] * blocks.cells};
  TransposeOp move;
  for (int i = 0; i < axes; ++i) {
    const std::int64_t size = blocks.sizes[static_cast<std::size_t>(i)];
    if (shape[i + 1] % size != 0) {
      return invalid_argument("its block " + std::to_string(size) + " does not divide the padded " +
                              shape.to_string());
    }
    split.insert(split.end(), {shape[i + 1] / size, size});
    joined.push_back(shape[i + 1] / size);
    move.permutation.push_back(2 * i + 2);
  }
  move.permutation.push_back(0);
  for (int i = 0; i < axes; ++i) move.permutation.push_back(2 * i + 1);
  for (int axis = axes + 1; axis < shape.rank(); ++axis) {
    move.permutation.push_back(static_cast<int>(split.size()));
    split.push_back(shape[axis]);
    joined.push_back(shape[axis]);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(x, reshaped(context, x, split));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(std::move(move), {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(joined));
  return context.finish_reshape(x, to);
}

// The same the other way round, and cells cut off at the edges.
Status translate_batch_to_space(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  const Shape shape = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const BatchBlocks blocks, blocks_of(context, shape));
  const int axes = blocks.axes();
  if (shape[0] % blocks.cells != 0) {
    return invalid_argument("its block of " + std::to_string(blocks.cells) +
                            " cells does not divide the batch of " + shape.to_string());
  }
  const std::int64_t batch = shape[0] / blocks.cells;
  Numbers split = blocks.sizes, joined{batch};
  split.push_back(batch);
  TransposeOp move{{axes}};
  SliceOp crop{{0}, {1}, {batch}};
  for (int i = 0; i < axes; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    split.push_back(shape[i + 1]);
    joined.push_back(shape[i + 1] * blocks.sizes[at]);
    move.permutation.insert(move.permutation.end(), {axes + 1 + i, i});
    const std::int64_t left = joined.back() - blocks.before[at] - blocks.after[at];
    if (left < 1) return invalid_argument("it crops all of " + shape.to_string());
    crop.begin.push_back(blocks.before[at]);
    crop.size.push_back(left);
  }
  for (int axis = axes + 1; axis < shape.rank(); ++axis) {
    move.permutation.push_back(static_cast<int>(split.size()));
    split.push_back(shape[axis]);
    joined.push_back(shape[axis]);
    crop.begin.push_back(0);
    crop.size.push_back(shape[axis]);
  }
  crop.stride.assign(crop.begin.size(), 1);
  TINYSPLIT_ASSIGN_OR_RETURN(x, reshaped(context, x, split));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(std::move(move), {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(x, reshaped(context, x, joined));
  return context.finish(std::move(crop), {x});
}

}  // namespace tinysplit::tflite
