#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/status.h"
#include "datasets/dataset.h"

namespace tinysplit::training {

// The images that a model is trained, validated and tested with, as the original project's class of
// this name. A plain value; immutable once loaded.
class ModelData {
 public:
  // Loads all parts of a data set, as open_dataset() takes its name; `options.size` is the size
  // that the model takes. Without a test part of its own, the validation images are for tests too.
  // Errors: those of open_dataset().
  static Result<ModelData> load(const std::string& name_or_folder, const DatasetOptions& options);

  const std::vector<std::string>& classes() const { return train_.classes; }
  const LabelledImages& train() const { return train_; }
  // Null if there are none.
  const LabelledImages* validation() const { return validation_ ? &*validation_ : nullptr; }
  // What the model has never seen, or the validation images; null without either.
  const LabelledImages* test() const { return test_ ? &*test_ : validation(); }
  // "test" or "validation": what test() gives.
  const char* test_name() const { return test_ ? "test" : "validation"; }
  // What lies among the images and was not used.
  const std::vector<std::string>& notes() const { return train_.notes; }
  // Images that were left out, and why.
  std::vector<std::string> skipped() const;

 private:
  LabelledImages train_;
  std::optional<LabelledImages> validation_;
  std::optional<LabelledImages> test_;
};

}  // namespace tinysplit::training
