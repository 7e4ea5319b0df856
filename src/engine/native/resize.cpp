#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/native/native_kernels.h"

namespace tinysplit::native {
namespace {

std::size_t usize(std::int64_t value) { return static_cast<std::size_t>(value); }

// Where one output cell reads along one axis: two neighbours and the weight of the second.
struct Tap {
  std::size_t low;
  std::size_t high;
  float weight;
};

std::vector<Tap> make_taps(std::int64_t size, std::int64_t factor, ResizeKind kind) {
  std::vector<Tap> taps;
  for (std::int64_t i = 0; i < size * factor; ++i) {
    if (kind == ResizeKind::kNearest) {
      taps.push_back({usize(i / factor), usize(i / factor), 0.0f});
      continue;
    }
    // Cell centres lie at half a pixel; outside of the outermost centres the edge repeats.
    const float at = (static_cast<float>(i) + 0.5f) / static_cast<float>(factor) - 0.5f;
    const float clamped = std::clamp(at, 0.0f, static_cast<float>(size - 1));
    const std::size_t low = static_cast<std::size_t>(clamped);
    taps.push_back({low, std::min(low + 1, usize(size - 1)), clamped - std::floor(clamped)});
  }
  return taps;
}

}  // namespace

Body resize_body(const KernelSpec& spec) {
  const auto* op = std::get_if<Upsample2dOp>(spec.op);
  if (op == nullptr) return {};
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t channels = usize(in[3]), row = usize(in[2]) * channels;
  const std::vector<Tap> rows = make_taps(in[1], op->factor[0], op->kind);
  const std::vector<Tap> columns = make_taps(in[2], op->factor[1], op->kind);
  if (op->kind == ResizeKind::kNearest) {
    return [=](std::span<const float* const> inputs, float* y) {
      for (const Tap& h : rows) {
        for (const Tap& w : columns) {
          std::memcpy(y, inputs[0] + h.low * row + w.low * channels, channels * sizeof(float));
          y += channels;
        }
      }
    };
  }
  return [=](std::span<const float* const> inputs, float* y) {
    for (const Tap& h : rows) {
      for (const Tap& w : columns) {
        const float* top = inputs[0] + h.low * row;
        const float* bottom = inputs[0] + h.high * row;
        for (std::size_t c = 0; c < channels; ++c) {
          const std::size_t left = w.low * channels + c, right = w.high * channels + c;
          const float upper = top[left] + (top[right] - top[left]) * w.weight;
          const float lower = bottom[left] + (bottom[right] - bottom[left]) * w.weight;
          *y++ = upper + (lower - upper) * h.weight;
        }
      }
    }
  };
}

}  // namespace tinysplit::native
