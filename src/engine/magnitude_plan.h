#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/kernel_cache.h"
#include "engine/steps.h"
#include "graph/graph.h"
#include "kernels/kernel.h"

namespace tinysplit {

// What a segment may be given for the bounds below to hold.
inline constexpr float kUsualMagnitude = 65536.0f;

// For each step of layers [begin, end), whether its input is within its kernel's safe_magnitude()
// whenever every float32 input of the segment is within kUsualMagnitude: then the kernel needs not
// look. Follows the largest magnitude that each value can have through the operations; where one
// can be without bound, what comes after it looks for itself.
std::vector<bool> find_steps_within(const Graph& graph, const KernelCache& cache,
                                    std::span<const Step> steps,
                                    std::span<const std::shared_ptr<const Kernel>> kernels,
                                    int begin, int end);

}  // namespace tinysplit
