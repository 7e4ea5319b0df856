#include "kernels/dtype_dispatch.h"
#include "kernels/float16.h"
#include "kernels/float_to_integer.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

struct Half {
  std::uint16_t bits;
};
struct Bool {
  std::uint8_t stored;
};

float wide(Half x) { return half_to_float(x.bits); }
int wide(Bool x) { return x.stored != 0 ? 1 : 0; }
template <typename T>
T wide(T x) {
  return x;
}

template <typename To, typename From>
To convert(From from) {
  const auto x = wide(from);
  if constexpr (std::is_same_v<To, Half>) {
    return Half{float_to_half(static_cast<float>(x))};
  } else if constexpr (std::is_same_v<To, Bool>) {
    return Bool{static_cast<std::uint8_t>(x != 0)};
  } else if constexpr (std::is_floating_point_v<decltype(x)> && std::is_integral_v<To>) {
    return float_to_integer<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <typename Make>
Body for_any(DType dtype, Make make) {
  if (dtype == DType::kFloat16) return make(Half{});
  if (dtype == DType::kBool) return make(Bool{});
  return for_number(dtype, make);
}

}  // namespace

Body cast_body(const KernelSpec& spec) {
  const auto* op = std::get_if<CastOp>(spec.op);
  if (op == nullptr || op->to != spec.output->dtype || !plain_numbers(spec)) return {};
  const std::size_t count = usize(spec.output->shape.num_elements());
  return for_any(spec.inputs[0]->dtype, [&](auto from) {
    return for_any(spec.output->dtype, [&](auto to) -> Body {
      using From = decltype(from);
      using To = decltype(to);
      return [count](std::span<const std::byte* const> inputs, std::byte* output) {
        const From* x = reinterpret_cast<const From*>(inputs[0]);
        To* __restrict y = reinterpret_cast<To*>(output);
        for (std::size_t i = 0; i < count; ++i) y[i] = convert<To>(x[i]);
        return ok_status();
      };
    });
  });
}

}  // namespace tinysplit::native
