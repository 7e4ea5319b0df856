#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/operator_count.h"
#include "formats/tflite/tflite_generated.h"
#include "formats/tflite/tflite_reader.h"
#include "graph/graph.h"

namespace tinysplit::tflite {

// The graph of the subgraph of a verified model that the options choose. Errors: as
// read_tflite_model_bytes.
Result<std::shared_ptr<const Graph>> translate_model(const schema::Model& model,
                                                     std::size_t file_bytes,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const TfliteOptions& options);

// The operators of that subgraph, and of those that it calls, by their kinds.
// Errors: INVALID_ARGUMENT (no subgraph, an operator of a kind that does not exist).
Result<std::vector<OperatorUse>> count_operators(const schema::Model& model,
                                                 const TfliteOptions& options);

}  // namespace tinysplit::tflite
