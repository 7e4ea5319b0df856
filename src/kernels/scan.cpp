#include "kernels/dtype_dispatch.h"
#include "kernels/integer_math.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::native {
namespace {

// Along an axis: the place of its largest element, and running sums.

template <typename T, typename Index>
Body arg_reduce_rows(const ArgReduceOp& op, const AxisView& view) {
  return [=](std::span<const std::byte* const> inputs, std::byte* output) {
    const T* x = reinterpret_cast<const T*>(inputs[0]);
    Index* y = reinterpret_cast<Index*>(output);
    for (std::size_t row = 0; row < view.outer; ++row, x += view.size * view.inner) {
      for (std::size_t i = 0; i < view.inner; ++i) {
        T best = x[i];
        std::size_t place = 0;
        for (std::size_t k = 1; k < view.size; ++k) {
          const T value = x[k * view.inner + i];
          bool better = op.smallest ? value < best : value > best;
          // A number in the place of NaN, which no number is larger than.
          better = better || (best != best && value == value);
          if (better || (op.last && value == best)) {
            best = value;
            place = k;
          }
        }
        *y++ = static_cast<Index>(place);
      }
    }
    return ok_status();
  };
}

Body arg_reduce(const ArgReduceOp& op, const KernelSpec& spec) {
  const Value& x = *spec.inputs[0];
  // One affine map for all keeps the order of the stored numbers.
  if (spec.output->quantization || (x.quantization && !is_per_tensor(x))) return {};
  const AxisView view(x.shape, op.axis);
  return for_number_or_bool(x.dtype, [&](auto zero) -> Body {
    using T = decltype(zero);
    if (spec.output->dtype == DType::kInt32) return arg_reduce_rows<T, std::int32_t>(op, view);
    if (spec.output->dtype == DType::kInt64) return arg_reduce_rows<T, std::int64_t>(op, view);
    return {};
  });
}

template <typename T>
T sum(T a, T b) {
  if constexpr (std::is_same_v<T, float>) {
    return a + b;
  } else {
    return wrap_add(a, b);
  }
}

template <typename T>
Body running_sum(const CumulativeSumOp& op, const AxisView& view) {
  return [=](std::span<const std::byte* const> inputs, std::byte* output) {
    for (std::size_t row = 0; row < view.outer; ++row) {
      const std::size_t base = row * view.size * view.inner;
      const T* x = reinterpret_cast<const T*>(inputs[0]) + base;
      T* y = reinterpret_cast<T*>(output) + base;
      const auto at = [&](std::size_t k) {
        return (op.reverse ? view.size - 1 - k : k) * view.inner;
      };
      for (std::size_t i = 0; i < view.inner; ++i) y[at(0) + i] = op.exclusive ? T{} : x[at(0) + i];
      for (std::size_t k = 1; k < view.size; ++k) {
        const T* term = x + at(op.exclusive ? k - 1 : k);
        const T* before = y + at(k - 1);
        T* to = y + at(k);
        for (std::size_t i = 0; i < view.inner; ++i) to[i] = sum(before[i], term[i]);
      }
    }
    return ok_status();
  };
}

}  // namespace

Body scan_body(const KernelSpec& spec) {
  if (const auto* op = std::get_if<ArgReduceOp>(spec.op)) return arg_reduce(*op, spec);
  const auto* op = std::get_if<CumulativeSumOp>(spec.op);
  if (op == nullptr || !plain_numbers(spec) || spec.inputs[0]->dtype != spec.output->dtype) {
    return {};
  }
  const AxisView view(spec.output->shape, op->axis);
  return for_number(spec.output->dtype,
                    [&](auto zero) { return running_sum<decltype(zero)>(*op, view); });
}

}  // namespace tinysplit::native
