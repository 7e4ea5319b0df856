#include "kernels/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

// Where one output cell reads along one axis: two neighbours and the weight of the second.
struct Tap {
  std::size_t low;
  std::size_t high;
  float weight;
};

float source_coordinate(const ResizeOp& op, std::size_t axis, std::int64_t i, std::int64_t size) {
  const float at = static_cast<float>(i);
  const std::int64_t out = op.size[axis];
  const float step = op.scale[axis] > 0.0f ? 1.0f / op.scale[axis]
                                           : static_cast<float>(size) / static_cast<float>(out);
  switch (op.coordinates) {
    case ResizeCoordinates::kHalfPixel:
      return (at + 0.5f) * step - 0.5f;
    case ResizeCoordinates::kPytorchHalfPixel:
      return out == 1 ? 0.0f : (at + 0.5f) * step - 0.5f;
    case ResizeCoordinates::kAlignCorners:
      return out == 1 ? 0.0f : at * static_cast<float>(size - 1) / static_cast<float>(out - 1);
    case ResizeCoordinates::kAsymmetric:
      return at * step;
    case ResizeCoordinates::kHalfPixelFloor:
      return (at + 0.5f) * step;
  }
  return at;
}

float round_as(float at, ResizeRounding rounding) {
  switch (rounding) {
    case ResizeRounding::kFloor:
      return std::floor(at);
    case ResizeRounding::kCeil:
      return std::ceil(at);
    case ResizeRounding::kRoundPreferFloor:
      return std::ceil(at - 0.5f);
    case ResizeRounding::kRoundPreferCeil:
      return std::floor(at + 0.5f);
  }
  return at;
}

std::size_t nearest_cell(const ResizeOp& op, std::size_t axis, std::int64_t i, std::int64_t size) {
  const float at = source_coordinate(op, axis, i, size);
  return static_cast<std::size_t>(
      std::clamp(round_as(at, op.rounding), 0.0f, static_cast<float>(size - 1)));
}

std::vector<Tap> make_taps(const ResizeOp& op, std::size_t axis, std::int64_t size) {
  std::vector<Tap> taps;
  const float last = static_cast<float>(size - 1);
  for (std::int64_t i = 0; i < op.size[axis]; ++i) {
    if (op.kind == ResizeKind::kNearest) {
      const std::size_t nearest = nearest_cell(op, axis, i, size);
      taps.push_back({nearest, nearest, 0.0f});
      continue;
    }
    const float at = source_coordinate(op, axis, i, size);
    // Outside of the outermost cells the edge repeats.
    const float clamped = std::clamp(at, 0.0f, last);
    const std::size_t low = static_cast<std::size_t>(clamped);
    taps.push_back({low, std::min(low + 1, usize(size - 1)), clamped - std::floor(clamped)});
  }
  return taps;
}

Body nearest_body(const ResizeOp& op, const KernelSpec& spec) {
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t cell = usize(in[3]) * dtype_size(spec.output->dtype);
  const std::size_t row = usize(in[2]) * cell, image = usize(in[1]) * row;
  const std::vector<Tap> rows = make_taps(op, 0, in[1]);
  const std::vector<Tap> columns = make_taps(op, 1, in[2]);
  return [=, batch = usize(in[0])](std::span<const std::byte* const> inputs, std::byte* y) {
    for (std::size_t n = 0; n < batch; ++n) {
      for (const Tap& h : rows) {
        for (const Tap& w : columns) {
          std::memcpy(y, inputs[0] + n * image + h.low * row + w.low * cell, cell);
          y += cell;
        }
      }
    }
    return ok_status();
  };
}

}  // namespace

Body resize_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ResizeOp>(spec.op);
  if (op == nullptr) return {};
  if (op->kind == ResizeKind::kNearest) return nearest_body(*op, spec);
  if (!is_float(spec)) return {};
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t channels = usize(in[3]), row = usize(in[2]) * channels;
  const std::size_t image = usize(in[1]) * row;
  const std::vector<Tap> rows = make_taps(*op, 0, in[1]);
  const std::vector<Tap> columns = make_taps(*op, 1, in[2]);
  return body_of([=, batch = usize(in[0])](std::span<const float* const> inputs, float* y) {
    for (std::size_t n = 0; n < batch; ++n) {
      const float* x = inputs[0] + n * image;
      for (const Tap& h : rows) {
        for (const Tap& w : columns) {
          const float* top = x + h.low * row;
          const float* bottom = x + h.high * row;
          for (std::size_t c = 0; c < channels; ++c) {
            const std::size_t left = w.low * channels + c, right = w.high * channels + c;
            const float upper = top[left] + (top[right] - top[left]) * w.weight;
            const float lower = bottom[left] + (bottom[right] - bottom[left]) * w.weight;
            *y++ = upper + (lower - upper) * h.weight;
          }
        }
      }
    }
  });
}

}  // namespace tinysplit::native

namespace tinysplit {

std::vector<std::int64_t> nearest_cells(const ResizeOp& op, std::size_t axis, std::int64_t size) {
  std::vector<std::int64_t> cells;
  for (std::int64_t i = 0; i < op.size[axis]; ++i) {
    cells.push_back(static_cast<std::int64_t>(native::nearest_cell(op, axis, i, size)));
  }
  return cells;
}

}  // namespace tinysplit
