#include "engine/backends.h"

#include <algorithm>
#include <limits>

#include "engine/guarded_kernel.h"
#include "kernels/magnitude.h"
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

KernelSpec without_clip(const KernelSpec& spec) {
  KernelSpec plain = spec;
  plain.clip.reset();
  return plain;
}

// Inputs that cannot make anything but finite numbers.
float safe_limit(const KernelSpec& spec) {
  return spec.weights ? safe_magnitude(growth_of(*spec.weights))
                      : std::numeric_limits<float>::max();
}

// XNNPACK bounds every result, be it by infinities, and with that takes a bound for NaN.
Made make_guarded_xnnpack(const KernelSpec& spec) {
  TINYSPLIT_ASSIGN_OR_RETURN(auto kernel, make_xnnpack_kernel(without_clip(spec)));
  if (spec.clip) kernel = make_clipped_kernel(kernel, *spec.clip, spec.output->shape);
  return make_guarded_kernel(spec, safe_limit(spec), std::move(kernel), make_native_fallback);
}

// oneDNN does the same in the bounds of its post-operations, its functions and its softmax.
Made make_guarded_onednn(const KernelSpec& spec, bool allow_reference) {
  const auto plain = [=](const KernelSpec& unclipped) {
    return make_onednn_kernel(unclipped, allow_reference);
  };
  if (spec.clip && !onednn_clips_exactly()) {
    TINYSPLIT_ASSIGN_OR_RETURN(auto kernel, plain(without_clip(spec)));
    return make_clipped_kernel(std::move(kernel), *spec.clip, spec.output->shape);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(auto kernel, make_onednn_kernel(spec, allow_reference));
  if (spec.weights) {
    if (!spec.clip) return kernel;
    return make_guarded_kernel(spec, safe_limit(spec), std::move(kernel), plain);
  }
  // The maximum over a window passes over NaN, as that of Keras does.
  if (std::holds_alternative<Pool2dOp>(*spec.op)) return kernel;
  return make_guarded_kernel(spec, safe_limit(spec), std::move(kernel), make_native_fallback);
}

Made make_library_kernel(const KernelSpec& spec, BackendPolicy policy) {
  const bool xnnpack_first = policy == BackendPolicy::kXnnpack ||
                             (policy == BackendPolicy::kAuto && prefers_xnnpack(spec));
  if (xnnpack_first) {
    Made made = make_guarded_xnnpack(spec);
    if (!is_unimplemented(made)) return made;
  }
  Made made = make_guarded_onednn(spec, policy == BackendPolicy::kOneDnn);
  if (!is_unimplemented(made)) return made;
  return make_guarded_xnnpack(spec);
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
