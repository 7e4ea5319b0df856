#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "training/architecture.h"

namespace tinysplit::training {

// What the values of an activation were while training, for its quantisation: 0 lies within.
struct ActivationRange {
  // Whose output it is; that of an input layer is the input. What lies inside of a layer has the
  // operation's name behind the layer's ("classes/dense"), as fold_operations() names it.
  std::string layer;
  float low = 0.0f;
  float high = 0.0f;
};

// The scheme of TensorFlow Lite: x = scale * (q - zero_point) with q in [-128, 127]. The range is
// moved so that 0 is one of the numbers.
struct Int8Grid {
  float scale = 1.0f;
  float zero_point = 0.0f;  // a whole number in [-128, 127]
};
Int8Grid grid_of(float low, float high);

// Each weight becomes the nearest of -127 .. 127 times the scale of its column (the last axis, an
// output channel), which its largest magnitude gives. Both matrices are [rows,columns].
void fake_quantize_weights(const float* weights, std::size_t rows, std::size_t columns,
                           float* quantized);

// The network as a quantised one computes it: wherever a value would be an int8 tensor, a
// FakeQuantizeOp rounds it. That is the input, and what convolutions, dense layers, normalisations,
// activations, additions, concatenations and means give, but for what is computed together in the
// quantised network (a relu behind a layer, a normalisation behind a convolution), and for the
// outputs of sigmoid, tanh and softmax, whose grid is fixed. Normalisations use their moving
// statistics, as they will once they are folded into the weights: that multiplies each output
// channel of a kernel by one number, which rounding by channel does not notice. Parameters stay as
// they are.
Architecture add_fake_quantization(const Architecture& architecture);

// The ranges of such a network, empty, by FakeQuantizeOp::range.
std::vector<ActivationRange> list_ranges(const Architecture& architecture);

}  // namespace tinysplit::training
