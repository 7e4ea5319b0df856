#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/class_scores.h"
#include "graph/graph.h"

namespace tinysplit {

// The output that scores `classes` classes: the first with so many numbers, or, of two classes,
// with one number that speaks of the second. Errors: INVALID_ARGUMENT (there is none).
Result<ValueId> find_scores(const Graph& graph, std::size_t classes);

// The classes that the first output with scores tells apart, two where it is one number; 0 if none
// of the outputs can be scores.
std::size_t count_classes(const Graph& graph);

// What the numbers of output `id` are. A single number is a probability where a sigmoid makes it,
// or where it is stored in a type that has no other numbers; else it is a logit.
ScoreKind score_kind(const Graph& graph, ValueId id);

// The classes that output `id` scores, the likeliest first; `output` is of its type.
std::vector<ScoredClass> ranked_classes(const Graph& graph, ValueId id, const Tensor& output);

// The likeliest of them.
ScoredClass best_class(const Graph& graph, ValueId id, const Tensor& output);

}  // namespace tinysplit
