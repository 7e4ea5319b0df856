#pragma once

#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "core/status.h"
#include "kernels/kernel.h"

namespace tinysplit::native {

// The body of a native kernel: reads `inputs`, writes `output`. Thread-safe; allocates nothing.
using Body = std::function<Status(std::span<const std::byte* const> inputs, std::byte* output)>;

// A body that reads up to four float32 tensors and writes one.
using FloatBody = std::function<void(std::span<const float* const> inputs, float* output)>;
Body body_of(FloatBody body);

// Each returns the body for the operations that its file holds, or an empty one for others, and for
// dtypes that it does not know.
Body elementwise_body(const KernelSpec& spec);
Body broadcast_body(const KernelSpec& spec);
Body movement_body(const KernelSpec& spec);
Body pad_body(const KernelSpec& spec);
Body resize_body(const KernelSpec& spec);
Body reduction_body(const KernelSpec& spec);

// Whether all inputs and the output are float32.
bool is_float(const KernelSpec& spec);

}  // namespace tinysplit::native
