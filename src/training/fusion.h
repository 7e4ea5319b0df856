#pragma once

#include <vector>

#include "training/step.h"

namespace tinysplit::training {

// The operations of an architecture, with those that follow one alone computed along with it: a
// clip (relu, relu6) after a convolution, dense layer, batch normalisation or addition; an
// addition, with or without a clip, after a batch normalisation. In execution order.
std::vector<FusedOperation> fuse_operations(const Architecture& architecture);

}  // namespace tinysplit::training
