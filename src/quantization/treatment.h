#pragma once

#include <optional>
#include <string>

#include "graph/graph.h"
#include "graph/type_inference.h"

namespace tinysplit {

// How a layer of a folded network is computed on int8 numbers.
enum class TreatmentKind : std::uint8_t {
  kFloat,  // not at all: it stays float32
  kFree,   // its output has a scale of its own
  kSame,   // its output has the numbers, and so the scale, of its first input
  kJoin,   // its inputs and its output have one scale; inputs of another are rescaled before it
  kFixed,  // the arithmetic gives the output's scale
  kIndex,  // its output is not quantised: indices of quantised numbers
};

struct Treatment {
  TreatmentKind kind = TreatmentKind::kFloat;
  std::optional<ElementType> fixed;  // kFixed: the output's type
  std::string reason;                // kFloat: why, for people
};

// What TensorFlow Lite has int8 operators for, and our kernels compute as it does. `layer` is one
// of a graph that fold_operations() made.
Treatment treatment_of(const Graph& graph, const Layer& layer);

}  // namespace tinysplit
