#pragma once

#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "engine/backends.h"

namespace tinysplit::native {

// The body of a native kernel: reads `inputs`, writes `output`; all float32.
using Body = std::function<void(std::span<const float* const> inputs, float* output)>;

std::shared_ptr<const Kernel> make_kernel(Body body);

// Each returns the body for the operations that its file holds, or an empty one for others.
Body elementwise_body(const KernelSpec& spec);
Body broadcast_body(const KernelSpec& spec);
Body movement_body(const KernelSpec& spec);
Body resize_body(const KernelSpec& spec);
Body reduction_body(const KernelSpec& spec);

}  // namespace tinysplit::native
