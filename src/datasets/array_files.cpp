#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/array_block.h"
#include "datasets/folder_entries.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// What an array of a data set is, by its name.
enum class Role : std::uint8_t { kNone, kSamples, kAnswers, kMarks, kClasses };

Role role_named(std::string_view word) {
  if (is_one_of(word, {"x", "image", "images", "data", "samples", "features", "inputs"})) {
    return Role::kSamples;
  }
  if (is_one_of(word, {"y", "label", "labels", "target", "targets"})) return Role::kAnswers;
  if (is_one_of(word, {"split", "part"})) return Role::kMarks;
  return is_one_of(word, {"classes", "class_names"}) ? Role::kClasses : Role::kNone;
}

struct NamedRole {
  Role role = Role::kNone;
  std::optional<Part> part;
};

// "x", "x_train", "train_images", ...
NamedRole role_of(std::string_view name) {
  const std::string lower = in_lower_case(name);
  if (const Role role = role_named(lower); role != Role::kNone) return {role, {}};
  const std::size_t line = lower.find('_');
  if (line == std::string::npos) return {};
  const std::string first = lower.substr(0, line), second = lower.substr(line + 1);
  for (const auto& [word, part] : {std::pair{first, second}, {second, first}}) {
    if (part_named(part)) return {role_named(word), part_named(part)};
  }
  return {};
}

Result<std::vector<ArrayEntry>> read_entries(const fs::path& path) {
  std::vector<ArrayEntry> entries;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(path, limits::kMaxArrayFileBytes));
    if (bytes.starts_with("PK")) return unpack_npz(bytes);
    entries.push_back({"x", std::move(bytes)});
    return entries;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<fs::path> files, entries_of(path));
  std::size_t left = limits::kMaxArrayFileBytes;
  for (const fs::path& file : files) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(file, left));
    left -= bytes.size();
    entries.push_back({file.stem().string(), std::move(bytes)});
  }
  return entries;
}

Result<std::vector<Part>> marks_of(const ArrayEntry& entry) {
  std::vector<Part> marks;
  const auto wrong = [&] {
    return invalid_argument("array '" + entry.name +
                            "' marks a part that is none: it holds train, validation and test, or "
                            "0, 1 and 2");
  };
  if (holds_text(entry.bytes)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::string> words, parse_npy_text(entry.bytes));
    for (const std::string& word : words) {
      const std::optional<Part> part = part_named(word);
      if (!part) return wrong();
      marks.push_back(*part);
    }
    return marks;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor numbers, parse_npy(entry.bytes));
  for (const float number : floats_of(numbers.view())) {
    const auto found = std::ranges::find(kParts, number, [](Part part) { return float(part); });
    if (found == kParts.end()) return wrong();
    marks.push_back(*found);
  }
  return marks;
}

// Puts arrays where their names say.
class BlocksOfArrays {
 public:
  Status put(const ArrayEntry& entry) {
    const auto [role, part] = role_of(entry.name);
    if (role == Role::kNone) {
      blocks.notes.push_back("array '" + entry.name.substr(0, 64) + "' is not used");
      return ok_status();
    }
    if (!taken_.emplace(role, part).second) {
      return invalid_argument("array '" + entry.name + "' is one of two for the same");
    }
    const Status status = put_as(role, part, entry);
    return status.ok() ? status : status.with_context("array '" + entry.name + "'");
  }

  ArrayBlocks blocks;

 private:
  Status put_as(Role role, std::optional<Part> part, const ArrayEntry& entry) {
    if (role == Role::kClasses) {
      TINYSPLIT_ASSIGN_OR_RETURN(blocks.classes, parse_npy_text(entry.bytes));
      return ok_status();
    }
    ArrayBlock& block = block_of(part);
    if (role == Role::kMarks) {
      TINYSPLIT_ASSIGN_OR_RETURN(block.marks, marks_of(entry));
    } else if (role == Role::kSamples) {
      TINYSPLIT_ASSIGN_OR_RETURN(block.samples, parse_npy(entry.bytes));
    } else if (holds_text(entry.bytes)) {
      TINYSPLIT_ASSIGN_OR_RETURN(block.names, parse_npy_text(entry.bytes));
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(block.answers, parse_npy(entry.bytes));
    }
    return ok_status();
  }

  ArrayBlock& block_of(std::optional<Part> part) {
    const Part wanted = part.value_or(Part::kTrain);
    const auto found = std::ranges::find(blocks.entries, wanted, &ArrayBlocks::Entry::part);
    if (found != blocks.entries.end()) return found->block;
    return blocks.entries.emplace_back(ArrayBlocks::Entry{wanted, {}}).block;
  }

  std::set<std::pair<Role, std::optional<Part>>> taken_;
};

Result<ArrayBlocks> blocks_of(std::vector<ArrayEntry> entries) {
  // The only array is the samples, whatever it is called.
  if (entries.size() == 1) entries[0].name = "x";
  BlocksOfArrays made;
  for (ArrayEntry& entry : entries) {
    TINYSPLIT_RETURN_IF_ERROR(made.put(entry));
    entry.bytes = {};
  }
  for (const auto& entry : made.blocks.entries) {
    if (entry.block.samples.shape().rank() == 0) {
      return invalid_argument("there are labels or marks without samples: an array 'x' is missing");
    }
  }
  if (made.blocks.entries.empty()) {
    return invalid_argument("there is no array of samples: name it 'x', and the labels 'y'");
  }
  return std::move(made.blocks);
}

}  // namespace

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::optional<Part> part_named(std::string_view word) {
  const std::string lower = in_lower_case(word);
  if (is_one_of(lower, {"train", "training"})) return Part::kTrain;
  if (is_one_of(lower, {"val", "valid", "validation", "dev"})) return Part::kValidation;
  if (is_one_of(lower, {"test", "testing"})) return Part::kTest;
  return std::nullopt;
}

bool holds_arrays(const fs::path& path) {
  std::error_code error;
  const std::string extension = in_lower_case(path.extension().string());
  if (!fs::is_directory(path, error)) return extension == ".npz" || extension == ".npy";
  const Result<std::vector<fs::path>> entries = entries_of(path);
  return entries.ok() && !entries->empty() &&
         std::ranges::all_of(*entries, [](const fs::path& file) {
           std::error_code ignored;
           return in_lower_case(file.extension().string()) == ".npy" &&
                  fs::is_regular_file(file, ignored);
         });
}

bool holds_samples(const fs::path& path) {
  return holds_arrays(path) || holds_tables(path) || holds_recordings(path);
}

Result<ArrayBlocks> read_array_blocks(const fs::path& path) {
  Result<std::vector<ArrayEntry>> entries = read_entries(path);
  if (!entries.ok()) return entries.status().with_context(path.string());
  Result<ArrayBlocks> blocks = blocks_of(std::move(*entries));
  if (!blocks.ok()) return blocks.status().with_context(path.string());
  return blocks;
}

}  // namespace tinysplit
