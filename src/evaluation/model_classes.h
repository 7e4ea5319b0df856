#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/class_match.h"
#include "datasets/dataset.h"
#include "graph/graph.h"

namespace tinysplit {

// Numbers the classes of `images` as the model does: afterwards `classes` are all that it scores,
// named by `labels` (its labels.txt) if there are any, and the labels its own. What it was done by,
// and a note where that is uncertain, is in the result. Errors: those of match_classes().
Result<ClassMatch> number_as_model(const Graph& graph, const std::vector<std::string>& labels,
                                   LabelledImages& images);

}  // namespace tinysplit
