#pragma once

#include <optional>
#include <span>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/type_inference.h"

namespace tinysplit {

// Computes one operation on constants, for readers that fold them. Every input must have data;
// element type as GraphBuilder::add_op takes it.
// Errors: INVALID_ARGUMENT (shapes or types that do not fit), UNIMPLEMENTED (no portable kernel),
// and those of the run.
Result<Tensor> evaluate(const Op& op, std::span<const Value* const> inputs,
                        const std::optional<ElementType>& stated = std::nullopt);

}  // namespace tinysplit
