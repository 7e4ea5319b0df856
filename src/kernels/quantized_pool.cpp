#include <algorithm>
#include <bit>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::quantized {
namespace {

// The window's cells along one axis that lie inside of the image.
struct Window {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

Window window_at(const Pool2dOp& op, std::size_t axis, std::int64_t out, std::int64_t size) {
  const std::int64_t first = out * op.spatial.stride[axis] - op.spatial.pad_before[axis];
  return {std::max<std::int64_t>(first, 0), std::min(first + op.window[axis], size)};
}

// Halves away from zero.
std::int32_t rounded_quotient(std::int32_t sum, std::int32_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

// Folds the cells of a window into one number for each channel.
template <typename T, typename Combine>
void fold_window(const T* x, const Shape& in, Window rows, Window columns, Combine combine,
                 std::int32_t* folded) {
  const std::size_t channels = usize(in[3]);
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const T* cell = x + usize(row * in[2] + columns.begin) * channels;
    for (std::int64_t column = columns.begin; column < columns.end; ++column, cell += channels) {
      for (std::size_t c = 0; c < channels; ++c) folded[c] = combine(folded[c], cell[c]);
    }
  }
}

template <typename T>
void pool_pixel(const T* x, const Shape& in, Window rows, Window columns, bool average,
                const StoredRange& range, std::int32_t* folded, T* y) {
  const std::size_t channels = usize(in[3]);
  std::fill_n(folded, channels, average ? 0 : range.low);
  if (average) {
    const auto add = [](std::int32_t sum, T cell) { return sum + cell; };
    fold_window(x, in, rows, columns, add, folded);
    const std::int64_t cells =
        std::max<std::int64_t>((rows.end - rows.begin) * (columns.end - columns.begin), 1);
    for (std::size_t c = 0; c < channels; ++c) {
      folded[c] = rounded_quotient(folded[c], static_cast<std::int32_t>(cells));
    }
  } else {
    const auto larger = [](std::int32_t a, T b) { return std::max<std::int32_t>(a, b); };
    fold_window(x, in, rows, columns, larger, folded);
  }
  for (std::size_t c = 0; c < channels; ++c) y[c] = static_cast<T>(range.clamp(folded[c]));
}

template <typename T>
Body pool_of(const Pool2dOp& op, const KernelSpec& spec) {
  const Shape in = spec.inputs[0]->shape, out = spec.output->shape;
  const StoredRange range = output_range(spec);
  Body body;
  body.scratch_bytes = usize(in[3]) * sizeof(std::int32_t);
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte* scratch) {
    const T* x = reinterpret_cast<const T*>(inputs[0]);
    T* y = reinterpret_cast<T*>(output);
    auto* sums = reinterpret_cast<std::int32_t*>(scratch);
    const bool average = op.kind == PoolKind::kAverage;
    for (std::int64_t n = 0; n < in[0]; ++n, x += in[1] * in[2] * in[3]) {
      for (std::int64_t pixel = 0; pixel < out[1] * out[2]; ++pixel, y += in[3]) {
        pool_pixel(x, in, window_at(op, 0, pixel / out[2], in[1]),
                   window_at(op, 1, pixel % out[2], in[2]), average, range, sums, y);
      }
    }
  };
  return body;
}

// Means fold the number of cells into the factor, whose significand loses bits in exchange.
Multiplier mean_factor(Multiplier factor, std::int64_t cells) {
  int shift = 63 - std::countl_zero(static_cast<std::uint64_t>(cells));
  shift = std::min({shift, 32, 31 + factor.shift});
  factor.significand =
      static_cast<std::int32_t>((std::int64_t{factor.significand} << shift) / cells);
  factor.shift -= shift;
  return factor;
}

enum class Fold : std::uint8_t { kSum, kMax, kMin };

template <typename T>
void fold_all(Fold kind, const native::Walk<2>& walk, const T* x, std::int32_t* into) {
  const auto widened = [](T value) { return std::int32_t{value}; };
  switch (kind) {
    case Fold::kSum:
      return native::fold(walk, x, into, widened,
                          [](std::int32_t a, std::int32_t b) { return wrapping_add(a, b); });
    case Fold::kMax:
      return native::fold(walk, x, into, widened,
                          [](std::int32_t a, std::int32_t b) { return std::max(a, b); });
    case Fold::kMin:
      return native::fold(walk, x, into, widened,
                          [](std::int32_t a, std::int32_t b) { return std::min(a, b); });
  }
}

void fold_all(Fold kind, const native::Walk<2>& walk, DType dtype, const std::byte* x,
              std::int32_t* into) {
  switch (dtype) {
    case DType::kInt8:
      return fold_all(kind, walk, reinterpret_cast<const std::int8_t*>(x), into);
    case DType::kUint8:
      return fold_all(kind, walk, reinterpret_cast<const std::uint8_t*>(x), into);
    default:
      return fold_all(kind, walk, reinterpret_cast<const std::int16_t*>(x), into);
  }
}

Body reduce_of(ReduceKind kind, const std::vector<int>& axes, const KernelSpec& spec) {
  const Value& in = *spec.inputs[0];
  const Affine x = affine_of(in), y = affine_of(*spec.output);
  const bool sums = kind == ReduceKind::kMean || kind == ReduceKind::kSum;
  if (!sums && x != y) return {};
  const Fold folds = sums ? Fold::kSum : kind == ReduceKind::kMax ? Fold::kMax : Fold::kMin;
  const std::size_t outputs = usize(spec.output->shape.num_elements());
  const std::int64_t cells = in.shape.num_elements() / static_cast<std::int64_t>(outputs);
  Multiplier factor = make_multiplier(static_cast<double>(x.scale) / static_cast<double>(y.scale));
  if (kind == ReduceKind::kMean) factor = mean_factor(factor, cells);
  const bool once = kind == ReduceKind::kSum && in.dtype == DType::kInt8;
  const StoredRange range = output_range(spec);
  const std::int32_t start = folds == Fold::kMax   ? range_of(in.dtype).low
                             : folds == Fold::kMin ? range_of(in.dtype).high
                                                   : 0;
  const std::int32_t offset = static_cast<std::int32_t>(cells * x.zero_point);
  const auto walk = native::reduction_walk(in.shape, axes);
  Body body;
  body.scratch_bytes = outputs * sizeof(std::int32_t);
  body.run = [=, dtype = in.dtype](std::span<const std::byte* const> inputs, std::byte* output,
                                   std::byte* scratch) {
    auto* folded = reinterpret_cast<std::int32_t*>(scratch);
    std::fill_n(folded, outputs, start);
    fold_all(folds, walk, dtype, inputs[0], folded);
    for (std::size_t i = 0; i < outputs; ++i) {
      std::int32_t result = folded[i];
      if (sums) {
        const std::int32_t sum = wrapping_add(result, -offset);
        const std::int32_t scaled = once ? multiply_once(sum, factor) : multiply(sum, factor);
        result = wrapping_add(scaled, y.zero_point);
      }
      store(dtype, output, i, range.clamp(result));
    }
  };
  return body;
}

}  // namespace

Body pool_body(const KernelSpec& spec) {
  const auto* op = std::get_if<Pool2dOp>(spec.op);
  if (op == nullptr || op->count_padding) return {};
  const Spatial2d plain;
  const Value& x = *spec.inputs[0];
  // TensorFlow Lite never rescales here.
  if (op->spatial.dilation != plain.dilation || x.dtype != spec.output->dtype ||
      !has_one_affine(x) || !has_one_affine(*spec.output) ||
      affine_of(x) != affine_of(*spec.output)) {
    return {};
  }
  switch (x.dtype) {
    case DType::kInt8:
      return pool_of<std::int8_t>(*op, spec);
    case DType::kUint8:
      return pool_of<std::uint8_t>(*op, spec);
    case DType::kInt16:
      return pool_of<std::int16_t>(*op, spec);
    default:
      return {};
  }
}

Body reduce_body(const KernelSpec& spec) {
  const Value& x = *spec.inputs[0];
  if ((!is_byte(x) && !is_wide(x)) || x.dtype != spec.output->dtype ||
      !has_one_affine(*spec.output)) {
    return {};
  }
  if (const auto* op = std::get_if<GlobalPoolOp>(spec.op)) {
    const ReduceKind kind = op->kind == PoolKind::kMax ? ReduceKind::kMax : ReduceKind::kMean;
    return reduce_of(kind, {1, 2}, spec);
  }
  const auto* op = std::get_if<ReduceOp>(spec.op);
  if (op == nullptr || op->kind > ReduceKind::kMin) return {};
  return reduce_of(op->kind, op->axes, spec);
}

}  // namespace tinysplit::quantized
