#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "report/confusion_matrix.h"
#include "training/checkpoint.h"

namespace tinysplit::training {

// All that a model's README says about it and its training.
struct ModelCard {
  std::string name;
  bool takes_pixels = true;  // else numbers as the data have them
  std::string about;         // a paragraph of Markdown; may be empty
  std::string command;       // the line that trains it again
  std::string data;          // "fashion-mnist"
  std::size_t train_images = 0;
  std::size_t validation_images = 0;
  std::string test_name = "test";  // of the images that `confusion` and `test_loss` are of
  std::size_t test_images = 0;
  bool tests_training_images = false;
  double test_loss = 0.0;
  std::optional<ConfusionMatrix> confusion;  // none where the network names no classes
  std::vector<EpochRecord> history;
  std::int64_t kept_epoch = 0;  // counted from 1, of which the weights are
  int threads = 1;
  std::string machine;
};

// Loss and accuracy by epoch, as SVG.
std::string training_curves_svg(const ModelCard& card);

// README.md of the model's folder, which names training.svg and confusion.svg beside it. `graph` is
// the model as it was written.
std::string readme_text(const ModelCard& card, const Graph& graph);

}  // namespace tinysplit::training
