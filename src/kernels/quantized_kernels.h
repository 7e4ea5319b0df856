#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "kernels/kernel.h"
#include "kernels/native_bodies.h"

namespace tinysplit {

// Whether the output or any input is quantised.
bool is_quantized(const KernelSpec& spec);

// The body for values that carry a quantisation, in the integer arithmetic of TensorFlow Lite's
// reference kernels, bit for bit (differences: docs/ARCHITECTURE.md, "Quantised arithmetic"). Empty
// for operations that only move stored numbers, and for what it cannot compute.
native::ScratchBody quantized_body(const KernelSpec& spec);

namespace quantized {

// What a kernel runs. Thread-safe with a scratch of its own for each caller; allocates nothing.
struct Body {
  std::function<void(std::span<const std::byte* const> inputs, std::byte* output,
                     std::byte* scratch)>
      run;
  std::size_t scratch_bytes = 0;

  explicit operator bool() const { return static_cast<bool>(run); }
};

struct TileKernels;

// Each returns the body for the operations that its file holds, or an empty one for others.
Body convolution_body(const KernelSpec& spec, const TileKernels& tiles);  // and dense
Body flat_depthwise_body(const KernelSpec& spec, const TileKernels& tiles);
Body depthwise_body(const KernelSpec& spec, const TileKernels& tiles);
Body plain_product_body(const KernelSpec& spec);  // what the two above leave
Body conv_transpose_body(const KernelSpec& spec);
Body matmul_body(const KernelSpec& spec);
Body pool_body(const KernelSpec& spec);
Body reduce_body(const KernelSpec& spec);
Body binary_body(const KernelSpec& spec, const TileKernels& tiles);
Body activation_body(const KernelSpec& spec);
Body unary_body(const KernelSpec& spec);
Body prelu_body(const KernelSpec& spec);
Body softmax_body(const KernelSpec& spec);
Body conversion_body(const KernelSpec& spec);
Body concat_body(const KernelSpec& spec);
Body resize_body(const KernelSpec& spec);
Body normalize_body(const KernelSpec& spec);
Body lstm_body(const KernelSpec& spec);

}  // namespace quantized
}  // namespace tinysplit
