#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/preprocessing.h"
#include "formats/image/resize.h"
#include "graph/graph.h"

namespace tinysplit {

// An input of a model that takes images, and how pixels become its numbers: what a
// preprocessing.json states, as float32 or quantised as the input is. Without one, the pixels
// themselves as float32 or uint8, less 128 as int8, as quantised models are fed. Thread-safe.
class ImageInput {
 public:
  // Of [1,H,W,C] or [1,C,H,W] with one or three channels, float32, int8, uint8 or int16; several
  // may fit, then it is [1,H,W,C] unless stated. Errors: INVALID_ARGUMENT (another input).
  static Result<ImageInput> create(const Value& input, const Preprocessing& preprocessing);

  const ImageSize& size() const { return size_; }
  // Writes an image of that size, [height,width,channels], as the input has it; `bytes` is that
  // large.
  void write(std::span<const std::uint8_t> pixels, std::span<std::byte> bytes) const;
  // The least and the highest number that a pixel can become.
  std::pair<float, float> range() const;

 private:
  ImageInput(const Value& input, const ImageSize& size, bool channels_first,
             const Preprocessing& preprocessing);
  // What pixel `level` of channel c is to the model, before it is stored.
  float real_of(std::size_t level, std::size_t c) const;
  template <typename T>
  void write_as(std::span<const std::uint8_t> pixels, std::span<T> numbers) const;

  DType dtype_;
  ImageSize size_;
  bool channels_first_;
  std::array<PixelScaling, 3> scaling_;
  // By channel and pixel: the number, of types with fewer than 32 bits as stored.
  std::array<std::array<float, 256>, 3> numbers_;
};

// That of the model's only input. Errors: INVALID_ARGUMENT (several inputs, or no image).
Result<ImageInput> image_input_of(const Graph& graph, const Preprocessing& preprocessing);

// The image file in `bytes` as the input takes it. Errors: those of decode_image() and ImageInput.
Result<Tensor> image_for(std::string_view bytes, const Value& input,
                         const Preprocessing& preprocessing);

}  // namespace tinysplit
