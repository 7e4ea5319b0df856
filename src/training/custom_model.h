#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/status.h"
#include "training/model_card.h"
#include "training/model_data.h"
#include "training/pixel_scale.h"
#include "training/recipe.h"
#include "training/training_run.h"

namespace tinysplit::training {

// What a trained model comes to on the images of ModelData::test(), or of train() without any.
struct ModelScore {
  std::string images_name;  // "test", "validation", "training"
  NetworkScore score;
  std::optional<double> accuracy;  // none where the network names no classes
  std::vector<std::string> classes;

  // What `score` counted, without words around it; none where the network names no classes.
  std::optional<ConfusionMatrix> confusion() const;
};

// What a model's README says besides: a paragraph of Markdown, the line that trains it again, and
// the machine that trained it. Each may be empty.
struct ModelNotes {
  std::string about;
  std::string command;
  std::string machine;
};

// A model to be trained, as the original project's class of this name: a network for the data, its
// training, and the folder that it is kept in. Not thread-safe.
class CustomModel {
 public:
  // Errors: those of load_architecture(), task_of(), pixel_scale_of(), training_options(), Network.
  static Result<CustomModel> create(const Recipe& recipe, std::shared_ptr<const ModelData> data,
                                    const Clock& clock = SteadyClock::instance());

  // Starts from the weights of another model that have the name and the shape of one of its own, as
  // a network of the same layers for other classes has; the others stay as they were drawn. Returns
  // how many were taken. To be called before train(), not after restore().
  // Errors: those of read_trained_model(), set_matching_weights() and preprocessing_of().
  Result<std::size_t> start_from(const std::filesystem::path& keras_model);
  // Goes on from a checkpoint of the same recipe and data. Errors: INVALID_ARGUMENT.
  Status restore(Checkpoint checkpoint) { return run_.restore(std::move(checkpoint)); }
  // Trains to the end. Errors: those of TrainingRun::run().
  Status train(const TrainingHooks& hooks = {}) { return run_.run(hooks); }

  Result<ModelScore> evaluate();
  // The model as a .keras archive, which takes raw pixels 0..255. Errors: those of the writer.
  Result<std::string> keras_file() const;
  // Writes a model folder: <recipe.name>.keras, labels.txt, samples of the test images in data/,
  // README.md with curves and confusion matrix beside it; each file whole or not at all.
  // Errors: those of keras_file(), of reading it back, and of writing files.
  Status save(const std::filesystem::path& folder, const ModelScore& score,
              const ModelNotes& notes);

  const Recipe& recipe() const { return recipe_; }
  const Architecture& architecture() const { return *architecture_; }
  const ModelData& data() const { return *data_; }
  const std::vector<EpochRecord>& history() const { return run_.history(); }
  // The epoch of which the weights are, counted from 1.
  std::int64_t kept_epoch() const;

 private:
  CustomModel(Recipe recipe, std::shared_ptr<const ModelData> data,
              std::shared_ptr<const Architecture> architecture, PixelScale scale,
              BatchOptions batches, TrainingRun run);
  const LabelledImages& test_images() const;
  ModelCard card_of(const ModelScore& score) const;

  Recipe recipe_;
  std::shared_ptr<const ModelData> data_;
  std::shared_ptr<const Architecture> architecture_;
  PixelScale scale_;
  BatchOptions batches_;
  TrainingRun run_;
};

}  // namespace tinysplit::training
