#pragma once

#include <vector>

#include "formats/tflite/tflite_generated.h"
#include "graph/graph.h"

namespace tinysplit::tflite {

// Nodes that one operator does together, beside the fusions (write_patterns.h).
enum class WritePattern : std::uint8_t {
  kNone,
  kNotEqual,       // equal, then not
  kScaledSoftmax,  // a factor, then softmax
  kBlocks,         // blocks of cells to channels or back, by way of six dimensions
  kParts,          // slices that divide one value
};

// A node and what its operator computes together with it.
struct WriteStep {
  int node = -1;
  WritePattern pattern = WritePattern::kNone;
  int nodes = 1;    // of the pattern, from `node` on
  int affine = -1;  // ChannelAffineOp node folded into the weights, or -1
  schema::Activation activation = schema::Activation::NONE;
  ValueId output = -1;  // of the last of them
};

// The steps of a graph in the order of their first nodes. Scales and shifts are folded where the
// engine folds them (graph/fusion.h); clips become the activation of any operator that takes one,
// which is exact. A value that anything else reads, or that is a graph output, is never fused away.
std::vector<WriteStep> plan_operators(const Graph& graph);

// The fused activation that clips to [low, high]; NONE if there is none.
schema::Activation activation_of(float low, float high);

// Whether both have one dtype and one quantisation.
bool have_same_type(const Value& a, const Value& b);

// Nodes that read a value, and one more if it is a graph output.
std::vector<int> count_readers(const Graph& graph);

}  // namespace tinysplit::tflite
