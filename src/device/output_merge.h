#pragma once

#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "device/local_runner.h"
#include "graph/graph.h"
#include "wire/tensor_codec.h"

namespace tinysplit {

// The outputs of the model in its order, each from where it was made: in the head (those early
// outputs never travel), in the tail that ran here, or by the edge (`received`, untrusted).
// Errors: INVALID_ARGUMENT (an output is missing, or has another type, shape or quantisation than
// the model's).
Result<std::vector<NamedTensor>> merge_outputs(const Graph& graph, const LocalValues& head,
                                               const LocalValues& tail,
                                               std::vector<WireTensor> received);

}  // namespace tinysplit
