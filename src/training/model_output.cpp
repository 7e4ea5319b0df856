#include "training/model_output.h"

#include <algorithm>
#include <utility>

#include "core/file.h"
#include "report/units.h"

namespace tinysplit::training {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

}  // namespace

Status check_model_folder(const fs::path& folder, const std::string& name, bool replaces) {
  if (!is_there(folder)) return ok_status();
  bool has_model = false;
  for (const char* const extension : {".keras", ".h5", ".tflite", ".onnx"}) {
    const fs::path model = folder / (name + extension);
    if (!is_there(model)) continue;
    has_model = true;
    if (replaces) continue;
    return failed_precondition(model.string() +
                               " is a finished model: it is kept; train into another folder, or "
                               "replace it with --force");
  }
  for (const char* const file :
       {"README.md", "labels.txt", "training.svg", "confusion.svg", "analytics.json"}) {
    TINYSPLIT_RETURN_IF_ERROR(check_can_write(folder / file));
    if (has_model || !is_there(folder / file)) continue;
    return failed_precondition((folder / file).string() +
                               " is there already, without a model that was trained here: it is "
                               "kept; name a new folder");
  }
  const fs::path samples = folder / "data";
  std::error_code error;
  if (is_there(samples) && !fs::is_directory(samples, error)) {
    return failed_precondition(samples.string() +
                               " is in the way of the folder of sample images; name a new folder");
  }
  return is_there(samples) ? check_can_write(samples / "0.png") : ok_status();
}

Status check_apart_from(const fs::path& folder, const std::string& dataset) {
  std::error_code error;
  if (!fs::is_directory(dataset, error)) return ok_status();
  const fs::path images = fs::weakly_canonical(dataset, error);
  const fs::path place = fs::weakly_canonical(folder, error);
  const auto [image_part, place_part] =
      std::mismatch(images.begin(), images.end(), place.begin(), place.end());
  if (image_part != images.end()) return ok_status();
  return invalid_argument("the output folder " + folder.string() + " lies within the images of " +
                          dataset + ", where it would be taken for a class; name one elsewhere");
}

Status check_room(const fs::path& folder, std::int64_t weights, const Recipe& recipe) {
  constexpr std::int64_t kOtherFiles = 1 << 20;
  // Of each weight: its value, those of the optimiser, and the best one so far.
  const std::int64_t values = (recipe.optimizer == "sgd" ? 2 : 3) + (recipe.patience > 0 ? 1 : 0);
  const std::int64_t needed =
      weights * std::int64_t(sizeof(float)) * (2 * values + 1) + kOtherFiles;
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error || space.available >= static_cast<std::uintmax_t>(needed)) return ok_status();
  return resource_exhausted(
      folder.string() + " has room for " + format_bytes(static_cast<double>(space.available)) +
      ", the model and its checkpoints take " + format_bytes(static_cast<double>(needed)) +
      ": make room, or name a folder on another disk");
}

}  // namespace tinysplit::training
