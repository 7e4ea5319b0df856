#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// Bounds that an output stage applies.
struct Clip {
  float low;
  float high;
};

// Weights of a convolution, transposed convolution or dense operation as it runs them: a following
// channel affine already multiplied in.
struct PreparedWeights {
  Tensor kernel;  // layout as graph/op.h gives it
  Tensor bias;    // [F]; zeros where the source has none
};

// What a kernel is made for.
struct KernelSpec {
  const Op* op = nullptr;            // outlives the kernel
  std::vector<const Value*> inputs;  // in the order of the Op; outlive the making only
  const Value* output = nullptr;     // outlives the making only
  std::shared_ptr<const PreparedWeights> weights;  // for operations with weights
  std::optional<Clip> clip;
  int threads = 1;
};

// A kernel bound to its memory. Not thread-safe: one per segment.
class BoundKernel {
 public:
  virtual ~BoundKernel() = default;
  virtual Status run() = 0;
  // The same where the caller knows that the input is within Kernel::safe_magnitude().
  virtual Status run_within() { return run(); }
};

// A prepared operation: weights packed, code generated. Immutable, shared by every segment,
// thread-safe.
class Kernel {
 public:
  virtual ~Kernel() = default;

  // `inputs`: one pointer for each input of the operation that is not packed into the kernel. All
  // memory must outlive the result, be 64-byte aligned and readable for 64 bytes past its end.
  virtual Result<std::unique_ptr<BoundKernel>> bind(std::span<const std::byte* const> inputs,
                                                    std::byte* output) const = 0;

  // Of kernels that look at their first input before each run: the largest |x| that needs no care.
  // Negative: no run looks at the input, or all do.
  virtual float safe_magnitude() const { return -1.0f; }

  // "onednn", "xnnpack" or "native", and the library's name for the algorithm where it has one.
  virtual std::string_view backend() const = 0;
};

}  // namespace tinysplit
