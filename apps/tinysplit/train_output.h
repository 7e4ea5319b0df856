#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "report/progress.h"
#include "training/custom_model.h"

namespace tinysplit {

// Shows a training while it goes: a bar on the terminal, and a line for each epoch on standard
// output unless `json` is to be all of it.
class TrainingDisplay {
 public:
  TrainingDisplay(std::int64_t epochs, bool json) : epochs_(epochs), json_(json) {}

  void show_step(const training::TrainingProgress& progress);
  void show_epoch(std::int64_t epoch, const training::EpochRecord& record);
  void finish() { bar_.reset(); }

 private:
  std::int64_t epochs_;
  bool json_;
  std::optional<Progress> bar_;  // made at the first step, so that its rate is of this process
  std::int64_t shown_ = 0;       // images on the bar so far
};

// What was trained, how well it does, and where it is: for people, and as one JSON object.
void print_training(const training::CustomModel& model, const training::ModelScore& score,
                    const std::filesystem::path& folder);
std::string training_json(const training::CustomModel& model, const training::ModelScore& score,
                          const std::filesystem::path& folder);

}  // namespace tinysplit
