#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/dataset.h"
#include "evaluation/image_input.h"
#include "graph/graph.h"

namespace tinysplit {

// Feeds the samples of a data set to the only input of a model: pixels as ImageInput does, other
// numbers as they are, quantised where the input is. Thread-safe.
class SampleFeed {
 public:
  // `data` and `graph` must outlive the feed. Errors: INVALID_ARGUMENT (several inputs; samples of
  // another size, or of a type that the input does not take).
  static Result<SampleFeed> create(const Graph& graph, const LabelledImages& data,
                                   const Preprocessing& preprocessing);

  // Null where the samples are no pixels.
  const ImageInput* pixels() const { return image_ ? &*image_ : nullptr; }
  // Writes sample i as the model's input has it; `bytes` is that large. Errors: INVALID_ARGUMENT (a
  // number that the input's type cannot hold).
  Status write(std::size_t i, std::span<std::byte> bytes) const;
  // The same as a tensor.
  Result<Tensor> tensor(std::size_t i) const;
  // What an autoencoder is to give for sample i: the numbers that it is fed, or pixels from 0 to 1
  // where nothing states how they are scaled.
  Result<std::vector<float>> reconstruction(std::size_t i) const;

 private:
  SampleFeed(const Value& value, const LabelledImages& data) : value_(&value), data_(&data) {}
  std::span<const std::uint8_t> image(std::size_t i) const;

  const Value* value_;
  const LabelledImages* data_;
  std::optional<ImageInput> image_;
  std::optional<ImageInput> reconstructed_;  // pixels as an autoencoder gives them
};

}  // namespace tinysplit
