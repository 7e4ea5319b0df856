#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// A model as the project keeps it: models/<name>/{<name>.keras, .h5 or .tflite, analytics.json,
// labels.txt, data/}.
struct ModelFolder {
  std::string name;
  std::filesystem::path model_path;
  std::filesystem::path analytics_path;       // may not exist yet
  std::vector<std::filesystem::path> images;  // image files of data/, sorted
  std::vector<std::string> labels;            // lines of labels.txt; empty without one
  bool scales_pixels = false;                 // a preprocessing.json lies beside the model

  // The model takes images, so its raw input is one byte a value.
  bool takes_images() const { return !images.empty() && !scales_pixels; }
};

// A model's name, as clients may send it: 1 to 64 of [A-Za-z0-9._-], not starting with a dot. Such
// a name is safe as the name of one folder.
bool is_model_name(std::string_view name);

// The folder of `name` in `models`. Errors: INVALID_ARGUMENT (not a model name), NOT_FOUND.
Result<ModelFolder> find_model_folder(const std::filesystem::path& models, std::string_view name);

// The folder around a model file, which need not be laid out as above.
ModelFolder folder_of_model(const std::filesystem::path& model_path);

// `given`: a model file, or a folder that holds a model of its own name.
// Errors: NOT_FOUND that says what was looked for.
Result<ModelFolder> resolve_model(const std::filesystem::path& given);

// All models in `models`, sorted by name; folders without a model are left out.
// Errors: NOT_FOUND (no such folder).
Result<std::vector<ModelFolder>> list_model_folders(const std::filesystem::path& models);

}  // namespace tinysplit
