#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// Multiply-accumulates of every layer, batch 1.
std::vector<std::int64_t> layer_macs(const Graph& graph);

// Bytes of what every layer hands on (its outputs).
std::vector<std::int64_t> layer_output_bytes(const Graph& graph);

// Peak activation RAM of every head: entry c is the most bytes of values that are alive at once
// while layers [0, c) run, inputs included, live tensors of cut c kept to the end. Entry 0 is the
// input's size. Folded batch normalisations and activations, and reshapes of what nobody else
// reads, run in place; nothing else does.
std::vector<std::int64_t> head_peak_ram_bytes(const Graph& graph);

// Weight bytes (flash) of every head: entry c is the sum over layers [0, c).
std::vector<std::int64_t> head_weight_bytes(const Graph& graph);

}  // namespace tinysplit
