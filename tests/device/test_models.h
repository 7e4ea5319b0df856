#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "engine/engine.h"
#include "graph/graph.h"

namespace tinysplit {

// A network with a residual connection and two outputs, one of them made early and read on. Layers:
//   0 stem   1 branch   2 sum (of both)   3 early (an output)   4 deep   5 pooled
//   6 scaled (by early)   7 classes (the other output)
// `seed` chooses the weights, `digest_digit` the digest: 64 times that digit.
std::shared_ptr<const Graph> make_residual_model(unsigned seed = 1, char digest_digit = 'a');

// Whole numbers of 0..255, as a camera gives, for the first input of `graph`.
Tensor make_image(const Graph& graph, unsigned seed);

// The outputs of the uncut model.
std::vector<NamedTensor> run_uncut(const std::shared_ptr<const Graph>& graph, const Tensor& input);

// Same names, shapes and bits.
::testing::AssertionResult same_tensors(const std::vector<NamedTensor>& a,
                                        const std::vector<NamedTensor>& b);

}  // namespace tinysplit
