#include <algorithm>
#include <memory>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/strides.h"

// Products that are not worth tiles: int16 activations with 64-bit accumulators, transposed
// convolutions, products of two activations.
namespace tinysplit::quantized {
namespace {

// Weights less their zero point in the constant's order, and the output stage for each filter.
struct PlainWeights {
  std::vector<std::int16_t> values;
  std::vector<std::int64_t> bias;
  std::vector<Multiplier> factors;
  Affine x, y;
  StoredRange range;
  bool wide = false;  // 64-bit accumulators
  bool rounds_once = false;

  void finish(std::int64_t sum, std::size_t f, DType dtype, std::byte* output,
              std::size_t at) const {
    sum += bias[f];
    const std::int32_t scaled = rounds_once ? multiply_once(sum, factors[f])
                                : wide      ? multiply_wide(sum, factors[f])
                                            : multiply(static_cast<std::int32_t>(sum), factors[f]);
    store(dtype, output, at, range.clamp(wrapping_add(scaled, y.zero_point)));
  }
};

bool is_product(const KernelSpec& spec) {
  const Value& x = *spec.inputs[0];
  const Value& weights = *spec.inputs[1];
  return (is_byte(x) || is_wide(x)) && spec.output->dtype == x.dtype &&
         has_one_affine(*spec.output) && weights.quantization && dtype_size(weights.dtype) == 1;
}

// The filter of element i along an axis with `inner` elements behind it.
PlainWeights read_plain(const KernelSpec& spec, std::size_t filters, std::size_t inner) {
  const Value& weights = *spec.inputs[1];
  PlainWeights read;
  read.x = affine_of(*spec.inputs[0]);
  read.y = affine_of(*spec.output);
  read.range = output_range(spec);
  read.rounds_once = rounds_once(*spec.op);
  // TensorFlow Lite keeps 32 bits where the bias has them.
  read.wide = is_wide(*spec.inputs[0]) &&
              (spec.inputs.size() < 3 || spec.inputs[2]->dtype == DType::kInt64);
  read.bias = bias_of(spec, 2, filters);
  read.factors = product_multipliers(spec, filters);
  const std::vector<std::int32_t>& zeros = weights.quantization->zero_point;
  read.values.resize(usize(weights.shape.num_elements()));
  for (std::size_t i = 0; i < read.values.size(); ++i) {
    const std::int32_t zero = zeros[zeros.size() == 1 ? 0 : i / inner % filters];
    const std::int32_t w = load(weights.dtype, weights.data->data(), i) - zero;
    read.values[i] = static_cast<std::int16_t>(w);
  }
  return read;
}

Body plain_dense(const KernelSpec& spec) {
  const Value& x = *spec.inputs[0];
  const std::size_t depth = usize(spec.inputs[1]->shape[0]);
  const std::size_t filters = usize(spec.inputs[1]->shape[1]);
  const std::size_t rows = usize(x.shape.num_elements()) / depth;
  auto weights = std::make_shared<const PlainWeights>(read_plain(spec, filters, 1));
  Body body;
  body.run = [=, dtype = x.dtype](std::span<const std::byte* const> inputs, std::byte* output,
                                  std::byte*) {
    for (std::size_t at = 0; at < rows * filters; ++at) {
      const std::size_t row = at / filters, f = at % filters;
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        const std::int32_t a = load(dtype, inputs[0], row * depth + k) - weights->x.zero_point;
        sum += std::int64_t{a} * weights->values[k * filters + f];
      }
      weights->finish(sum, f, dtype, output, at);
    }
  };
  return body;
}

Body plain_convolution(const Conv2dOp& op, const KernelSpec& spec) {
  const Shape in = spec.inputs[0]->shape, out = spec.output->shape, kernel = spec.inputs[1]->shape;
  const std::int64_t group_filters = kernel[3] / op.groups;
  auto weights = std::make_shared<const PlainWeights>(read_plain(spec, usize(kernel[3]), 1));
  Body body;
  body.run = [=, dtype = spec.output->dtype](std::span<const std::byte* const> inputs,
                                             std::byte* output, std::byte*) {
    const auto sum_at = [&](std::int64_t n, std::int64_t row, std::int64_t column, std::int64_t f) {
      std::int64_t sum = 0;
      for (std::int64_t cell = 0; cell < kernel[0] * kernel[1]; ++cell) {
        const std::int64_t y = row * op.spatial.stride[0] - op.spatial.pad_before[0] +
                               cell / kernel[1] * op.spatial.dilation[0];
        const std::int64_t x = column * op.spatial.stride[1] - op.spatial.pad_before[1] +
                               cell % kernel[1] * op.spatial.dilation[1];
        if (y < 0 || y >= in[1] || x < 0 || x >= in[2]) continue;
        const std::int64_t pixel = ((n * in[1] + y) * in[2] + x) * in[3];
        const std::int64_t first = pixel + f / group_filters * kernel[2];
        for (std::int64_t c = 0; c < kernel[2]; ++c) {
          const std::int32_t a = load(dtype, inputs[0], usize(first + c)) - weights->x.zero_point;
          sum += std::int64_t{a} * weights->values[usize((cell * kernel[2] + c) * kernel[3] + f)];
        }
      }
      return sum;
    };
    std::size_t at = 0;
    for (std::int64_t pixel = 0; pixel < out[0] * out[1] * out[2]; ++pixel) {
      const std::int64_t row = pixel / out[2] % out[1], n = pixel / (out[1] * out[2]);
      for (std::int64_t f = 0; f < out[3]; ++f, ++at) {
        weights->finish(sum_at(n, row, pixel % out[2], f), usize(f), dtype, output, at);
      }
    }
  };
  return body;
}

}  // namespace

Body plain_product_body(const KernelSpec& spec) {
  const auto* conv = std::get_if<Conv2dOp>(spec.op);
  if (conv == nullptr && !std::holds_alternative<DenseOp>(*spec.op)) return {};
  if (!is_product(spec) || !spec.inputs[1]->is_constant()) return {};
  return conv != nullptr ? plain_convolution(*conv, spec) : plain_dense(spec);
}

Body conv_transpose_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ConvTranspose2dOp>(spec.op);
  if (op == nullptr || !is_product(spec) || !spec.inputs[1]->is_constant()) return {};
  // [KH,KW,F/groups,C]
  const Shape in = spec.inputs[0]->shape, out = spec.output->shape, kernel = spec.inputs[1]->shape;
  if (op->groups != 1) return {};
  const std::size_t depth = usize(in[3]), filters = usize(out[3]);
  auto weights = std::make_shared<const PlainWeights>(read_plain(spec, filters, depth));
  Body body;
  body.scratch_bytes = filters * sizeof(std::int64_t);
  body.run = [=, spatial = op->spatial, dtype = spec.output->dtype](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte* scratch) {
    auto* sums = reinterpret_cast<std::int64_t*>(scratch);
    for (std::int64_t pixel = 0; pixel < out[0] * out[1] * out[2]; ++pixel) {
      const std::int64_t column = pixel % out[2], row = pixel / out[2] % out[1];
      const std::int64_t n = pixel / (out[1] * out[2]);
      std::fill_n(sums, filters, 0);
      for (std::int64_t cell = 0; cell < kernel[0] * kernel[1]; ++cell) {
        // The input cell, times the stride, that reaches this pixel through this kernel cell.
        const std::int64_t y = row + spatial.pad_before[0] - cell / kernel[1] * spatial.dilation[0];
        const std::int64_t x =
            column + spatial.pad_before[1] - cell % kernel[1] * spatial.dilation[1];
        if (y < 0 || x < 0 || y % spatial.stride[0] != 0 || x % spatial.stride[1] != 0) continue;
        const std::int64_t in_row = y / spatial.stride[0], in_column = x / spatial.stride[1];
        if (in_row >= in[1] || in_column >= in[2]) continue;
        const std::size_t first = usize((n * in[1] + in_row) * in[2] + in_column) * depth;
        const std::int16_t* w = weights->values.data() + usize(cell) * filters * depth;
        for (std::size_t f = 0; f < filters; ++f, w += depth) {
          for (std::size_t c = 0; c < depth; ++c) {
            const std::int32_t a = load(dtype, inputs[0], first + c) - weights->x.zero_point;
            sums[f] += std::int64_t{a} * w[c];
          }
        }
      }
      for (std::size_t f = 0; f < filters; ++f) {
        weights->finish(sums[f], f, dtype, output, usize(pixel) * filters + f);
      }
    }
  };
  return body;
}

Body matmul_body(const KernelSpec& spec) {
  const auto* op = std::get_if<MatmulOp>(spec.op);
  if (op == nullptr || !is_byte(*spec.output)) return {};
  const Value &a = *spec.inputs[0], &b = *spec.inputs[1];
  if (!is_byte(a) || !is_byte(b) || a.dtype != b.dtype || a.dtype != spec.output->dtype) return {};
  const Shape& out = spec.output->shape;
  const std::size_t rows = usize(out[out.rank() - 2]), columns = usize(out[out.rank() - 1]);
  const int last = a.shape.rank() - 1;
  const std::size_t depth = usize(a.shape[op->transpose_a ? last - 1 : last]);
  // Offsets of the matrices that each output matrix is the product of.
  const std::size_t matrices = usize(out.num_elements()) / (rows * columns);
  native::Strides strides_a = native::broadcast_strides(a.shape, out);
  native::Strides strides_b = native::broadcast_strides(b.shape, out);
  std::vector<std::array<std::size_t, 2>> starts(matrices, {0, 0});
  std::size_t below = 1;
  for (int axis = out.rank() - 3; axis >= 0; --axis) {
    for (std::size_t m = 0; m < matrices; ++m) {
      const std::size_t index = m / below % usize(out[axis]);
      starts[m][0] += index * static_cast<std::size_t>(strides_a[static_cast<std::size_t>(axis)]);
      starts[m][1] += index * static_cast<std::size_t>(strides_b[static_cast<std::size_t>(axis)]);
    }
    below *= usize(out[axis]);
  }
  const Affine affine_a = affine_of(a), affine_b = affine_of(b), affine_y = affine_of(*spec.output);
  const Multiplier factor = product_multipliers(spec, 1)[0];
  const StoredRange range = output_range(spec);
  const std::size_t step_a = op->transpose_a ? rows : 1, row_a = op->transpose_a ? 1 : depth;
  const std::size_t step_b = op->transpose_b ? 1 : columns, column_b = op->transpose_b ? depth : 1;
  Body body;
  body.run = [=, dtype = a.dtype](std::span<const std::byte* const> inputs, std::byte* output,
                                  std::byte*) {
    for (std::size_t at = 0; at < matrices * rows * columns; ++at) {
      const auto& start = starts[at / (rows * columns)];
      const std::size_t from_a = start[0] + at / columns % rows * row_a;
      const std::size_t from_b = start[1] + at % columns * column_b;
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        const std::int32_t left = load(dtype, inputs[0], from_a + k * step_a);
        const std::int32_t right = load(dtype, inputs[1], from_b + k * step_b);
        sum = wrapping_add(sum, (left - affine_a.zero_point) * (right - affine_b.zero_point));
      }
      store(dtype, output, at,
            range.clamp(wrapping_add(multiply(sum, factor), affine_y.zero_point)));
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
