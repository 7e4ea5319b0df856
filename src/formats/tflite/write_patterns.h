#pragma once

#include <optional>
#include <vector>

#include "formats/tflite/node_writer.h"

// Nodes that together are one operator of TensorFlow Lite, as the reader takes them apart.
namespace tinysplit::tflite {

// The pattern that begins with node `first`, if it is one. `readers` of each value: inner values
// have no reader outside of the pattern.
std::optional<WriteStep> match_pattern(const Graph& graph, const std::vector<int>& readers,
                                       int first);

// Writes a step with a pattern. Errors: none of its own.
Status write_pattern(NodeWriter& writer);

}  // namespace tinysplit::tflite
