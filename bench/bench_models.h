#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit::bench {

struct BenchModel {
  std::shared_ptr<const Graph> graph;
  std::vector<Tensor> inputs;  // one for each graph input, filled with a fixed pattern
};

// The models to measure: the files and folders of `arguments`, else of the environment variable
// TINYSPLIT_BENCH_MODELS (separated by ':'), else the bundled models and, where it is there,
// ../shared/models/mlperf_tiny. Ends the program with a message if one cannot be read.
std::vector<BenchModel> load_bench_models(std::span<char* const> arguments);

// What the numbers depend on: processor, instruction set that oneDNN uses, and date.
void print_machine();

// Multiply-adds per second of one core, times two: independent vector operations that the compiler
// cannot take out, for about `seconds`. 0 on a CPU without AVX2 and FMA.
double measure_peak_flops(double seconds);

}  // namespace tinysplit::bench
