#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "graph/graph.h"

namespace tinysplit {

// Samples of a part of the data as the model's only input takes them: images in its size, as its
// preprocessing makes pixels of them, or arrays; with a progress bar. At most `limit` of them, 0
// for all. Images that cannot be read are named on standard error and left out. Errors: those of
// open_dataset() and image_input_of(), INVALID_ARGUMENT (no image is left).
Result<LabelledImages> load_data_for(const Graph& graph, const Preprocessing& preprocessing,
                                     const std::string& data, Split split, std::size_t limit);

// Numbers the classes of `images` as the model does, whose labels.txt is `labels`, and notes on
// standard error what is uncertain about that. Errors: those of number_as_model(), with `data` in
// front.
Status match_classes_of(const Graph& graph, const std::vector<std::string>& labels,
                        const std::string& data, LabelledImages& images);

}  // namespace tinysplit
