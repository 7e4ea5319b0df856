#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "kernels/kernel.h"

namespace tinysplit {

// Each backend makes a kernel for what it supports and returns UNIMPLEMENTED for the rest.

// Convolutions, dense layers, pooling, transcendental activations, softmax. All of oneDNN is behind
// engine/onednn/. With `allow_reference` false, operations that oneDNN would run by its slow
// reference code are UNIMPLEMENTED.
Result<std::shared_ptr<const Kernel>> make_onednn_kernel(const KernelSpec& spec,
                                                         bool allow_reference);

// Whether the clips of its output stages give 0 for -0, as kernels/clip.h does: its code for AVX2
// and later does, that for SSE 4.1 keeps -0.
bool onednn_clips_exactly();

// Convolutions, transposed convolutions, dense layers, pooling. Single-threaded.
Result<std::shared_ptr<const Kernel>> make_xnnpack_kernel(const KernelSpec& spec);

// The kernel for `spec`. The choice depends on the operation, its shapes and the CPU's instruction
// set only: two processes on like machines compute the same bits.
Result<std::shared_ptr<const Kernel>> make_kernel(const KernelSpec& spec, BackendPolicy policy);

}  // namespace tinysplit
