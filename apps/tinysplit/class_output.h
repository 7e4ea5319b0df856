#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "datasets/class_scores.h"
#include "graph/graph.h"

namespace tinysplit {

struct NamedClass : ScoredClass {
  std::string name;  // empty without a label
};

// The classes that an output of the model scores, the likeliest first: of [1,N], by `labels` where
// these go so far. One number is two classes where two are named, else just that number. Empty
// where the output is of another shape, or of none of the model's values.
std::vector<NamedClass> named_classes(const NamedTensor& output, const Graph& graph,
                                      const std::vector<std::string>& labels);

// The most likely class of the first output, if it looks like class scores.
struct TopClass {
  int index = -1;  // -1: no class scores
  double score = 0;
  std::string label;
};
TopClass top_class(const std::vector<NamedTensor>& outputs, const Graph& graph,
                   const std::vector<std::string>& labels);

}  // namespace tinysplit
