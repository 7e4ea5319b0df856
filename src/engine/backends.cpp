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

// A call of oneDNN costs about 0.4 us more than one of XNNPACK, and XNNPACK's time for each weight
// of a dense layer grows with the number of inputs that it sums one after the other, oneDNN's does
// not. The line between them is where the two were equal; docs/benchmarks.md has the measurements.
bool is_small_dense(const KernelSpec& spec) {
  if (!std::holds_alternative<DenseOp>(*spec.op)) return false;
  constexpr std::int64_t kLine = std::int64_t{1} << 21;
  constexpr std::int64_t kVectorOutputs = 16;  // fewer outputs take as long
  const Shape& kernel = spec.weights->kernel.shape();
  const std::int64_t inputs = kernel[0], outputs = std::max(kernel[1], kVectorOutputs);
  return inputs <= kLine / inputs / outputs;
}

// With AVX2, convolutions of all kinds are faster with oneDNN, by up to 4 times, and pooling but
// for windows over a small image; with AVX-512 whole convolutional models are. Where oneDNN has no
// code of its own for the CPU, XNNPACK takes over below.
bool prefers_xnnpack(const KernelSpec& spec) {
  return is_small_dense(spec) || std::holds_alternative<ConvTranspose2dOp>(*spec.op);
}

Made make_library_kernel(const KernelSpec& spec, BackendPolicy policy) {
  const bool xnnpack_first = policy == BackendPolicy::kXnnpack ||
                             (policy == BackendPolicy::kAuto && prefers_xnnpack(spec));
  if (xnnpack_first) {
    Made made = make_xnnpack_kernel(spec);
    if (!is_unimplemented(made)) return made;
  }
  Made made = make_onednn_kernel(spec, policy == BackendPolicy::kOneDnn);
  if (!is_unimplemented(made)) return made;
  return make_xnnpack_kernel(spec);
}

}  // namespace

Made make_kernel(const KernelSpec& spec, BackendPolicy policy) {
  Made made = make_native_kernel(spec);
  if (!is_unimplemented(made)) return made;
  if (is_float(spec)) {
    made = make_library_kernel(spec, policy);
    if (!is_unimplemented(made)) return made;
  }
  return make_native_fallback(spec);
}

}  // namespace tinysplit
