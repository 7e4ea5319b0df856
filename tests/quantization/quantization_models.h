#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/tensor.h"
#include "engine/engine.h"
#include "graph/graph.h"
#include "quantization/samples.h"

namespace tinysplit {

// Model files with float32 inputs: golden ones of Keras and the bundled ones.
std::vector<std::filesystem::path> float_model_files();

// "conv2d_same" of ".../conv2d_same.keras", with what no test's name may have replaced.
std::string test_name_of(const std::filesystem::path& path);

// Whether every input is float32, so that random numbers make a sample.
bool takes_real_numbers(const Graph& graph);

// `count` seeded samples for float32 inputs, of numbers around 0.
Samples random_samples(const Graph& graph, std::size_t count);

// The outputs of the model on a sample.
std::vector<Tensor> run_on(const Graph& graph, const std::vector<Tensor>& inputs);
std::vector<Tensor> run_on(const Graph& graph, const Samples& samples, std::size_t sample);

// A network of two residual blocks, a concatenation, pooling and softmax, of 8x8x3 images: layers
// "stem", "norm", "relu", "branch", "sum", "side", "joined", "pool", "classes".
std::shared_ptr<const Graph> make_branched_model();

}  // namespace tinysplit
