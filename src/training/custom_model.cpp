#include "training/custom_model.h"

#include <utility>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "training/load_architecture.h"
#include "training/model_samples.h"
#include "training/trained_model.h"

namespace tinysplit::training {
namespace {

namespace fs = std::filesystem;

// The network draws from a stream of its own.
constexpr std::uint64_t kNetworkStream = 3;

Result<Network> make_network(const Recipe& recipe, std::shared_ptr<const Architecture> architecture,
                             LossKind loss, std::vector<float> class_weights) {
  NetworkOptions options;
  options.batch = recipe.batch;
  options.threads = static_cast<int>(recipe.threads);
  options.seed = Random::of({std::uint64_t(recipe.seed), kNetworkStream}).next();
  options.loss.kind = loss;
  if (loss != LossKind::kMeanSquaredError) {
    options.loss.class_weights = std::move(class_weights);
    options.loss.label_smoothing = static_cast<float>(recipe.label_smoothing);
  }
  return Network::create(std::move(architecture), options);
}

Status check_threads(std::int64_t threads) {
  if (threads >= 1 && threads <= limits::kMaxTrainingThreads) return ok_status();
  return invalid_argument("threads must be from 1 to " +
                          std::to_string(limits::kMaxTrainingThreads));
}

std::string lines_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + "\n";
  return text;
}

}  // namespace

Result<CustomModel> CustomModel::create(const Recipe& recipe, std::shared_ptr<const ModelData> data,
                                        const Clock& clock) {
  TINYSPLIT_RETURN_IF_ERROR(check_threads(recipe.threads));
  TINYSPLIT_ASSIGN_OR_RETURN(TrainingOptions options, training_options(recipe));
  const std::size_t classes = data->classes().size();
  TINYSPLIT_ASSIGN_OR_RETURN(auto architecture, load_architecture(recipe, classes));
  TINYSPLIT_ASSIGN_OR_RETURN(const Task task, task_of(*architecture, classes));
  // Only pixels need to be made smaller; arrays are as the model will be given them.
  PixelScale scale;
  if (data->train().are_pixels) {
    TINYSPLIT_ASSIGN_OR_RETURN(scale, pixel_scale_of(*architecture));
  }
  options.batches.target = task.target;
  options.batches.scaling = scale.scaling;
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<float> weights,
                             class_weights_of(recipe.class_weights, data->train().labels, classes));
  TINYSPLIT_ASSIGN_OR_RETURN(Network network,
                             make_network(recipe, architecture, task.loss, std::move(weights)));
  TINYSPLIT_ASSIGN_OR_RETURN(
      TrainingRun run, TrainingRun::create(std::move(network), data->train(), data->validation(),
                                           options, recipe_text(recipe), clock));
  CustomModel model(recipe, std::move(data), std::move(architecture), scale, options.batches,
                    std::move(run));
  // A model that cannot be written or read is to be found out before it is trained.
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string file, model.keras_file());
  TINYSPLIT_RETURN_IF_ERROR(read_keras_model_bytes(file, recipe.name).status());
  return model;
}

CustomModel::CustomModel(Recipe recipe, std::shared_ptr<const ModelData> data,
                         std::shared_ptr<const Architecture> architecture, PixelScale scale,
                         BatchOptions batches, TrainingRun run)
    : recipe_(std::move(recipe)),
      data_(std::move(data)),
      architecture_(std::move(architecture)),
      scale_(scale),
      batches_(batches),
      run_(std::move(run)) {}

Result<std::size_t> CustomModel::start_from(const fs::path& keras_model) {
  TINYSPLIT_ASSIGN_OR_RETURN(const TrainedModel model, read_trained_model(keras_model));
  TINYSPLIT_ASSIGN_OR_RETURN(const Preprocessing preprocessing, preprocessing_of(keras_model));
  TINYSPLIT_ASSIGN_OR_RETURN(const PixelScaling scaling, common_scaling(preprocessing));
  Result<std::size_t> taken = set_matching_weights(model, scaling, scale_, run_.network());
  if (!taken.ok()) return taken.status().with_context(keras_model.string());
  return taken;
}

std::optional<ConfusionMatrix> ModelScore::confusion() const {
  if (!accuracy) return std::nullopt;
  return ConfusionMatrix{"", "", classes, score.confusion};
}

std::int64_t CustomModel::kept_epoch() const {
  return recipe_.patience > 0 ? run_.best_epoch() : std::int64_t(history().size());
}

const LabelledImages& CustomModel::test_images() const {
  return data_->test() != nullptr ? *data_->test() : data_->train();
}

Result<ModelScore> CustomModel::evaluate() {
  ModelScore result;
  result.images_name = data_->test() != nullptr ? data_->test_name() : "training";
  result.classes = data_->classes();
  TINYSPLIT_ASSIGN_OR_RETURN(result.score, score_network(run_.network(), test_images(), batches_));
  if (batches_.target != TargetKind::kInput) {
    result.accuracy =
        static_cast<double>(result.score.right) / static_cast<double>(result.score.images);
  }
  return result;
}

Result<std::string> CustomModel::keras_file() const {
  return keras_file_of(run_.network(), scale_);
}

ModelCard CustomModel::card_of(const ModelScore& score) const {
  ModelCard card;
  card.name = recipe_.name;
  card.takes_pixels = data_->train().are_pixels;
  card.data = recipe_.dataset;
  card.train_images = data_->train().size();
  card.validation_images = data_->validation() != nullptr ? data_->validation()->size() : 0;
  card.test_name = score.images_name;
  card.tests_training_images = data_->test() == nullptr;
  card.test_images = std::size_t(score.score.images);
  card.test_loss = score.score.loss;
  card.confusion = score.confusion();
  if (card.confusion) {
    card.confusion->title = "Classes that " + recipe_.name + " names";
    card.confusion->subtitle = "rows: what the image is; columns: what it is taken for; " +
                               std::to_string(score.score.images) + " " + score.images_name +
                               " images";
  }
  card.history = history();
  card.kept_epoch = kept_epoch();
  card.threads = static_cast<int>(recipe_.threads);
  return card;
}

Status CustomModel::save(const fs::path& folder, const ModelScore& score, const ModelNotes& notes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string file, keras_file());
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_keras_model_bytes(file, recipe_.name));
  ModelCard card = card_of(score);
  card.about = notes.about;
  card.command = notes.command;
  card.machine = notes.machine;
  if (card.takes_pixels) {
    TINYSPLIT_RETURN_IF_ERROR(write_samples(test_images(), folder / "data"));
  }
  TINYSPLIT_RETURN_IF_ERROR(
      write_file_atomically(folder / "labels.txt", lines_of(data_->classes())));
  TINYSPLIT_RETURN_IF_ERROR(
      write_file_atomically(folder / "training.svg", training_curves_svg(card)));
  if (card.confusion) {
    TINYSPLIT_RETURN_IF_ERROR(
        write_file_atomically(folder / "confusion.svg", render_svg(*card.confusion)));
  }
  TINYSPLIT_RETURN_IF_ERROR(write_file_atomically(folder / "README.md", readme_text(card, *graph)));
  // The model comes last: where it is, the rest is too.
  return write_file_atomically(folder / (recipe_.name + ".keras"), file);
}

}  // namespace tinysplit::training
