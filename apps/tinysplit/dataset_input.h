#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "graph/graph.h"

namespace tinysplit {

// Images of a part of the data in the size of the model's input, with a progress bar; at most
// `limit` of them, 0 for all. Images that cannot be read are named on standard error and left out.
// Errors: those of open_dataset() and image_size_of(), INVALID_ARGUMENT (no image is left).
Result<LabelledImages> load_images_for(const Graph& graph, const std::string& data, Split split,
                                       std::size_t limit);

// Numbers the classes of `images` as the model does, whose labels.txt is `labels`, and notes on
// standard error what is uncertain about that. Errors: those of number_as_model(), with `data` in
// front.
Status match_classes_of(const Graph& graph, const std::vector<std::string>& labels,
                        const std::string& data, LabelledImages& images);

}  // namespace tinysplit
