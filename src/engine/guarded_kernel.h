#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "kernels/kernel.h"

namespace tinysplit {

// Makes a kernel for the spec that it is given.
using KernelMaker = std::function<Result<std::shared_ptr<const Kernel>>(const KernelSpec&)>;

// The vector code of libraries takes a bound for the result where it meets NaN, and some of it
// counts on sums that stay finite. This kernel looks at its input: as long as all numbers are
// within `limit`, `fast` runs; else the one that `make_careful` makes for `spec` without its clip,
// the first time it is needed, and then spec.clip, which keeps NaN. As what is chosen hangs on the
// input alone, and `fast` gives the numbers of the careful one where all is finite, a cut behind
// the operation changes nothing.
//
// `spec` has one input that is not packed, of float32. Thread-safe as every kernel.
std::shared_ptr<const Kernel> make_guarded_kernel(const KernelSpec& spec, float limit,
                                                  std::shared_ptr<const Kernel> fast,
                                                  KernelMaker make_careful);

// `kernel` with `clip` as a pass of its own over its output, float32 of `shape`.
std::shared_ptr<const Kernel> make_clipped_kernel(std::shared_ptr<const Kernel> kernel,
                                                  const Clip& clip, const Shape& shape);

}  // namespace tinysplit
