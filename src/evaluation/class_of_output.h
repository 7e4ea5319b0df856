#pragma once

#include <cstdint>

#include "core/status.h"
#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit {

// The output that scores `classes` classes: the first with so many numbers, or, of two classes,
// with one number that is the second's probability. Errors: INVALID_ARGUMENT (there is none).
Result<ValueId> find_scores(const Graph& graph, std::size_t classes);

// The class with the highest score, the first of equals; of one number the second from 1/2 on.
// `output` holds what find_scores() found, of the type of `value`: float32, int8 or uint8.
std::int32_t class_of(const TensorView& output, const Value& value);

}  // namespace tinysplit
