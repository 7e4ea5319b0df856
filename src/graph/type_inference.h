#pragma once

#include <optional>
#include <span>
#include <utility>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/op.h"

namespace tinysplit {

// What the elements of a value are.
struct ElementType {
  DType dtype = DType::kFloat32;
  std::optional<Quantization> quantization;

  ElementType() = default;
  ElementType(DType type, std::optional<Quantization> quantized = std::nullopt)
      : dtype(type), quantization(std::move(quantized)) {}
};

// Element type of the output of `op` on `inputs`, after checking that the inputs' types fit the
// operation and each other. Operations that compute on quantised numbers need to be told theirs:
// `stated`. Where it is given it is checked, and wins.
// Errors: INVALID_ARGUMENT that says what does not fit.
Result<ElementType> infer_type(const Op& op, std::span<const Value* const> inputs,
                               const std::optional<ElementType>& stated);

// The output of `op` as a value without name or data: shape and element type.
// Errors: INVALID_ARGUMENT.
Result<Value> infer_output(const Op& op, std::span<const Value* const> inputs,
                           const std::optional<ElementType>& stated);

// Scales positive and finite, one for the tensor or one for each index along the axis; zero points
// representable in `dtype`, which is an integer type. Errors: INVALID_ARGUMENT.
Status check_quantization(const Quantization& quantization, DType dtype, const Shape& shape);

}  // namespace tinysplit
