#include "kernels/native_bodies.h"
#include "kernels/walk.h"

namespace tinysplit::native {
namespace {

template <typename Element>
Body select_rows(const KernelSpec& spec) {
  const auto walk = broadcast_walk<3>(
      {spec.inputs[0]->shape, spec.inputs[1]->shape, spec.inputs[2]->shape}, spec.output->shape);
  return [walk](std::span<const std::byte* const> inputs, std::byte* output) {
    const auto* condition = reinterpret_cast<const std::uint8_t*>(inputs[0]);
    const Element* a = reinterpret_cast<const Element*>(inputs[1]);
    const Element* b = reinterpret_cast<const Element*>(inputs[2]);
    Element* y = reinterpret_cast<Element*>(output);
    walk.for_each_row([&](const auto& at) {
      const auto* c_at = condition + at[0];
      const Element* a_at = a + at[1];
      const Element* b_at = b + at[2];
      for (std::size_t i = 0; i < walk.width(); ++i) {
        *y++ = *c_at != 0 ? *a_at : *b_at;
        c_at += walk.step(0);
        a_at += walk.step(1);
        b_at += walk.step(2);
      }
    });
    return ok_status();
  };
}

Body prelu_rows(const KernelSpec& spec) {
  const auto walk =
      broadcast_walk<2>({spec.inputs[0]->shape, spec.inputs[1]->shape}, spec.output->shape);
  return body_of([walk](std::span<const float* const> inputs, float* __restrict y) {
    walk.for_each_row([&](const auto& at) {
      const float* x = inputs[0] + at[0];
      const float* slope = inputs[1] + at[1];
      for (std::size_t i = 0; i < walk.width(); ++i) {
        y[i] = *x > 0.0f ? *x : *slope * *x;
        x += walk.step(0);
        slope += walk.step(1);
      }
      y += walk.width();
    });
  });
}

}  // namespace

Body select_body(const KernelSpec& spec) {
  if (std::holds_alternative<PreluOp>(*spec.op)) return is_float(spec) ? prelu_rows(spec) : Body();
  if (!std::holds_alternative<SelectOp>(*spec.op)) return {};
  if (spec.inputs[0]->dtype != DType::kBool || !same_numbers(spec, 1)) return {};
  switch (dtype_size(spec.output->dtype)) {
    case 1:
      return select_rows<std::uint8_t>(spec);
    case 2:
      return select_rows<std::uint16_t>(spec);
    case 4:
      return select_rows<std::uint32_t>(spec);
    case 8:
      return select_rows<std::uint64_t>(spec);
  }
  return {};
}

}  // namespace tinysplit::native
