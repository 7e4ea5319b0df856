#include "train_output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "json_output.h"
#include "report/class_accuracy.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using training::CustomModel;
using training::EpochRecord;
using training::ModelScore;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostClasses = 20;
constexpr std::size_t kColumns = 60;
constexpr const char* kWhatToTry =
    "Try more --epochs, another --learning-rate, --class-weights balanced, more or clearer images.";

std::string figures(double loss, double accuracy) {
  char text[64];
  std::snprintf(text, sizeof text, std::isnan(accuracy) ? "loss %.4f" : "loss %.4f  %.2f%%", loss,
                100.0 * accuracy);
  return text;
}

// JSON has no NaN: null.
double seconds_of(const CustomModel& model) {
  double seconds = 0.0;
  for (const EpochRecord& record : model.history()) seconds += record.seconds;
  return seconds;
}

double images_per_s(const EpochRecord& record) {
  return static_cast<double>(record.images) / std::max(record.seconds, 1e-9);
}

}  // namespace

void TrainingDisplay::show_step(const training::TrainingProgress& progress) {
  const std::int64_t done = progress.epoch * progress.images_per_epoch + progress.images;
  if (!bar_) {
    // What an earlier process did does not count for the rate.
    shown_ = done;
    bar_.emplace("training", epochs_ * progress.images_per_epoch - shown_, "images");
  }
  bar_->set_label("epoch " + std::to_string(progress.epoch + 1) + "/" + std::to_string(epochs_) +
                  "  " + figures(progress.loss, progress.accuracy));
  bar_->advance(done - shown_);
  shown_ = done;
}

void TrainingDisplay::show_epoch(std::int64_t epoch, const EpochRecord& record) {
  if (json_) return;
  if (bar_) bar_->finish();  // The next step draws it again, below this line.
  std::string line = "epoch " + std::to_string(epoch + 1) + "/" + std::to_string(epochs_) + "  " +
                     figures(record.loss, record.accuracy);
  if (!std::isnan(record.validation_loss)) {
    line += "  validation " + figures(record.validation_loss, record.validation_accuracy).substr(5);
  }
  std::printf("%s  %s\n", line.c_str(), format_seconds(record.seconds).c_str());
  std::fflush(stdout);
}

void print_training(const CustomModel& model, const ModelScore& score,
                    const std::filesystem::path& folder) {
  const std::optional<ConfusionMatrix> confusion = score.confusion();
  if (confusion) std::printf("\n%s\n", class_table(*confusion, kMostClasses, kColumns).c_str());
  std::printf("%s of %s %s images, %s parameters, %s of training\n",
              figures(score.score.loss, score.accuracy.value_or(std::nan(""))).c_str(),
              format_count(score.score.images).c_str(), score.images_name.c_str(),
              format_count(std::int64_t(model.architecture().count_weights())).c_str(),
              format_seconds(seconds_of(model)).c_str());
  if (model.data().test() == nullptr) {
    std::printf(
        "These are images that it was trained on: how well it does on others is not known.\n");
  }
  const std::string note = confusion ? note_on_chance(*confusion) : "";
  if (!note.empty()) std::printf("Little was learned: %s. %s\n", note.c_str(), kWhatToTry);
  std::printf("written to %s\n", folder.c_str());
}

std::string training_json(const CustomModel& model, const ModelScore& score,
                          const std::filesystem::path& folder) {
  Json json;
  json["model"] = (folder / (model.recipe().name + ".keras")).string();
  json["architecture"] = model.recipe().architecture;
  json["dataset"] = model.recipe().dataset;
  json["parameters"] = model.architecture().count_weights();
  json["accuracy"] = score.accuracy ? Json(*score.accuracy) : Json(nullptr);
  json["loss"] = json_number(score.score.loss);
  json["classes"] = Json::array();
  const std::optional<ConfusionMatrix> confusion = score.confusion();
  for (const ClassAccuracy& row :
       confusion ? accuracy_by_class(*confusion) : std::vector<ClassAccuracy>()) {
    json["classes"].push_back({{"name", row.name},
                               {"images", row.images},
                               {"right", row.right},
                               {"accuracy", json_number(row.accuracy())}});
  }
  json["note"] = confusion ? note_on_chance(*confusion) : "";
  json["images"] = score.score.images;
  json["images_are"] = score.images_name;
  json["seconds"] = seconds_of(model);
  json["kept_epoch"] = model.kept_epoch();
  json["skipped_images"] = model.data().skipped();
  json["epochs"] = Json::array();
  for (const EpochRecord& record : model.history()) {
    Json epoch;
    epoch["learning_rate"] = record.learning_rate;
    epoch["loss"] = json_number(record.loss);
    epoch["accuracy"] = json_number(record.accuracy);
    epoch["validation_loss"] = json_number(record.validation_loss);
    epoch["validation_accuracy"] = json_number(record.validation_accuracy);
    epoch["seconds"] = record.seconds;
    epoch["images_per_s"] = images_per_s(record);
    json["epochs"].push_back(std::move(epoch));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tinysplit
