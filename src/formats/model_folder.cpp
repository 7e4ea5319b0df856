#include "formats/model_folder.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "core/file.h"
#include "core/limits.h"
#include "formats/image/image.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kModelExtensions = {".keras", ".h5", ".hdf5", ".tflite",
                                                              ".onnx"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  std::ranges::sort(entries);
  return entries;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) all.push_back(std::move(line));
  }
  return all;
}

// Some tools write "0 cat", "1 dog": where all lines begin with their own number, it is no part of
// the name.
void drop_numbers(std::vector<std::string>& labels) {
  const auto prefix = [](std::size_t i) { return std::to_string(i) + " "; };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].starts_with(prefix(i)) || labels[i] == prefix(i)) return;
  }
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i].erase(0, prefix(i).size());
}

void add_data(ModelFolder& folder) {
  const fs::path data = folder.model_path.parent_path() / "data";
  folder.scales_pixels = is_file(folder.model_path.parent_path() / "preprocessing.json");
  for (const fs::path& entry : entries_of(data)) {
    if (has_image_name(entry) && is_file(entry)) folder.images.push_back(entry);
  }
  const Result<std::string> labels =
      read_file(folder.model_path.parent_path() / "labels.txt", limits::kMaxJsonFileBytes);
  if (!labels.ok()) return;
  folder.labels = lines_of(*labels);
  drop_numbers(folder.labels);
}

fs::path model_file_in(const fs::path& folder) {
  for (const std::string_view extension : kModelExtensions) {
    const fs::path path = folder / (folder.filename().string() + std::string(extension));
    if (is_file(path)) return path;
  }
  return {};
}

// A folder that has no model of its own name: what it seems to be, and what to do.
std::string describe_folder(const fs::path& folder) {
  if (is_file(folder / "saved_model.pb")) {
    return "a TensorFlow SavedModel; convert it with "
           "tf.lite.TFLiteConverter.from_saved_model or tf2onnx and give that file";
  }
  if (is_file(folder / "config.json") && is_file(folder / "model.weights.h5")) {
    return "an unpacked .keras archive; zip the files in it and give that file";
  }
  for (const fs::path& entry : entries_of(folder)) {
    const bool is_model = std::ranges::count(kModelExtensions, entry.extension().string()) > 0;
    if (is_model && is_file(entry)) {
      return "a folder without a model of its own name; give the file, " + entry.string();
    }
  }
  return "a folder without a model of its own name in it, such as " +
         (folder / (folder.filename().string() + ".keras")).string();
}

}  // namespace

bool is_model_name(std::string_view name) {
  const bool clean = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  return clean && !name.empty() && name.size() <= 64 && name.front() != '.';
}

Result<ModelFolder> find_model_folder(const fs::path& models, std::string_view name) {
  if (!is_model_name(name)) {
    return invalid_argument("a model name has 1 to 64 of A-Z a-z 0-9 . _ - and starts with no dot");
  }
  const fs::path path = model_file_in(models / name);
  if (path.empty()) return not_found("there is no model \"" + std::string(name) + "\"");
  return folder_of_model(path);
}

ModelFolder folder_of_model(const fs::path& model_path) {
  ModelFolder folder;
  folder.name = model_path.stem().string();
  folder.model_path = model_path;
  folder.analytics_path = model_path.parent_path() / "analytics.json";
  add_data(folder);
  return folder;
}

Result<ModelFolder> resolve_model(const fs::path& given) {
  if (!is_folder(given)) {
    if (!is_file(given)) return not_found("there is no model file " + given.string());
    return folder_of_model(given);
  }
  // A trailing slash would leave the folder without a name.
  const fs::path folder = given.filename().empty() ? given.parent_path() : given;
  const fs::path path = model_file_in(fs::absolute(folder).lexically_normal());
  if (path.empty()) return not_found(given.string() + " is " + describe_folder(folder));
  return folder_of_model(path);
}

Result<std::vector<ModelFolder>> list_model_folders(const fs::path& models) {
  if (!is_folder(models)) return not_found("there is no folder of models " + models.string());
  std::vector<ModelFolder> folders;
  for (const fs::path& entry : entries_of(models)) {
    if (!is_model_name(entry.filename().string()) || !is_folder(entry)) continue;
    if (const fs::path path = model_file_in(entry); !path.empty()) {
      folders.push_back(folder_of_model(path));
    }
  }
  return folders;
}

}  // namespace tinysplit
