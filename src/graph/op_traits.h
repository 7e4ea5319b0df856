#pragma once

#include <cstdint>
#include <string_view>

#include "graph/op.h"

namespace tinysplit {

// How one element of an operation's output can depend on several elements of its first input.
enum class Mixing : std::uint8_t {
  kNone,     // it does not, or the elements are plain to see from the whole output: movement, what
             // works element by element, interpolation, normalisation, running sums
  kKernel,   // through a constant kernel: convolutions, dense layers
  kWindow,   // through a window without weights: pooling
  kAxes,     // over whole axes: reductions
  kProduct,  // through sums of products of two inputs
  kSteps,    // over the steps of a sequence
};

// What is asked of operations in more than one place; one row for each, in op_traits.cpp. What
// hangs on the attributes of one operation is asked through the functions below.
struct OpTraits {
  std::string_view name;  // "conv2d", "channel_affine", ...
  Mixing mixing = Mixing::kNone;
  // Every element of the output is one of an input, or padding.
  bool moves = false;
  // The output's dtype follows from the inputs; a node may not state another.
  bool fixes_dtype = false;
  // Runs with constant weights that a following channel affine can be multiplied into
  // (kernels/weight_folding.h).
  bool has_weights = false;
  // The output has the bytes of the input, in the same order: it takes no memory of its own.
  bool renames = false;
};

// Constant time.
const OpTraits& traits_of(const Op& op);

bool is_comparison(BinaryKind kind);  // numbers to bool
bool is_logic(BinaryKind kind);       // bools to bool

// Whether the output of quantised inputs is, unless stated otherwise, of the first one's scale and
// zero point, because the operation moves, picks or bounds stored numbers.
bool keeps_quantization(const Op& op);

// Whether a node with this operation may only be of the dtype that follows from its inputs.
bool fixes_dtype(const Op& op);

// relu, relu6 and their like: bounds from 0, exact in whatever order they are applied.
bool is_relu(const Op& op);

}  // namespace tinysplit
