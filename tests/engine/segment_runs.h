#pragma once

#include <vector>

#include "engine/engine.h"
#include "engine/named_run.h"

namespace tinysplit::test {

std::vector<NamedTensor> copies_of(const std::vector<NamedTensor>& tensors);

// The outputs of layers [begin, end); none, and a failure of the test, on an error.
std::vector<NamedTensor> run(Engine& engine, int begin, int end, std::vector<NamedTensor> inputs);

// As they arrive behind the wire, in a request for that cut.
std::vector<NamedTensor> through_a_frame(std::vector<NamedTensor> tensors, int cut);

}  // namespace tinysplit::test
