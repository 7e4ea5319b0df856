#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "training/training_run.h"

namespace tinysplit::training {

// What is trained, and how: all that decides the result. The text fields are as a user writes them.
struct Recipe {
  std::string name;          // of the model
  std::string architecture;  // a name of named_architectures(), or a file: see load_architecture()
  std::string dataset;       // as open_dataset() takes it
  std::string input;         // "28x28x1", of a named architecture; empty for its default
  std::string weights;       // a Keras model to start from, see CustomModel::start_from()
  std::int64_t epochs = 10;
  std::int64_t batch = 128;
  double learning_rate = 2e-3;  // the highest one
  std::string optimizer = "adamw";
  double momentum = 0.9;  // of sgd
  double weight_decay = 1e-3;
  double clip_norm = 0.0;
  std::string schedule = "cosine";
  double warmup_epochs = 1.0;
  double final_rate = 0.0;          // of cosine
  std::vector<double> step_epochs;  // of step: where the rate is multiplied by step_factor
  double step_factor = 0.1;
  double label_smoothing = 0.0;
  std::string class_weights = "none";  // or "balanced": see class_weights_of()
  std::string augment = "none";
  double validation = 0.1;  // share of the training images, where the data have none for it
  std::int64_t patience = 0;
  std::int64_t seed = 1;
  std::int64_t threads = 1;
  bool skip_bad_images = false;
};

// The recipe as a JSON object, one key for each field; what parse_recipe() reads.
std::string recipe_text(const Recipe& recipe);
// The text is not trusted. Errors: INVALID_ARGUMENT (names the key).
Result<Recipe> parse_recipe(std::string_view text);

// The recipe as options of `tinysplit train`, but for its name: " --arch resnet8 --epochs 20",
// those that differ from their defaults, fit for a shell.
std::string recipe_arguments(const Recipe& recipe);
// A word as a shell takes it, quoted where it has to be.
std::string shell_word(const std::string& word);

// The first of `keys` whose value differs between two recipes, as "batch is 128, not 64"; empty if
// none does.
std::string first_difference(const Recipe& made_with, const Recipe& given,
                             const std::vector<std::string>& keys);

// The options of a run but for its task and the scale of its pixels.
// Errors: INVALID_ARGUMENT (a word that is not known, a number out of its range).
Result<TrainingOptions> training_options(const Recipe& recipe);

// Images of a step, and times to go through them, that suit so many training images where nobody
// says otherwise: a few need small batches and many epochs, or there are too few steps to learn
// anything. From some 8,000 images on 128 and 10.
std::int64_t suitable_batch(std::size_t images);
std::int64_t suitable_epochs(std::size_t images, std::int64_t batch);

// The weight of each class by its share of `labels`, so that all classes weigh the same: 1 for all
// by "none" (empty), images / (classes * images of the class) by "balanced".
// Errors: INVALID_ARGUMENT (another word).
Result<std::vector<float>> class_weights_of(std::string_view word,
                                            const std::vector<std::int32_t>& labels,
                                            std::size_t classes);

// "28x28x1" or "640" as numbers; empty for empty text. Errors: INVALID_ARGUMENT.
Result<std::vector<std::int64_t>> parse_dims(std::string_view text);

}  // namespace tinysplit::training
