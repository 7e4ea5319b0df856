#pragma once

#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "engine/engine.h"

namespace tinysplit {

// Runs `segment` on tensors matched by name, as they come from a file or the wire. Where no name is
// known and all only count ("", "arr_0", "x0"), tensors are taken in the order of the segment's
// inputs. Types are converted as convert_for() of
// engine/value_conversion.h does; the batch dimension may be left out, or be larger than 1
// (the samples then run one after the other). Tensors that are outputs of the model, made before
// the segment, are passed on, so that chained segments give all outputs of the model. Returns the
// segment's outputs by name, then what was passed on. Errors: INVALID_ARGUMENT (missing, unknown or
// repeated tensor, dtype, shape, unequal batches).
Result<std::vector<NamedTensor>> run_named(Segment& segment, const Graph& graph,
                                           std::vector<NamedTensor> inputs);

}  // namespace tinysplit
