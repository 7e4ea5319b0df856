#include <algorithm>
#include <cmath>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

constexpr std::int32_t kUnit = 1 << 10;  // of positions between two cells

// Where an output cell reads along one axis: two neighbours and how far it lies behind the first.
struct Tap {
  std::int64_t low;
  std::int64_t high;
  std::int32_t behind;
};

std::vector<Tap> make_taps(const ResizeOp& op, std::size_t axis, std::int64_t size) {
  const std::int64_t out = op.size[axis];
  std::int64_t step = (kUnit * size + out / 2) / out;
  if (op.coordinates == ResizeCoordinates::kAlignCorners && out > 1) {
    step = (kUnit * (size - 1) + (out - 1) / 2) / (out - 1);
  }
  const bool half = op.coordinates == ResizeCoordinates::kHalfPixel;
  std::vector<Tap> taps;
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t at = i * step + (half ? step / 2 - kUnit / 2 : 0);
    const std::int64_t low = std::max<std::int64_t>(at / kUnit, 0);
    const std::int64_t high = std::min((at + kUnit - 1) / kUnit, size - 1);
    taps.push_back({low, high, static_cast<std::int32_t>(at - low * kUnit)});
  }
  return taps;
}

std::int32_t rounded(std::int64_t sum) {
  constexpr std::int64_t kHalf = std::int64_t{kUnit} * kUnit / 2;
  return static_cast<std::int32_t>((sum + (sum > 0 ? kHalf : -kHalf)) / (2 * kHalf));
}

// uint8 is interpolated in single precision.
struct RealTap {
  std::int64_t low;
  std::int64_t high;
  float behind;
};

std::vector<RealTap> make_real_taps(const ResizeOp& op, std::size_t axis, std::int64_t size) {
  const std::int64_t out = op.size[axis];
  float step = static_cast<float>(size) / static_cast<float>(out);
  if (op.coordinates == ResizeCoordinates::kAlignCorners && out > 1) {
    step = static_cast<float>(size - 1) / static_cast<float>(out - 1);
  }
  const bool half = op.coordinates == ResizeCoordinates::kHalfPixel;
  std::vector<RealTap> taps;
  for (std::int64_t i = 0; i < out; ++i) {
    const float index = static_cast<float>(i);
    const float at = half ? (index + 0.5f) * step - 0.5f : index * step;
    const std::int64_t low = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0);
    const std::int64_t high = std::min(static_cast<std::int64_t>(std::ceil(at)), size - 1);
    taps.push_back({low, high, at - static_cast<float>(low)});
  }
  return taps;
}

Body real_resize(const ResizeOp& op, const Shape& in) {
  const std::vector<RealTap> rows = make_real_taps(op, 0, in[1]);
  const std::vector<RealTap> columns = make_real_taps(op, 1, in[2]);
  const std::size_t channels = usize(in[3]);
  Body body;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    const auto* x = reinterpret_cast<const std::uint8_t*>(inputs[0]);
    auto* y = reinterpret_cast<std::uint8_t*>(output);
    for (std::int64_t n = 0; n < in[0]; ++n) {
      for (const RealTap& h : rows) {
        for (const RealTap& w : columns) {
          const auto cell = [&](std::int64_t row, std::int64_t column) {
            return x + usize((n * in[1] + row) * in[2] + column) * channels;
          };
          const std::uint8_t *top_left = cell(h.low, w.low), *top_right = cell(h.low, w.high);
          const std::uint8_t *low_left = cell(h.high, w.low), *low_right = cell(h.high, w.high);
          for (std::size_t c = 0; c < channels; ++c) {
            const float sum = static_cast<float>(top_left[c]) * (1 - h.behind) * (1 - w.behind) +
                              static_cast<float>(low_left[c]) * h.behind * (1 - w.behind) +
                              static_cast<float>(top_right[c]) * (1 - h.behind) * w.behind +
                              static_cast<float>(low_right[c]) * h.behind * w.behind;
            *y++ = static_cast<std::uint8_t>(sum + 0.5f);
          }
        }
      }
    }
  };
  return body;
}

}  // namespace

Body resize_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ResizeOp>(spec.op);
  const Value& x = *spec.inputs[0];
  if (op == nullptr || op->kind != ResizeKind::kBilinear) return {};
  const bool coordinates = op->coordinates == ResizeCoordinates::kHalfPixel ||
                           op->coordinates == ResizeCoordinates::kAlignCorners ||
                           op->coordinates == ResizeCoordinates::kAsymmetric;
  if (!coordinates || op->scale != std::array<float, 2>{0.0f, 0.0f}) return {};
  if ((!is_byte(x) && !is_wide(x)) || x.dtype != spec.output->dtype ||
      !has_one_affine(*spec.output) || affine_of(x) != affine_of(*spec.output)) {
    return {};
  }
  const Shape in = x.shape;
  if (x.dtype == DType::kUint8) return real_resize(*op, in);
  const std::vector<Tap> rows = make_taps(*op, 0, in[1]), columns = make_taps(*op, 1, in[2]);
  const std::size_t channels = usize(in[3]);
  Body body;
  body.run = [=, dtype = x.dtype](std::span<const std::byte* const> inputs, std::byte* output,
                                  std::byte*) {
    std::size_t to = 0;
    for (std::int64_t n = 0; n < in[0]; ++n) {
      for (const Tap& h : rows) {
        for (const Tap& w : columns) {
          const auto cell = [&](std::int64_t row, std::int64_t column) {
            return usize((n * in[1] + row) * in[2] + column) * channels;
          };
          const std::size_t top_left = cell(h.low, w.low), top_right = cell(h.low, w.high);
          const std::size_t low_left = cell(h.high, w.low), low_right = cell(h.high, w.high);
          for (std::size_t c = 0; c < channels; ++c) {
            const auto at = [&](std::size_t start) {
              return std::int64_t{load(dtype, inputs[0], start + c)};
            };
            const std::int64_t upper = at(top_left) * (kUnit - w.behind) + at(top_right) * w.behind;
            const std::int64_t lower = at(low_left) * (kUnit - w.behind) + at(low_right) * w.behind;
            store(dtype, output, to++, rounded(upper * (kUnit - h.behind) + lower * h.behind));
          }
        }
      }
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
