#include "engine/backends.h"

#include <algorithm>

#include "kernels/native_kernels.h"

namespace tinysplit {
namespace {

using Made = Result<std::shared_ptr<const Kernel>>;

bool is_unimplemented(const Made& made) {
  return !made.ok() && made.status().code() == StatusCode::kUnimplemented;
}

bool is_float(const KernelSpec& spec) {
  const auto is_float32 = [](const Value* value) { return value->dtype == DType::kFloat32; };
  return is_float32(spec.output) && std::ranges::all_of(spec.inputs, is_float32);
}

bool is_depthwise(const Conv2dOp& conv, const KernelSpec& spec) {
  return conv.groups > 1 && conv.groups == spec.inputs[0]->shape[3];
}

// Measured by bench/backend_bench on AVX2 and noted in docs/ARCHITECTURE.md, "Choice of backend".
bool prefers_xnnpack(const KernelSpec& spec) {
  if (std::holds_alternative<DenseOp>(*spec.op)) return true;
  if (std::holds_alternative<ConvTranspose2dOp>(*spec.op)) return true;
  if (const auto* conv = std::get_if<Conv2dOp>(spec.op)) return is_depthwise(*conv, spec);
  return false;
}

}  // namespace

Made make_kernel(const KernelSpec& spec, BackendPolicy policy) {
  Made made = make_native_kernel(spec);
  if (!is_unimplemented(made) || !is_float(spec)) return made;
  const bool xnnpack_first = policy == BackendPolicy::kXnnpack ||
                             (policy == BackendPolicy::kAuto && prefers_xnnpack(spec));
  if (xnnpack_first) {
    made = make_xnnpack_kernel(spec);
    if (!is_unimplemented(made)) return made;
  }
  made = make_onednn_kernel(spec, policy == BackendPolicy::kOneDnn);
  if (!is_unimplemented(made)) return made;
  made = make_xnnpack_kernel(spec);
  if (!is_unimplemented(made)) return made;
  return make_onednn_kernel(spec, true);
}

}  // namespace tinysplit
