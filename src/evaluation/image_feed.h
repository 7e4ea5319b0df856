#pragma once

#include <cstddef>
#include <span>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "formats/image/resize.h"
#include "graph/graph.h"

namespace tinysplit {

// The size in which a model takes images. Errors: INVALID_ARGUMENT (several inputs, or one that is
// no image of one or three channels in float32, int8 or uint8).
Result<ImageSize> image_size_of(const Graph& graph);

// Feeds the images of a data set to a model: pixels as `scaling` asks to float32 inputs, the pixels
// themselves to uint8 ones, and less 128 to int8 ones, as quantised models are fed. Thread-safe.
class ImageFeed {
 public:
  // `images` must outlive the feed. Errors: as image_size_of(), INVALID_ARGUMENT (another size).
  static Result<ImageFeed> create(const Graph& graph, const LabelledImages& images,
                                  const PixelScaling& scaling);

  // Writes image i as the model's input has it; `bytes` is that large.
  void write(std::size_t i, std::span<std::byte> bytes) const;
  // The same as a tensor.
  Tensor tensor(std::size_t i) const;

 private:
  ImageFeed(DType dtype, const Shape& shape, const LabelledImages& images,
            const PixelScaling& scaling)
      : dtype_(dtype), shape_(shape), images_(&images), scaling_(scaling) {}

  DType dtype_;
  Shape shape_;
  const LabelledImages* images_;
  PixelScaling scaling_;
};

}  // namespace tinysplit
