#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_tiles.h"
#include "kernels/quantized_values.h"
#include "kernels/walk.h"

namespace tinysplit::quantized {
namespace {

// Both operands on one scale with `bits` more bits.
struct Operands {
  std::array<Affine, 2> affine;
  std::array<Multiplier, 2> factor;
  int bits = 0;

  std::int32_t rescaled(std::size_t operand, std::int32_t stored) const {
    const std::int32_t centred = stored - affine[operand].zero_point;
    return multiply(wrapping_shift_left(centred, bits), factor[operand]);
  }
};

Operands operands_of(const KernelSpec& spec, int bits, double unit) {
  Operands operands;
  operands.bits = bits;
  for (std::size_t i = 0; i < 2; ++i) {
    operands.affine[i] = affine_of(*spec.inputs[i]);
    operands.factor[i] = make_multiplier(static_cast<double>(operands.affine[i].scale) / unit);
  }
  return operands;
}

// Calls to(i, a, b) for every output element, with the stored operands.
template <typename To>
Body elementwise(const KernelSpec& spec, To to) {
  const std::array<DType, 2> types{spec.inputs[0]->dtype, spec.inputs[1]->dtype};
  const auto walk = native::broadcast_walk<2>(
      std::array<Shape, 2>{spec.inputs[0]->shape, spec.inputs[1]->shape}, spec.output->shape);
  Body body;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    std::size_t i = 0;
    walk.for_each_row([&](const auto& at) {
      for (std::size_t k = 0; k < walk.width(); ++k, ++i) {
        const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(k);
        to(output, i,
           load(types[0], inputs[0], static_cast<std::size_t>(at[0] + step * walk.step(0))),
           load(types[1], inputs[1], static_cast<std::size_t>(at[1] + step * walk.step(1))));
      }
    });
  };
  return body;
}

// The output from a product or sum that `factor` rescales.
struct Finish {
  Multiplier factor;
  std::int32_t zero_point;
  StoredRange range;
  DType dtype;

  void operator()(std::byte* output, std::size_t i, std::int32_t x) const {
    store(dtype, output, i, range.clamp(wrapping_add(multiply(x, factor), zero_point)));
  }
};

Finish finish_of(const KernelSpec& spec, double factor) {
  return {make_multiplier(factor), affine_of(*spec.output).zero_point, output_range(spec),
          spec.output->dtype};
}

double twice_larger_scale(const KernelSpec& spec) {
  return 2.0 * static_cast<double>(
                   std::max(affine_of(*spec.inputs[0]).scale, affine_of(*spec.inputs[1]).scale));
}

// Tensors of bytes of one shape, as one row.
Body byte_sum_body(const KernelSpec& spec, const Operands& operands, const Finish& finish,
                   const TileKernels& tiles) {
  SumRow row;
  for (std::size_t i = 0; i < 2; ++i) {
    row.operands[i].zero_point = operands.affine[i].zero_point;
    row.operands[i].factor = operands.factor[i];
  }
  row.is_signed = is_signed_byte(*spec.output);
  row.factor = finish.factor;
  row.zero_point = finish.zero_point;
  row.low = finish.range.low;
  row.high = finish.range.high;
  row.count = static_cast<std::size_t>(spec.output->shape.num_elements());
  const bool small = row.factor.significand != 0 && row.factor.shift < 0;
  Body body;
  body.run = [row, add = (small ? tiles : portable_tiles()).sum](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    SumRow bound = row;
    for (std::size_t i = 0; i < 2; ++i) {
      bound.operands[i].data = reinterpret_cast<const std::uint8_t*>(inputs[i]);
    }
    bound.output = reinterpret_cast<std::uint8_t*>(output);
    add(bound);
  };
  return body;
}

// Additions and subtractions share the fine scale of twice the larger operand.
Body sum_body(const KernelSpec& spec, bool subtract, const TileKernels& tiles) {
  const int bits = is_wide(*spec.output) ? 15 : kSumBits;
  const double unit = twice_larger_scale(spec);
  const double y = affine_of(*spec.output).scale;
  const Operands operands = operands_of(spec, bits, unit);
  const Finish finish = finish_of(spec, unit / (static_cast<double>(1 << bits) * y));
  const Shape& shape = spec.output->shape;
  if (!subtract && is_byte(*spec.output) && spec.inputs[0]->shape == shape &&
      spec.inputs[1]->shape == shape) {
    return byte_sum_body(spec, operands, finish, tiles);
  }
  return elementwise(spec, [=](std::byte* output, std::size_t i, std::int32_t a, std::int32_t b) {
    const std::int32_t right = operands.rescaled(1, b);
    finish(output, i, operands.rescaled(0, a) + (subtract ? -right : right));
  });
}

Body product_body(const KernelSpec& spec) {
  const Affine a = affine_of(*spec.inputs[0]), b = affine_of(*spec.inputs[1]);
  const float factor = a.scale * b.scale / affine_of(*spec.output).scale;
  const Finish finish = finish_of(spec, static_cast<double>(factor));
  return elementwise(spec, [=](std::byte* output, std::size_t i, std::int32_t x, std::int32_t y) {
    const std::int64_t product = std::int64_t{x - a.zero_point} * (y - b.zero_point);
    finish(output, i, static_cast<std::int32_t>(product));
  });
}

Body squared_difference_body(const KernelSpec& spec) {
  constexpr int kBits = 7;
  const double unit = twice_larger_scale(spec);
  const double y = affine_of(*spec.output).scale;
  const Operands operands = operands_of(spec, kBits, unit);
  const Finish finish = finish_of(spec, unit * unit / (static_cast<double>(1 << (2 * kBits)) * y));
  return elementwise(spec, [=](std::byte* output, std::size_t i, std::int32_t a, std::int32_t b) {
    const std::int32_t difference = operands.rescaled(0, a) - operands.rescaled(1, b);
    finish(output, i, difference * difference);
  });
}

template <typename Compare>
Body comparison_body(const KernelSpec& spec, Compare compare) {
  constexpr int kBits = 8;
  const Operands operands = operands_of(spec, kBits, 1.0);
  return elementwise(spec, [=](std::byte* output, std::size_t i, std::int32_t a, std::int32_t b) {
    output[i] = static_cast<std::byte>(compare(operands.rescaled(0, a), operands.rescaled(1, b)));
  });
}

// Stored numbers of one quantisation, compared as they are.
template <typename Pick>
Body pick_body(const KernelSpec& spec, Pick pick) {
  const Affine y = affine_of(*spec.output);
  if (affine_of(*spec.inputs[0]) != y || affine_of(*spec.inputs[1]) != y) return {};
  return elementwise(spec, [dtype = spec.output->dtype, pick, range = output_range(spec)](
                               std::byte* output, std::size_t i, std::int32_t a, std::int32_t b) {
    store(dtype, output, i, range.clamp(pick(a, b)));
  });
}

Body arithmetic_body(BinaryKind kind, const KernelSpec& spec, const TileKernels& tiles) {
  const bool wide = is_wide(*spec.output);
  switch (kind) {
    case BinaryKind::kAdd:
      return sum_body(spec, false, tiles);
    case BinaryKind::kSubtract:
      return sum_body(spec, true, tiles);
    case BinaryKind::kMultiply:
      return product_body(spec);
    case BinaryKind::kSquaredDifference:
      return wide ? Body() : squared_difference_body(spec);
    case BinaryKind::kMaximum:
      return pick_body(spec, [](std::int32_t a, std::int32_t b) { return std::max(a, b); });
    case BinaryKind::kMinimum:
      return pick_body(spec, [](std::int32_t a, std::int32_t b) { return std::min(a, b); });
    default:
      return {};
  }
}

}  // namespace

Body binary_body(const KernelSpec& spec, const TileKernels& tiles) {
  const auto* op = std::get_if<BinaryOp>(spec.op);
  if (op == nullptr || spec.inputs[0]->dtype != spec.inputs[1]->dtype) return {};
  const bool bytes = is_byte(*spec.inputs[0]) && is_byte(*spec.inputs[1]);
  const bool words = is_wide(*spec.inputs[0]) && is_wide(*spec.inputs[1]);
  if (!bytes && !words) return {};
  if (spec.output->dtype == spec.inputs[0]->dtype && has_one_affine(*spec.output)) {
    return arithmetic_body(op->kind, spec, tiles);
  }
  if (spec.output->dtype != DType::kBool || words) return {};
  switch (op->kind) {
    case BinaryKind::kEqual:
      return comparison_body(spec, [](std::int32_t a, std::int32_t b) { return a == b; });
    case BinaryKind::kLess:
      return comparison_body(spec, [](std::int32_t a, std::int32_t b) { return a < b; });
    case BinaryKind::kLessEqual:
      return comparison_body(spec, [](std::int32_t a, std::int32_t b) { return a <= b; });
    case BinaryKind::kGreater:
      return comparison_body(spec, [](std::int32_t a, std::int32_t b) { return a > b; });
    case BinaryKind::kGreaterEqual:
      return comparison_body(spec, [](std::int32_t a, std::int32_t b) { return a >= b; });
    default:
      return {};
  }
}

}  // namespace tinysplit::quantized
