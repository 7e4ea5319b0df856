#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tinysplit {

// The input samples that make one output sample along one axis: weights[i] is that of input first +
// i.
struct ResizeTaps {
  std::size_t first = 0;
  std::vector<float> weights;  // they sum to 1
};

// For every sample of `output_size`: the mean over the area that it covers where the axis shrinks,
// linear interpolation between the two nearest centres where it grows, a copy where it stays.
// Precondition: both sizes are at least 1.
std::vector<ResizeTaps> resize_taps(std::size_t input_size, std::size_t output_size);

// Size and channels of an image of interleaved samples.
struct ImageSize {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
};

// Resizes `input` into `output`, both [height, width, channels] with equal channels.
void resize_image(std::span<const unsigned char> input, const ImageSize& input_size,
                  std::span<float> output, const ImageSize& output_size);

}  // namespace tinysplit
