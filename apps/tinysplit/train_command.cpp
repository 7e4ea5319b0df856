#include <algorithm>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "core/file.h"
#include "datasets/array_block.h"
#include "engine/profiler.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "stop_request.h"
#include "train_output.h"
#include "training/load_architecture.h"
#include "training/model_output.h"
#include "training/named_architectures.h"
#include "training/trained_model.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;
using training::Checkpoint;
using training::CustomModel;
using training::ModelData;
using training::Recipe;

constexpr const char* kCheckpointName = "training.checkpoint";

struct TrainCommandOptions {
  Recipe recipe;
  std::string output;
  std::string about;
  bool resume = false;
  bool force = false;
  bool json = false;
  // The recipe's keys by their options, to know which of them were given.
  std::vector<std::pair<const CLI::Option*, std::string>> keys;
};

// The folder without a slash at its end, made if it is not there, once nothing stands against
// writing there.
Result<fs::path> prepare_folder(const TrainCommandOptions& options) {
  fs::path folder = fs::path(options.output).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  const std::string name = fs::absolute(folder).lexically_normal().filename().string();
  if (!is_model_name(name)) {
    return invalid_argument("the output folder names the model, and \"" + name +
                            "\" is no name of a model: A-Z a-z 0-9 . _ - and no dot in front");
  }
  TINYSPLIT_RETURN_IF_ERROR(training::check_apart_from(folder, options.recipe.dataset));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return failed_precondition("cannot make the folder " + folder.string() + ": " +
                               error.message());
  }
  if (fs::exists(folder / "preprocessing.json", error)) {
    return failed_precondition(
        (folder / "preprocessing.json").string() +
        " says how pixels are scaled, but models trained here take raw ones: "
        "remove it, or name another folder");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_can_write(folder / kCheckpointName));
  // A training that has not ended may have left some of its files.
  const bool is_begun = fs::exists(folder / kCheckpointName, error);
  if (!is_begun) {
    TINYSPLIT_RETURN_IF_ERROR(training::check_model_folder(folder, name, options.force));
  }
  return folder;
}

// The checkpoint to go on from, if that is asked for; its recipe becomes that of `options`.
Result<std::optional<Checkpoint>> find_checkpoint(const fs::path& folder,
                                                  TrainCommandOptions& options) {
  const fs::path path = folder / kCheckpointName;
  std::error_code error;
  const bool is_there = fs::exists(path, error);
  if (!options.resume) {
    if (!is_there) return std::optional<Checkpoint>();
    return failed_precondition(path.string() +
                               " is of a training that has not ended: go on with --resume, or "
                               "remove it to start anew");
  }
  if (!is_there) {
    return not_found("there is no " + path.string() + " to go on from; train without --resume");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Checkpoint checkpoint, training::read_checkpoint(path));
  Result<Recipe> recipe = training::parse_recipe(checkpoint.recipe);
  if (!recipe.ok()) return recipe.status().with_context(path.string());
  std::vector<std::string> given;
  for (const auto& [option, key] : options.keys) {
    if (option->count() > 0) given.push_back(key);
  }
  const std::string difference = first_difference(*recipe, options.recipe, given);
  if (!difference.empty()) {
    return invalid_argument("of the training to go on with, " + difference +
                            "; --resume needs no other options than --output");
  }
  options.recipe = std::move(*recipe);
  return std::optional(std::move(checkpoint));
}

// What suits the images where the user said nothing; whether that was so.
bool suit_to_images(std::size_t images, TrainCommandOptions& options) {
  const auto is_given = [&](std::string_view key) {
    return std::ranges::any_of(options.keys, [key](const auto& option) {
      return option.second == key && option.first->count() > 0;
    });
  };
  Recipe& recipe = options.recipe;
  if (!is_given("batch")) recipe.batch = training::suitable_batch(images);
  if (!is_given("epochs")) recipe.epochs = training::suitable_epochs(images, recipe.batch);
  return !is_given("batch") || !is_given("epochs");
}

void say_length(std::size_t images, const Recipe& recipe) {
  std::fprintf(stderr, "tinysplit: %zu images for training: %lld epoch%s of batches of %lld\n",
               images, static_cast<long long>(recipe.epochs), recipe.epochs == 1 ? "" : "s",
               static_cast<long long>(recipe.batch));
}

Result<std::shared_ptr<const ModelData>> load_data(const Recipe& recipe) {
  DatasetOptions options;
  const Result<ImageSize> size = training::image_size_of(recipe);
  if (size.ok()) options.size = *size;
  if (!size.ok() && !holds_samples(recipe.dataset)) {
    return size.status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(options.sample_dims, training::sample_dims_of(recipe));
  options.needs_labels = false;
  options.validation_fraction = recipe.validation;
  options.seed = std::uint64_t(recipe.seed);
  options.skip_bad_images = recipe.skip_bad_images;
  // An autoencoder needs no classes to tell apart.
  options.min_classes = 1;
  std::optional<Progress> bar;
  options.on_image = [&](std::size_t done, std::size_t total) {
    if (done == 1) bar.emplace("reading " + recipe.dataset, std::int64_t(total), "images");
    bar->advance();
  };
  TINYSPLIT_ASSIGN_OR_RETURN(ModelData data, ModelData::load(recipe.dataset, options));
  bar.reset();
  for (const std::string& note : data.notes()) {
    std::fprintf(stderr, "tinysplit: note: %s\n", note.c_str());
  }
  for (const std::string& message : data.skipped()) {
    std::fprintf(stderr, "tinysplit: left out: %s\n", message.c_str());
  }
  return std::make_shared<const ModelData>(std::move(data));
}

// Measures the layers of a model, as `tinysplit profile` does, and keeps that beside it.
Status write_analytics_of(const fs::path& model, bool takes_pixels) {
  constexpr int kRuns = 20;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(model));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph, {}));
  ProfileOptions options;
  options.runs = kRuns;
  TINYSPLIT_ASSIGN_OR_RETURN(Analytics analytics, profile_model(*engine, {}, options));
  if (takes_pixels) analytics.input_bytes_raw = analytics.input_bytes_f32 / 4;
  return write_analytics(analytics, model.parent_path() / "analytics.json");
}

std::string way_to_resume(const fs::path& checkpoint) {
  return "go on with tinysplit train --resume --output " +
         training::shell_word(checkpoint.parent_path().string());
}

Status train_to_the_end(CustomModel& model, const fs::path& checkpoint, bool json) {
  const StopRequest stop;
  TrainingDisplay display(model.recipe().epochs, json);
  training::TrainingHooks hooks;
  hooks.on_step = [&](const training::TrainingProgress& p) { display.show_step(p); };
  hooks.on_epoch = [&](std::int64_t epoch, const training::EpochRecord& record) {
    display.show_epoch(epoch, record);
  };
  hooks.should_stop = [&] { return stop.is_made(); };
  Status saved = ok_status();
  hooks.save = [&](const Checkpoint& state) {
    saved = write_checkpoint(state, checkpoint);
    return saved;
  };
  const Status status = model.train(hooks);
  display.finish();
  if (status.ok()) return status;
  std::error_code error;
  if (!fs::exists(checkpoint, error)) return status;
  // Going on would come to the same numbers.
  const bool diverged = status.code() == StatusCode::kFailedPrecondition && saved.ok();
  const std::string rest = diverged
                               ? "; remove " + checkpoint.string() + " to start anew"
                               : "; the last checkpoint is whole: " + way_to_resume(checkpoint);
  return {status.code(), status.message() + rest};
}

// As the user names it, so that the recipe holds no path of this machine that was not given.
Result<fs::path> weights_file(const std::string& weights) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(weights));
  std::error_code error;
  const bool is_folder = fs::is_directory(weights, error);
  return is_folder ? weights / folder.model_path.filename() : fs::path(weights);
}

Status start_from(const std::string& weights, CustomModel& model) {
  TINYSPLIT_ASSIGN_OR_RETURN(const fs::path path, weights_file(weights));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t taken, model.start_from(path));
  std::fprintf(stderr, "tinysplit: %zu of the network's %zu weights are those of %s\n", taken,
               model.architecture().parameters.size(), path.c_str());
  return ok_status();
}

Status save_model(const TrainCommandOptions& options, const fs::path& folder, CustomModel& model,
                  const training::ModelScore& score, bool takes_pixels) {
  const Recipe& recipe = model.recipe();
  const std::string command = "tinysplit train" + recipe_arguments(recipe) + " --output " +
                              training::shell_word(options.output);
  TINYSPLIT_RETURN_IF_ERROR(
      model.save(folder, score, {options.about, command, describe_machine()}));
  return write_analytics_of(folder / (recipe.name + ".keras"), takes_pixels);
}

Status train(TrainCommandOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const fs::path folder, prepare_folder(options));
  TINYSPLIT_ASSIGN_OR_RETURN(std::optional<Checkpoint> checkpoint,
                             find_checkpoint(folder, options));
  Recipe& recipe = options.recipe;
  recipe.name = fs::absolute(folder).lexically_normal().filename().string();
  if (!checkpoint && !recipe.weights.empty()) {
    // What is wrong with it is said before the images are read.
    TINYSPLIT_ASSIGN_OR_RETURN(const fs::path weights, weights_file(recipe.weights));
    TINYSPLIT_RETURN_IF_ERROR(training::read_trained_model(weights).status());
    if (recipe.architecture.empty()) recipe.architecture = weights.string();
  }
  if (recipe.architecture.empty() || recipe.dataset.empty()) {
    return invalid_argument("--arch and --dataset are needed; try tinysplit train --help");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(auto data, load_data(recipe));
  const bool takes_pixels = data->train().are_pixels;
  const std::size_t images = data->train().size();
  const bool is_suited = !checkpoint && suit_to_images(images, options);
  TINYSPLIT_ASSIGN_OR_RETURN(CustomModel model, CustomModel::create(recipe, std::move(data)));
  TINYSPLIT_RETURN_IF_ERROR(
      training::check_room(folder, std::int64_t(model.architecture().count_weights()), recipe));
  const fs::path path = folder / kCheckpointName;
  if (checkpoint) {
    if (const Status status = model.restore(std::move(*checkpoint)); !status.ok()) {
      return status.with_context(path.string());
    }
  }
  if (!checkpoint && !recipe.weights.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(start_from(recipe.weights, model));
  }
  if (is_suited) say_length(images, recipe);
  TINYSPLIT_RETURN_IF_ERROR(train_to_the_end(model, path, options.json));

  TINYSPLIT_ASSIGN_OR_RETURN(const training::ModelScore score, model.evaluate());
  if (const Status status = save_model(options, folder, model, score, takes_pixels); !status.ok()) {
    return {status.code(),
            status.message() + "; nothing of the training is lost: " + way_to_resume(path)};
  }
  std::error_code error;
  fs::remove(path, error);
  if (options.json) {
    std::printf("%s\n", training_json(model, score, folder).c_str());
  } else {
    print_training(model, score, folder);
  }
  return ok_status();
}

std::string architecture_help() {
  std::string text = "Network: a Keras JSON, .keras or .h5 file, or one of";
  for (const auto& named : training::named_architectures()) {
    text += std::string("\n") + std::string(named.name) + ": " + std::string(named.about);
  }
  return text;
}

// Adds the options of the recipe to a command.
class RecipeOptions {
 public:
  RecipeOptions(CLI::App& command, TrainCommandOptions& options)
      : command_(command), options_(options) {}

  template <typename Field>
  CLI::Option* add(const std::string& key, Field& field, const std::string& help,
                   const char* group) {
    CLI::Option* const option = command_.add_option("--" + key, field, help)->group(group);
    options_.keys.emplace_back(option, key);
    return option;
  }

  void add_model() {
    Recipe& recipe = options_.recipe;
    add("arch", recipe.architecture, architecture_help(), "Model and data");
    add("dataset", recipe.dataset,
        "fashion-mnist, fashion-footwear, a folder of IDX files, or a folder with a sub-folder "
        "of images for each class (in train/ and test/ or val/, or not), or arrays: .npz, .npy or "
        ".csv",
        "Model and data");
    add("input", recipe.input,
        "Size and channels of the images, such as 32x32x3, of a named network (default: its own)",
        "Model and data");
    add("weights", recipe.weights,
        "Keras model (.keras, .h5) or its folder to start from: its weights that have the name and "
        "shape of one of the network's; the others start anew. Without --arch, its network",
        "Model and data");
    add("validation", recipe.validation,
        "Share of the training images to validate with, where the data set has none for it",
        "Model and data")
        ->capture_default_str();
    CLI::Option* const skip = command_.add_flag("--skip-bad-images", recipe.skip_bad_images,
                                                "Leave out images that cannot be read, and say so");
    options_.keys.emplace_back(skip->group("Model and data"), "skip-bad-images");
  }

  void add_training() {
    constexpr const char* kGroup = "Training";
    Recipe& recipe = options_.recipe;
    add("epochs", recipe.epochs, "Times to go through the images (default: 10, of few images more)",
        kGroup);
    add("batch", recipe.batch, "Images of a step (default: 128, of few images fewer)", kGroup);
    add("optimizer", recipe.optimizer, "sgd, adam or adamw", kGroup)->capture_default_str();
    add("learning-rate", recipe.learning_rate, "The highest rate", kGroup)->capture_default_str();
    add("schedule", recipe.schedule, "Of the rate: constant, cosine or step", kGroup)
        ->capture_default_str();
    add("warmup", recipe.warmup_epochs,
        "Epochs in which the rate climbs from 0, at most half of them", kGroup)
        ->capture_default_str();
    add("final-rate", recipe.final_rate, "Where a cosine ends", kGroup)->capture_default_str();
    add("step-epochs", recipe.step_epochs, "Epochs after which a step schedule lowers the rate",
        kGroup);
    add("step-factor", recipe.step_factor, "What it multiplies the rate by", kGroup)
        ->capture_default_str();
    add("momentum", recipe.momentum, "Of sgd", kGroup)->capture_default_str();
    add("weight-decay", recipe.weight_decay, "By which weights shrink, apart from the gradient",
        kGroup)
        ->capture_default_str();
    add("clip-norm", recipe.clip_norm, "Bound of the norm of all gradients together; 0: none",
        kGroup)
        ->capture_default_str();
    add("label-smoothing", recipe.label_smoothing, "Share of a target spread over all classes",
        kGroup)
        ->capture_default_str();
    add("class-weights", recipe.class_weights,
        "none, or balanced: all classes weigh the same, whatever their number of images", kGroup)
        ->capture_default_str();
    add("augment", recipe.augment, "flip,shift=PIXELS,crop=SHARE,brightness=SHARE, any of them",
        kGroup)
        ->capture_default_str();
    add("patience", recipe.patience,
        "Stop after so many epochs without a lower validation loss, and keep the best; 0: never",
        kGroup)
        ->capture_default_str();
    add("seed", recipe.seed, "Of all that is random", kGroup)
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    add("threads", recipe.threads, "Threads of a step; one gives the same bits every time", kGroup)
        ->capture_default_str();
  }

 private:
  CLI::App& command_;
  TrainCommandOptions& options_;
};

constexpr const char* kTrainFooter =
    R"(The output folder gets the model NAME.keras, which takes raw pixels 0..255, README.md with
curves and confusion matrix, labels.txt, analytics.json and sample images in data/.
Ctrl-C keeps a checkpoint; --resume goes on from it as if nothing had happened.

Examples:
  tinysplit train --arch fashion_resnet --dataset fashion-mnist --output models/mine
  tinysplit train --arch resnet8 --dataset photos --augment flip,shift=3 --threads 2
                  --epochs 50 --patience 8 --output models/photos
  tinysplit train --resume --output models/photos
  tinysplit train --arch resnet8 --weights models/photos --dataset other_photos --epochs 5
                  --learning-rate 0.0005 --output models/other)";

}  // namespace

void add_train_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<TrainCommandOptions>();
  CLI::App* command = app.add_subcommand("train", "Train a model on labelled images");
  RecipeOptions recipe_options(*command, *options);
  recipe_options.add_model();
  recipe_options.add_training();
  command->add_option("--output", options->output, "Folder of the model; its name is the model's")
      ->required();
  command->add_flag("--resume", options->resume, "Go on from the checkpoint in the output folder");
  command->add_flag("--force", options->force, "Replace a finished model in the output folder");
  command->add_option("--about", options->about, "A paragraph for the model's README");
  command->add_flag("--json", options->json, "Print the result as JSON");
  command->footer(kTrainFooter);
  command->callback([options, &exit_code] { exit_code = report(train(*options)); });
}

}  // namespace tinysplit
