#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// Bytes of arena that TensorFlow Lite for Microcontrollers takes for every head, estimated: entry c
// for layers [0, c), written as a .tflite of its own; entry 0 is 0, kUnknownBytes from the first
// layer on that the estimate does not know (recurrent layers, volumes, more operators than
// kMaxMicroOperators).
//
// The arena has two ends. In one lie the tensors, where the runtime's planner puts them: the
// largest first, of equal ones the last, each at the lowest offset that is free as long as it
// lives, in steps of 16 bytes; an operator's output takes no place of an input, reshapes included,
// only what the file fuses needs none. At the other end lies what stays: structures of each tensor
// and operator, two int32 for each channel of a convolution, buffers of the kernels. Their sizes
// are those of a build for 64 bits, measured with the package tflite-micro (docs/tflite.md); with
// the 32-bit pointers of a microcontroller the second part is smaller, with the kernels of
// CMSIS-NN and its like scratch buffers come on top.
std::vector<std::int64_t> head_micro_arena_bytes(const Graph& graph);

inline constexpr std::size_t kMaxMicroOperators = 1000;

}  // namespace tinysplit
