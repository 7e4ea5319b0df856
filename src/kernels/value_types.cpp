#include <algorithm>

#include "kernels/native_bodies.h"

namespace tinysplit::native {

bool is_float(const KernelSpec& spec) {
  return spec.output->dtype == DType::kFloat32 &&
         std::ranges::all_of(spec.inputs,
                             [](const Value* v) { return v->dtype == DType::kFloat32; });
}

bool plain_numbers(const KernelSpec& spec) {
  return !spec.output->quantization && std::ranges::none_of(spec.inputs, [](const Value* v) {
    return v->quantization.has_value();
  });
}

bool same_numbers(const KernelSpec& spec, std::size_t first) {
  return std::ranges::all_of(spec.inputs.begin() + static_cast<std::ptrdiff_t>(first),
                             spec.inputs.end(), [&](const Value* v) {
                               return v->dtype == spec.output->dtype &&
                                      same_quantization(*v, *spec.output);
                             });
}

bool same_quantization(const Value& a, const Value& b) {
  if (!a.quantization || !b.quantization) return !a.quantization && !b.quantization;
  return a.quantization->scale == b.quantization->scale &&
         a.quantization->zero_point == b.quantization->zero_point &&
         a.quantization->axis == b.quantization->axis;
}

bool is_per_tensor(const Value& value) {
  return value.quantization && value.quantization->axis < 0;
}

}  // namespace tinysplit::native
