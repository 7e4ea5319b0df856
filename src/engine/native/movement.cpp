#include <array>
#include <cstring>

#include "engine/native/native_kernels.h"

namespace tinysplit::native {
namespace {

std::size_t usize(std::int64_t value) { return static_cast<std::size_t>(value); }

Body concat_body(const ConcatOp& op, const KernelSpec& spec) {
  std::size_t outer = 1, inner = 1;
  for (int i = 0; i < op.axis; ++i) outer *= usize(spec.output_shape[i]);
  for (int i = op.axis + 1; i < spec.output_shape.rank(); ++i) inner *= usize(spec.output_shape[i]);
  std::vector<std::size_t> widths;
  for (const Value* input : spec.inputs) widths.push_back(usize(input->shape[op.axis]) * inner);
  return [outer, widths](std::span<const float* const> inputs, float* y) {
    for (std::size_t row = 0; row < outer; ++row) {
      for (std::size_t i = 0; i < widths.size(); ++i) {
        std::memcpy(y, inputs[i] + row * widths[i], widths[i] * sizeof(float));
        y += widths[i];
      }
    }
  };
}

Body transpose_body(const TransposeOp& op, const KernelSpec& spec) {
  const Shape& input = spec.inputs[0]->shape;
  const int rank = input.rank();
  std::array<std::size_t, limits::kMaxRank> input_stride{}, extent{}, stride{};
  std::size_t running = 1;
  for (int i = rank - 1; i >= 0; --i) {
    input_stride[usize(i)] = running;
    running *= usize(input[i]);
  }
  for (int i = 0; i < rank; ++i) {
    extent[usize(i)] = usize(spec.output_shape[i]);
    stride[usize(i)] = input_stride[usize(op.permutation[usize(i)])];
  }
  return [=](std::span<const float* const> inputs, float* y) {
    std::array<std::size_t, limits::kMaxRank> index{};
    std::size_t from = 0;
    for (std::size_t i = 0; i < running; ++i) {
      y[i] = inputs[0][from];
      for (std::size_t axis = usize(rank); axis-- > 0;) {
        from += stride[axis];
        if (++index[axis] < extent[axis]) break;
        from -= stride[axis] * extent[axis];
        index[axis] = 0;
      }
    }
  };
}

Body pad_body(const Pad2dOp& op, const KernelSpec& spec) {
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t channels = usize(in[3]), row = usize(in[2]) * channels, rows = usize(in[1]);
  const std::size_t out_row = usize(spec.output_shape[2]) * channels;
  const std::size_t count = usize(spec.output_shape.num_elements());
  const std::size_t first = usize(op.before[0]) * out_row + usize(op.before[1]) * channels;
  return [=](std::span<const float* const> inputs, float* y) {
    std::memset(y, 0, count * sizeof(float));
    for (std::size_t h = 0; h < rows; ++h) {
      std::memcpy(y + first + h * out_row, inputs[0] + h * row, row * sizeof(float));
    }
  };
}

Body crop_body(const Crop2dOp& op, const KernelSpec& spec) {
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t channels = usize(in[3]), in_row = usize(in[2]) * channels;
  const std::size_t row = usize(spec.output_shape[2]) * channels;
  const std::size_t rows = usize(spec.output_shape[1]);
  const std::size_t first = usize(op.before[0]) * in_row + usize(op.before[1]) * channels;
  return [=](std::span<const float* const> inputs, float* y) {
    for (std::size_t h = 0; h < rows; ++h) {
      std::memcpy(y + h * row, inputs[0] + first + h * in_row, row * sizeof(float));
    }
  };
}

}  // namespace

Body movement_body(const KernelSpec& spec) {
  if (const auto* concat = std::get_if<ConcatOp>(spec.op)) return concat_body(*concat, spec);
  if (const auto* transpose = std::get_if<TransposeOp>(spec.op)) {
    return transpose_body(*transpose, spec);
  }
  if (const auto* pad = std::get_if<Pad2dOp>(spec.op)) return pad_body(*pad, spec);
  if (const auto* crop = std::get_if<Crop2dOp>(spec.op)) return crop_body(*crop, spec);
  return {};
}

}  // namespace tinysplit::native
