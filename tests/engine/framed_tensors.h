#pragma once

#include <vector>

#include "engine/named_run.h"

namespace tinysplit::test {

// As they arrive behind the wire, in a request for that cut.
std::vector<NamedTensor> through_a_frame(std::vector<NamedTensor> tensors, int cut);

}  // namespace tinysplit::test
