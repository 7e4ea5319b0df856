#include <limits>

#include "kernels/dtype_dispatch.h"
#include "kernels/weights.h"
#include "kernels/window.h"

namespace tinysplit::native {
namespace {

struct Pooling {
  Window window;
  std::int64_t batch;
  std::int64_t channels;
  bool count_padding;
  std::optional<Clip> clip;

  std::int64_t input_cells() const { return window[0].input * window[1].input * window[2].input; }
};

// Calls visit(cell) for each cell of the input that the window at (d, h, w) covers.
template <typename Visit>
void for_each_cell(const Window& window, const std::array<std::int64_t, 3>& place, Visit visit) {
  const auto& [d, h, w] = window;
  for (std::int64_t kd = 0; kd < d.size; ++kd) {
    const std::int64_t at_d = d.cell(place[0], kd);
    if (!d.holds(at_d)) continue;
    for (std::int64_t kh = 0; kh < h.size; ++kh) {
      const std::int64_t at_h = h.cell(place[1], kh);
      if (!h.holds(at_h)) continue;
      for (std::int64_t kw = 0; kw < w.size; ++kw) {
        const std::int64_t at_w = w.cell(place[2], kw);
        if (w.holds(at_w)) visit((at_d * h.input + at_h) * w.input + at_w);
      }
    }
  }
}

// Calls pool(place, x of the sample, y of the cell) for each cell of the output.
template <typename T, typename Pool>
void for_each_place(const Pooling& p, const T* x, T* y, Pool pool) {
  const auto& [d, h, w] = p.window;
  for (std::int64_t n = 0; n < p.batch; ++n, x += p.input_cells() * p.channels) {
    std::array<std::int64_t, 3> place{};
    for (place[0] = 0; place[0] < d.output; ++place[0]) {
      for (place[1] = 0; place[1] < h.output; ++place[1]) {
        for (place[2] = 0; place[2] < w.output; ++place[2], y += p.channels) pool(place, x, y);
      }
    }
  }
}

template <typename T>
inline constexpr T kLowest = std::numeric_limits<T>::has_infinity
                                 ? -std::numeric_limits<T>::infinity()
                                 : std::numeric_limits<T>::min();

template <typename T>
Body max_pool(const Pooling& p) {
  return [p](Inputs inputs, std::byte* output) {
    const auto pool = [&](const auto& place, const T* x, T* __restrict y) {
      std::fill_n(y, p.channels, kLowest<T>);
      for_each_cell(p.window, place, [&](std::int64_t cell) {
        const T* from = x + cell * p.channels;
        for (std::int64_t c = 0; c < p.channels; ++c) y[c] = from[c] > y[c] ? from[c] : y[c];
      });
      if constexpr (std::is_same_v<T, float>) apply_clip(p.clip, y, usize(p.channels));
    };
    for_each_place(p, reinterpret_cast<const T*>(inputs[0]), reinterpret_cast<T*>(output), pool);
    return ok_status();
  };
}

Body average_pool(const Pooling& p) {
  return [p](Inputs inputs, std::byte* output) {
    const auto pool = [&](const auto& place, const float* x, float* __restrict y) {
      std::fill_n(y, p.channels, 0.0f);
      std::int64_t cells = 0;
      for_each_cell(p.window, place, [&](std::int64_t cell) {
        const float* from = x + cell * p.channels;
        for (std::int64_t c = 0; c < p.channels; ++c) y[c] += from[c];
        ++cells;
      });
      if (p.count_padding) cells = p.window[0].size * p.window[1].size * p.window[2].size;
      // A dilated window may step over all of a small input.
      const float scale = 1.0f / static_cast<float>(std::max<std::int64_t>(cells, 1));
      for (std::int64_t c = 0; c < p.channels; ++c) y[c] *= scale;
      apply_clip(p.clip, y, usize(p.channels));
    };
    for_each_place(p, reinterpret_cast<const float*>(inputs[0]), reinterpret_cast<float*>(output),
                   pool);
    return ok_status();
  };
}

Body pool_of(PoolKind kind, const Pooling& p, const KernelSpec& spec) {
  if (!same_numbers(spec, 0)) return {};
  if (kind == PoolKind::kAverage) return is_float(spec) ? average_pool(p) : Body();
  return for_number_or_bool(spec.output->dtype,
                            [&](auto zero) { return max_pool<decltype(zero)>(p); });
}

template <typename Op>
Body window_pool(const Op& op, const KernelSpec& spec) {
  const Shape& x = spec.inputs[0]->shape;
  const Window window = make_window(x, spec.output->shape, op.window, op.spatial);
  return pool_of(op.kind, {window, x[0], x[x.rank() - 1], op.count_padding, spec.clip}, spec);
}

}  // namespace

Body pool_body(const KernelSpec& spec) {
  if (const auto* op = std::get_if<Pool2dOp>(spec.op)) return window_pool(*op, spec);
  if (const auto* op = std::get_if<Pool3dOp>(spec.op)) return window_pool(*op, spec);
  if (const auto* op = std::get_if<GlobalPoolOp>(spec.op)) {
    const Shape& x = spec.inputs[0]->shape;
    Window window;
    window[1].input = window[1].size = x[1];
    window[2].input = window[2].size = x[2];
    return pool_of(op->kind, {window, x[0], x[3], false, spec.clip}, spec);
  }
  return {};
}

}  // namespace tinysplit::native
