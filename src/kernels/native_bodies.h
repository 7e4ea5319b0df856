#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "core/status.h"
#include "kernels/kernel.h"

namespace tinysplit::native {

using Inputs = std::span<const std::byte* const>;

// The body of a native kernel: reads `inputs`, writes `output`. Thread-safe; allocates nothing.
using Body = std::function<Status(Inputs inputs, std::byte* output)>;

// A body that works in `scratch`, memory of its own for each bound kernel: 64-byte aligned, of any
// content.
struct ScratchBody {
  std::function<Status(Inputs inputs, std::byte* output, std::byte* scratch)> run;
  std::size_t scratch_bytes = 0;

  explicit operator bool() const { return static_cast<bool>(run); }
};

// A body that reads up to four float32 tensors and writes one.
using FloatBody = std::function<void(std::span<const float* const> inputs, float* output)>;
Body body_of(FloatBody body);

// Each returns the body for the operations that its file holds, or an empty one for others, and for
// dtypes that it does not know.
Body activation_body(const KernelSpec& spec);
Body own_activation_body(const KernelSpec& spec);  // of the kinds that oneDNN lacks
Body channel_affine_body(const KernelSpec& spec);
Body binary_arithmetic_body(const KernelSpec& spec);
Body binary_logic_body(const KernelSpec& spec);
Body unary_body(const KernelSpec& spec);
Body select_body(const KernelSpec& spec);
Body cast_body(const KernelSpec& spec);
Body movement_body(const KernelSpec& spec);
Body gather_body(const KernelSpec& spec);
Body pad_body(const KernelSpec& spec);
Body resize_body(const KernelSpec& spec);
Body reduction_body(const KernelSpec& spec);
Body pool_body(const KernelSpec& spec);
Body scan_body(const KernelSpec& spec);
ScratchBody reduce_body(const KernelSpec& spec);
ScratchBody matmul_body(const KernelSpec& spec);
// Products of integers that are no quantised ones: matmul, dense.
Body integer_matmul_body(const KernelSpec& spec);
ScratchBody dense_body(const KernelSpec& spec);
ScratchBody softmax_body(const KernelSpec& spec);
ScratchBody log_softmax_body(const KernelSpec& spec);
ScratchBody normalize_body(const KernelSpec& spec);
ScratchBody convolution_body(const KernelSpec& spec);
ScratchBody volume_convolution_body(const KernelSpec& spec);  // the one that no library runs
ScratchBody conv_transpose_body(const KernelSpec& spec);
ScratchBody recurrent_body(const KernelSpec& spec);

// Whether all inputs and the output are float32.
bool is_float(const KernelSpec& spec);

// Whether neither the inputs nor the output are quantised.
bool plain_numbers(const KernelSpec& spec);

// Whether the inputs from `first` on and the output are of one dtype and quantisation, so that
// stored numbers may be handed on as they are.
bool same_numbers(const KernelSpec& spec, std::size_t first);
bool same_quantization(const Value& a, const Value& b);

// Whether one scale holds for the whole of a quantised value.
bool is_per_tensor(const Value& value);

}  // namespace tinysplit::native
