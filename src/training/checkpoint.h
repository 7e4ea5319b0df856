#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::training {

// What one epoch came to. Accuracies are shares of 1, NaN where the network names no classes; the
// validation's are NaN where there are no images for it.
struct EpochRecord {
  double learning_rate = 0.0;  // of its last step
  double loss = 0.0;           // mean of its steps, while the weights changed
  double accuracy = 0.0;
  double validation_loss = 0.0;
  double validation_accuracy = 0.0;
  double seconds = 0.0;  // of its steps, without validation
  std::int64_t images = 0;
};

// All that a training run needs to go on bit for bit. Random numbers need no place of their own:
// they are drawn from the seed and the numbers of epoch, step and image.
struct Checkpoint {
  std::string recipe;   // what is trained and how, as its maker wrote it (JSON)
  std::string data_id;  // SHA-256 of the images and labels

  // The step to be done next, and sums of the steps of its epoch before it.
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  double loss_sum = 0.0;
  std::int64_t right = 0;
  std::int64_t images = 0;
  double seconds = 0.0;

  std::uint64_t network_steps = 0;
  std::uint64_t optimizer_steps = 0;
  std::vector<Tensor> parameters;  // float32, of Architecture::parameters
  std::vector<Tensor> moments;     // float32, of the optimiser

  std::vector<EpochRecord> history;
  std::int64_t best_epoch = 0;          // by validation loss, counted from 1; 0 before there is one
  std::vector<Tensor> best_parameters;  // after it, where early stopping may want them
};

// A checkpoint as bytes: a JSON header, the tensors, and a checksum. Never throws but bad_alloc.
std::string format_checkpoint(const Checkpoint& checkpoint);
// Bytes are not trusted. Errors: INVALID_ARGUMENT (no checkpoint, truncated, changed, malformed).
Result<Checkpoint> parse_checkpoint(std::string_view bytes);

// Writes so that a kill at any moment leaves this checkpoint or the one before, whole.
// Errors: those of write_file_atomically.
Status write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& path);
// Errors: those of parse_checkpoint and read_file, with the path in front.
Result<Checkpoint> read_checkpoint(const std::filesystem::path& path);

}  // namespace tinysplit::training
