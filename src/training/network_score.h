#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/status.h"
#include "training/batches.h"
#include "training/network.h"

namespace tinysplit::training {

// How well a network does on labelled images.
struct NetworkScore {
  double loss = 0.0;  // mean over the images, without penalties of weights
  std::int64_t images = 0;
  std::int64_t right = 0;               // images whose class it names; 0 where it names none
  std::vector<std::int64_t> confusion;  // [classes,classes]: images of class row named as column
};

// The class that a row of outputs names: the largest one, of a single output 0 or 1 by half.
std::int32_t named_class(std::span<const float> outputs);

// How many of the last pass's images, labelled `labels`, got their own class as predictions().
std::int64_t count_right(const Network& network, std::span<const std::int32_t> labels);

// Runs all of `data` in inference mode. `options` as for training, but for `shuffle`.
// Errors: those of Network.
Result<NetworkScore> score_network(Network& network, const LabelledImages& data,
                                   BatchOptions options);

// Copies a batch into the network's input and targets.
void feed(const Batch& batch, Network& network);

}  // namespace tinysplit::training
