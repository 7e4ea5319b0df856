#include <cmath>
#include <limits>

#include "kernels/clip.h"
#include "kernels/dtype_dispatch.h"
#include "kernels/integer_math.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::native {
namespace {

template <typename T>
using Accumulator = std::conditional_t<std::is_same_v<T, float>, float, std::int64_t>;

template <typename Acc>
Acc add(Acc a, Acc b) {
  if constexpr (std::is_same_v<Acc, float>) {
    return a + b;
  } else {
    return wrap_add(a, b);
  }
}

template <typename Acc>
Acc multiply(Acc a, Acc b) {
  if constexpr (std::is_same_v<Acc, float>) {
    return a * b;
  } else {
    return wrap_multiply(a, b);
  }
}

template <typename Acc>
Acc largest(Acc a, Acc b) {
  if constexpr (std::is_same_v<Acc, float>) {
    return larger(a, b);
  } else {
    return std::max(a, b);
  }
}

template <typename Acc>
Acc smallest(Acc a, Acc b) {
  if constexpr (std::is_same_v<Acc, float>) {
    return smaller(a, b);
  } else {
    return std::min(a, b);
  }
}

template <typename Acc>
Acc start_of(ReduceKind kind) {
  using Limits = std::numeric_limits<Acc>;
  switch (kind) {
    case ReduceKind::kMax:
      return Limits::has_infinity ? -Limits::infinity() : Limits::min();
    case ReduceKind::kMin:
      return Limits::has_infinity ? Limits::infinity() : Limits::max();
    case ReduceKind::kProduct:
      return Acc{1};
    default:
      return Acc{0};
  }
}

template <typename T, typename Acc>
void accumulate(ReduceKind kind, const Walk<2>& walk, const T* x, Acc* sums) {
  const auto same = [](T value) { return static_cast<Acc>(value); };
  switch (kind) {
    case ReduceKind::kMax:
      return fold(walk, x, sums, same, largest<Acc>);
    case ReduceKind::kMin:
      return fold(walk, x, sums, same, smallest<Acc>);
    case ReduceKind::kProduct:
      return fold(walk, x, sums, same, multiply<Acc>);
    case ReduceKind::kL1:
      return fold(
          walk, x, sums,
          [](T value) {
            const Acc wide = static_cast<Acc>(value);
            return wide < 0 ? add(Acc{0}, multiply(wide, static_cast<Acc>(-1))) : wide;
          },
          add<Acc>);
    case ReduceKind::kL2:
    case ReduceKind::kSumSquare:
      return fold(
          walk, x, sums,
          [](T value) { return multiply(static_cast<Acc>(value), static_cast<Acc>(value)); },
          add<Acc>);
    default:
      return fold(walk, x, sums, same, add<Acc>);
  }
}

// Of the folded number; `count` elements went into it.
template <typename T, typename Acc>
T finished(ReduceKind kind, Acc sum, std::size_t count) {
  if constexpr (std::is_same_v<T, float>) {
    if (kind == ReduceKind::kMean) return sum / static_cast<float>(count);
    if (kind == ReduceKind::kL2) return std::sqrt(sum);
    if (kind == ReduceKind::kLogSum) return std::log(sum);
    return sum;
  } else {
    if (kind == ReduceKind::kMean) return static_cast<T>(sum / static_cast<Acc>(count));
    if (kind == ReduceKind::kL2) {
      // Below 2^32 whatever the sum wrapped to.
      const double root = std::sqrt(static_cast<double>(static_cast<std::uint64_t>(sum)));
      return static_cast<T>(static_cast<std::int64_t>(root));
    }
    return static_cast<T>(sum);
  }
}

template <typename T>
ScratchBody fold_body(ReduceKind kind, const Walk<2>& walk, std::size_t outputs,
                      std::size_t count) {
  using Acc = Accumulator<T>;
  return {[=](Inputs inputs, std::byte* output, std::byte* scratch) {
            Acc* sums = reinterpret_cast<Acc*>(scratch);
            std::fill_n(sums, outputs, start_of<Acc>(kind));
            accumulate(kind, walk, reinterpret_cast<const T*>(inputs[0]), sums);
            T* y = reinterpret_cast<T*>(output);
            for (std::size_t i = 0; i < outputs; ++i) y[i] = finished<T>(kind, sums[i], count);
            return ok_status();
          },
          outputs * sizeof(Acc)};
}

// log(sum(exp(x))) = m + log(sum(exp(x - m))) with the largest x for m, which cannot overflow.
ScratchBody log_sum_exp_body(const Walk<2>& walk, std::size_t outputs) {
  return {[=](Inputs inputs, std::byte* output, std::byte* scratch) {
            const float* x = reinterpret_cast<const float*>(inputs[0]);
            float* sums = reinterpret_cast<float*>(scratch);
            float* top = reinterpret_cast<float*>(output);
            std::fill_n(top, outputs, start_of<float>(ReduceKind::kMax));
            accumulate(ReduceKind::kMax, walk, x, top);
            for (std::size_t i = 0; i < outputs; ++i) {
              if (std::isinf(top[i])) top[i] = 0.0f;
            }
            std::fill_n(sums, outputs, 0.0f);
            const std::size_t width = walk.width();
            walk.for_each_row([&](const auto& at) {
              for (std::size_t i = 0; i < width; ++i, ++x) {
                const std::size_t to = usize(at[1] + walk.step(1) * std::ptrdiff_t(i));
                sums[to] += std::exp(*x - top[to]);
              }
            });
            for (std::size_t i = 0; i < outputs; ++i) top[i] += std::log(sums[i]);
            return ok_status();
          },
          outputs * sizeof(float)};
}

}  // namespace

ScratchBody reduce_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ReduceOp>(spec.op);
  if (op == nullptr || spec.inputs[0]->dtype != spec.output->dtype) return {};
  const bool picks = op->kind == ReduceKind::kMax || op->kind == ReduceKind::kMin;
  if (picks ? !same_numbers(spec, 0) : !plain_numbers(spec)) return {};
  const Walk<2> walk = reduction_walk(spec.inputs[0]->shape, op->axes);
  const std::size_t outputs = usize(spec.output->shape.num_elements());
  const std::size_t count = usize(spec.inputs[0]->shape.num_elements()) / outputs;
  const bool logarithm = op->kind == ReduceKind::kLogSum || op->kind == ReduceKind::kLogSumExp;
  switch (spec.output->dtype) {
    case DType::kFloat32:
      if (op->kind == ReduceKind::kLogSumExp) return log_sum_exp_body(walk, outputs);
      return fold_body<float>(op->kind, walk, outputs, count);
    case DType::kInt32:
      return logarithm ? ScratchBody() : fold_body<std::int32_t>(op->kind, walk, outputs, count);
    case DType::kInt64:
      return logarithm ? ScratchBody() : fold_body<std::int64_t>(op->kind, walk, outputs, count);
    case DType::kInt8:
      return picks ? fold_body<std::int8_t>(op->kind, walk, outputs, count) : ScratchBody();
    case DType::kInt16:
      return picks ? fold_body<std::int16_t>(op->kind, walk, outputs, count) : ScratchBody();
    case DType::kUint8:
    case DType::kBool:
      return picks ? fold_body<std::uint8_t>(op->kind, walk, outputs, count) : ScratchBody();
    case DType::kFloat16:
      break;
  }
  return {};
}

}  // namespace tinysplit::native
