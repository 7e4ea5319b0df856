#pragma once

#include <memory>

#include "core/status.h"
#include "kernels/kernel.h"

namespace tinysplit {

// Portable kernels, for every dtype that an operation allows: whatever moves data or works element
// by element, and quantised arithmetic. Errors: UNIMPLEMENTED.
Result<std::shared_ptr<const Kernel>> make_native_kernel(const KernelSpec& spec);

// The same for operations that a library computes faster where it computes them at all: for what
// the libraries refuse, and for folding constants. Errors: UNIMPLEMENTED.
Result<std::shared_ptr<const Kernel>> make_native_fallback(const KernelSpec& spec);

}  // namespace tinysplit
