#include <algorithm>
#include <optional>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/array_block.h"
#include "datasets/csv_table.h"
#include "datasets/folder_entries.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

// The columns that are not of the sample.
struct Columns {
  std::optional<std::size_t> label;
  std::optional<std::size_t> marks;
};

std::optional<std::size_t> column_named(const CsvTable& table,
                                        std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (std::size_t c = 0; c < table.header.size(); ++c) {
      if (in_lower_case(table.header[c]) == name) return c;
    }
  }
  return std::nullopt;
}

Result<Columns> columns_of(const CsvTable& table, std::size_t elements) {
  Columns columns;
  columns.label = column_named(table, {"label", "class", "y", "target", "activity"});
  columns.marks = column_named(table, {"split"});
  const std::size_t rest = table.columns - (columns.marks ? 1 : 0);
  const bool ends_in_label = table.is_text.back() || (elements > 0 && rest == elements + 1);
  if (!columns.label && ends_in_label && columns.marks != table.columns - 1) {
    columns.label = table.columns - 1;
  }
  if (columns.marks && !table.is_text[*columns.marks]) {
    return invalid_argument("column \"split\" holds numbers, not train, validation and test");
  }
  for (std::size_t c = 0; c < table.columns; ++c) {
    if (table.is_text[c] && columns.label != c && columns.marks != c) {
      return invalid_argument(
          "column " + std::to_string(c + 1) +
          (table.header.empty() ? "" : " (\"" + table.header[c].substr(0, 64) + "\")") +
          " holds words, which no sample can; remove it, or name the column of labels \"label\"");
    }
  }
  return columns;
}

const std::vector<std::string>& words_of(const CsvTable& table, std::size_t column) {
  const auto before =
      std::count(table.is_text.begin(), table.is_text.begin() + std::ptrdiff_t(column), true);
  return table.words[std::size_t(before)];
}

Result<ArrayBlock> block_of(const CsvTable& table, std::size_t elements) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Columns columns, columns_of(table, elements));
  ArrayBlock block;
  if (columns.marks) {
    for (const std::string& word : words_of(table, *columns.marks)) {
      const std::optional<Part> part = part_named(word);
      if (!part) {
        return invalid_argument("\"" + word.substr(0, 64) +
                                "\" of column \"split\" is none of train, validation and test");
      }
      block.marks.push_back(*part);
    }
  }
  const bool has_words = columns.label && table.is_text[*columns.label];
  if (has_words) block.names = words_of(table, *columns.label);
  const auto numbers = std::size_t(std::ranges::count(table.is_text, false));
  // Among the columns of numbers.
  std::size_t label = numbers;
  if (columns.label && !has_words) {
    label = std::size_t(std::count(table.is_text.begin(),
                                   table.is_text.begin() + std::ptrdiff_t(*columns.label), false));
    block.answers = Tensor(DType::kFloat32, Shape{std::int64_t(table.rows)});
  }
  const std::size_t width = numbers - (label < numbers ? 1 : 0);
  if (width == 0) return invalid_argument("it has no column of numbers but labels");
  block.samples = Tensor(DType::kFloat32, Shape{std::int64_t(table.rows), std::int64_t(width)});
  const auto samples = block.samples.as<float>();
  for (std::size_t row = 0, to = 0; row < table.rows; ++row) {
    for (std::size_t c = 0; c < numbers; ++c) {
      const float number = table.numbers[row * numbers + c];
      if (c == label) {
        block.answers.as<float>()[row] = number;
      } else {
        samples[to++] = number;
      }
    }
  }
  return block;
}

Result<ArrayBlock> read_block(const fs::path& path, std::size_t elements) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, read_file(path, limits::kMaxArrayFileBytes));
  const Result<CsvTable> table = parse_csv(text);
  if (!table.ok()) return table.status().with_context(path.string());
  Result<ArrayBlock> block = block_of(*table, elements);
  if (!block.ok()) return block.status().with_context(path.string());
  return block;
}

}  // namespace

bool is_table_name(const fs::path& path) {
  std::error_code error;
  const std::string extension = in_lower_case(path.extension().string());
  return (extension == ".csv" || extension == ".tsv" || extension == ".txt") &&
         fs::is_regular_file(path, error);
}

bool holds_tables(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return is_table_name(path);
  const Result<std::vector<fs::path>> entries = entries_of(path);
  return entries.ok() && !entries->empty() &&
         std::ranges::all_of(*entries, [](const fs::path& file) {
           return is_table_name(file) && part_named(file.stem().string()).has_value();
         });
}

Result<ArrayBlocks> read_table_blocks(const fs::path& path, std::size_t elements) {
  ArrayBlocks blocks;
  std::vector<fs::path> files = {path};
  std::error_code error;
  if (fs::is_directory(path, error)) {
    TINYSPLIT_ASSIGN_OR_RETURN(files, entries_of(path));
  }
  for (const fs::path& file : files) {
    TINYSPLIT_ASSIGN_OR_RETURN(ArrayBlock block, read_block(file, elements));
    const Part part = part_named(file.stem().string()).value_or(Part::kTrain);
    blocks.entries.push_back({files.size() == 1 ? Part::kTrain : part, std::move(block)});
  }
  return blocks;
}

}  // namespace tinysplit
