// Folders with a sub-folder of tables for each class: a recording in each, a row for each time
// step, a column for each channel.
#include <algorithm>
#include <array>
#include <optional>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/array_block.h"
#include "datasets/csv_table.h"
#include "datasets/folder_entries.h"
#include "formats/image/image.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;
std::vector<fs::path> entries_in(const fs::path& folder) {
  Result<std::vector<fs::path>> entries = entries_of(folder);
  return entries.ok() ? std::move(*entries) : std::vector<fs::path>{};
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders = entries_in(folder);
  std::erase_if(folders, [](const fs::path& entry) {
    std::error_code ignored;
    return !fs::is_directory(entry, ignored);
  });
  return folders;
}

struct PartFolder {
  Part part;
  fs::path folder;
};

// The folders of classes by part: `folder` itself, unless all that it has are parts.
std::vector<PartFolder> parts_of(const fs::path& folder) {
  std::vector<PartFolder> parts;
  for (const fs::path& entry : folders_in(folder)) {
    const std::optional<Part> part = part_named(entry.filename().string());
    if (!part || folders_in(entry).empty()) return {{Part::kTrain, folder}};
    parts.push_back({*part, entry});
  }
  return parts;
}

// Whether a column is one of times, by its name.
bool is_time(const std::string& name) {
  constexpr std::array<std::string_view, 7> kNames = {"",   "t",       "time", "timestamp",
                                                      "ms", "seconds", "index"};
  return std::ranges::count(kNames, in_lower_case(name)) > 0;
}

// Rows and columns of a window.
struct WindowSize {
  std::size_t steps = 0;
  std::size_t channels = 0;
};

class Windows {
 public:
  // `dims` of what a model takes; empty: the first recording is one window.
  explicit Windows(const std::vector<std::int64_t>& dims) {
    for (const std::int64_t dim : dims) {
      if (dim != 1) dims_.push_back(static_cast<std::size_t>(dim));
    }
  }

  // Adds the windows of a recording, one after the other, without what is left at its end.
  Status add(const fs::path& path, const std::string& label) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, read_file(path, limits::kMaxArrayFileBytes));
    const Result<CsvTable> table = parse_csv(text);
    if (!table.ok()) return table.status().with_context(path.string());
    const Status status = add(*table, label);
    return status.ok() ? status : status.with_context(path.string());
  }

  bool is_empty() const { return names_.empty(); }

  // All that was added.
  Result<ArrayBlock> take() {
    const Result<Shape> shape = Shape::create(std::vector<std::int64_t>{
        std::int64_t(names_.size()), std::int64_t(size_.steps), std::int64_t(size_.channels)});
    if (!shape.ok()) return shape.status();
    ArrayBlock block;
    block.samples = Tensor(DType::kFloat32, *shape);
    std::ranges::copy(numbers_, block.samples.as<float>().begin());
    block.names = std::move(names_);
    numbers_.clear();
    names_.clear();
    return block;
  }

 private:
  Status add(const CsvTable& table, const std::string& label) {
    if (!table.words.empty()) {
      return invalid_argument("a recording has numbers alone, a row for each time step");
    }
    const std::size_t first = !table.header.empty() && is_time(table.header[0]) ? 1 : 0;
    const std::size_t channels = table.columns - first;
    if (size_.steps == 0) TINYSPLIT_RETURN_IF_ERROR(decide(table.rows, channels));
    if (channels != size_.channels || table.rows < size_.steps) {
      return invalid_argument("it has " + std::to_string(table.rows) + " rows of " +
                              std::to_string(channels) + " channels, a sample needs " +
                              std::to_string(size_.steps) + " of " +
                              std::to_string(size_.channels));
    }
    const std::size_t windows = table.rows / size_.steps;
    if (names_.size() + windows > limits::kMaxDatasetImages ||
        numbers_.size() + windows * size_.steps * channels >
            static_cast<std::size_t>(limits::kMaxElements)) {
      return out_of_range("with it the data have more than " +
                          std::to_string(limits::kMaxDatasetImages) + " samples or " +
                          std::to_string(limits::kMaxElements) + " numbers");
    }
    for (std::size_t row = 0; row < windows * size_.steps; ++row) {
      const auto begin = table.numbers.begin() + std::ptrdiff_t(row * table.columns + first);
      numbers_.insert(numbers_.end(), begin, begin + std::ptrdiff_t(channels));
    }
    names_.insert(names_.end(), windows, label);
    return ok_status();
  }

  Status decide(std::size_t rows, std::size_t channels) {
    if (channels == 0) return invalid_argument("it has no channels");
    if (dims_.empty()) {
      size_ = {rows, channels};
    } else if (dims_.size() == 1) {
      // Flat, or of one channel, or of one step.
      size_ = {dims_[0] % channels == 0 ? dims_[0] / channels : dims_[0], channels};
    } else if (dims_.size() == 2) {
      size_ = {dims_[0], dims_[1]};
    } else {
      return invalid_argument(
          "the model does not take time steps of channels, as a table has them");
    }
    return ok_status();
  }

  std::vector<std::size_t> dims_;
  WindowSize size_;
  std::vector<float> numbers_;
  std::vector<std::string> names_;
};

}  // namespace

bool holds_recordings(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return false;
  bool has_tables = false;
  for (const PartFolder& part : parts_of(path)) {
    for (const fs::path& folder : folders_in(part.folder)) {
      const std::vector<fs::path> files = entries_in(folder);
      // Notes may lie among images.
      if (std::ranges::any_of(files, has_image_name)) return false;
      has_tables = has_tables || std::ranges::any_of(files, is_table_name);
    }
  }
  return has_tables;
}

Result<ArrayBlocks> read_recordings(const fs::path& path, const std::vector<std::int64_t>& dims) {
  ArrayBlocks blocks;
  Windows windows(dims);
  std::size_t others = 0;
  for (const auto& [part, part_folder] : parts_of(path)) {
    for (const fs::path& folder : folders_in(part_folder)) {
      TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<fs::path> files, entries_of(folder));
      for (const fs::path& file : files) {
        if (!is_table_name(file)) {
          ++others;
          continue;
        }
        TINYSPLIT_RETURN_IF_ERROR(windows.add(file, folder.filename().string()));
      }
    }
    if (windows.is_empty()) return not_found(part_folder.string() + " holds no recordings");
    TINYSPLIT_ASSIGN_OR_RETURN(ArrayBlock block, windows.take());
    blocks.entries.push_back({part, std::move(block)});
  }
  if (others > 0) {
    blocks.notes.push_back(std::to_string(others) + " files that are no tables are not used");
  }
  return blocks;
}

}  // namespace tinysplit
