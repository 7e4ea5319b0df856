// Makes the model of the tutorials: the original's five layers, trained to tell footwear from
// clothing, and kept as a model folder that the edge can serve.
#include <tinysplit/training.h>

#include <CLI/CLI.hpp>
#include <cstdio>

using namespace tinysplit;
using namespace tinysplit::training;

namespace {

Status run(const Recipe& recipe, const std::filesystem::path& output) {
  TINYSPLIT_RETURN_IF_ERROR(check_model_folder(output, recipe.name, false));
  DatasetOptions options;
  TINYSPLIT_ASSIGN_OR_RETURN(options.size, image_size_of(recipe));
  TINYSPLIT_ASSIGN_OR_RETURN(ModelData images, ModelData::load(recipe.dataset, options));
  const auto data = std::make_shared<const ModelData>(std::move(images));

  TINYSPLIT_ASSIGN_OR_RETURN(CustomModel model, CustomModel::create(recipe, data));
  TrainingHooks hooks;
  hooks.on_epoch = [](std::int64_t epoch, const EpochRecord& record) {
    std::printf("epoch %d: loss %.4f, %.2f%% right, validation %.2f%%\n",
                static_cast<int>(epoch) + 1, record.loss, 100.0 * record.accuracy,
                100.0 * record.validation_accuracy);
  };
  TINYSPLIT_RETURN_IF_ERROR(model.train(hooks));

  TINYSPLIT_ASSIGN_OR_RETURN(const ModelScore score, model.evaluate());
  TINYSPLIT_RETURN_IF_ERROR(model.save(output, score, {}));
  std::printf("%.2f%% of the %s images right; written to %s\n", 100.0 * *score.accuracy,
              score.images_name.c_str(), output.c_str());
  return ok_status();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains the five layers of the original project and keeps them as a model folder.");
  Recipe recipe;
  recipe.architecture = "original";
  recipe.dataset = "fashion-footwear";
  recipe.epochs = 2;
  std::string output = "my_model";
  app.add_option("--dataset", recipe.dataset, "fashion-footwear, or a folder of two classes")
      ->capture_default_str();
  app.add_option("--epochs", recipe.epochs, "Times to go through the images")
      ->capture_default_str();
  app.add_option("--output", output, "Folder of the model; its name is the model's")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  recipe.name = std::filesystem::path(output).filename().string();
  const Status status = run(recipe, output);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return exit_code_of(status.code());
}
