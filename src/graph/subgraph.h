#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// Layers [begin, end) as a graph of their own, so that what takes whole models takes heads and
// tails. It reads and leaves what a Segment of the engine does, under the same names and in the
// same order: its inputs are the graph's inputs if begin is 0, else the live tensors at `begin`;
// its outputs are the live tensors at `end`, then the graph outputs that the layers make and that
// are not live. A tensor that only passes through is an input and an output: a head of input layers
// alone hands on its inputs. Layers, values and nodes keep their order, names and kinds, constants
// are shared. Named after the graph; the digest is empty, since no file holds these layers.
//
// Runs to the bits of the Segment at every cut. A value that the engine may fuse away has one
// reader; what is read on both sides of an end is an output here and so keeps its readers, and
// what would have been fused into a node before `begin` finds none here that takes it. What a cut
// through a folded batch normalisation does to the uncut output (Cut::splits_fusion), it does here.
//
// Errors: OUT_OF_RANGE (not 0 <= begin < end <= layers), INVALID_ARGUMENT (the layers read nothing,
// or nothing of theirs is used: all outputs are made before).
Result<std::shared_ptr<const Graph>> extract_layers(const Graph& graph, int begin, int end);

// What layers [begin, end) read and leave, in the order of extract_layers.
// Precondition: 0 <= begin <= end <= layers.
std::vector<ValueId> segment_inputs(const Graph& graph, int begin);
std::vector<ValueId> segment_outputs(const Graph& graph, int begin, int end);

}  // namespace tinysplit
