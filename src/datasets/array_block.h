#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/source.h"

namespace tinysplit {

// Samples that are arrays of one shape, as a file has them.
struct ArrayBlock {
  Tensor samples;                  // [N,...], of any type
  Tensor answers;                  // [N,...], numbers; of rank 0 where there are none
  std::vector<std::string> names;  // N, of classes; empty where there are none
  std::vector<Part> marks;         // N; empty where all are of one part

  std::size_t size() const { return std::size_t(samples.shape()[0]); }
  bool has_answers() const { return answers.shape().rank() > 0; }
};

// What the files of a data set hold: a block for each part, or one with marks.
struct ArrayBlocks {
  struct Entry {
    Part part;  // of all of it, where it has no marks
    ArrayBlock block;
  };
  std::vector<Entry> entries;        // at least one; all samples of one type and shape
  std::vector<std::string> classes;  // in the order of their numbers; empty: not named
  std::vector<std::string> notes;    // what was found and not used
};

// Its letters A to Z as a to z.
std::string in_lower_case(std::string_view text);

// The part that a word stands for: train, training; val, valid, validation, dev; test, testing; in
// any case. Nothing else is one.
std::optional<Part> part_named(std::string_view word);

// Whether `path` is a .npz or .npy file, or a folder of .npy files and nothing else.
bool holds_arrays(const std::filesystem::path& path);
// A .npz or .npy file, or a folder of .npy files as if they were packed: "x" (or images, data,
// samples, features, inputs), "y" (or labels, targets), "split" and "classes"; for each part
// "x_train", "y_train" and so on; or one array of any name. Errors: INVALID_ARGUMENT (which array
// does not fit which), those of read_file() and parse_npy(), with the path in front.
Result<ArrayBlocks> read_array_blocks(const std::filesystem::path& path);

// Whether a file is a table by its name: .csv, .tsv or .txt.
bool is_table_name(const std::filesystem::path& path);
// Whether `path` is a .csv, .tsv or .txt file, or a folder of such for the parts and nothing else.
bool holds_tables(const std::filesystem::path& path);
// CSV files with a sample in each row: numbers, with a column of labels or not. A first row that is
// not of numbers names the columns; "label" (or class, y, target, activity) and "split" are told by
// it, else a last column of words, or one more than `elements` (of a sample; 0 if unknown), is that
// of labels. Separated by commas, semicolons, tabs or spaces. Errors: INVALID_ARGUMENT (file, line
// and column that are wrong), OUT_OF_RANGE (limits), those of read_file().
Result<ArrayBlocks> read_table_blocks(const std::filesystem::path& path, std::size_t elements);

// Whether `path` is a folder with a sub-folder of tables for each class, or of such for the parts.
bool holds_recordings(const std::filesystem::path& path);
// Such a folder, a recording in each table: a row for each time step, a column for each channel,
// after one of times if its header says so. They are cut into windows of the size that a model
// takes, `dims` of one sample, one after the other; what is left at the end is not used. Errors:
// INVALID_ARGUMENT (too few rows, other columns), OUT_OF_RANGE (limits), those of read_file().
Result<ArrayBlocks> read_recordings(const std::filesystem::path& path,
                                    const std::vector<std::int64_t>& dims);
// Any of these: what open_dataset() reads as arrays.
bool holds_samples(const std::filesystem::path& path);

// The samples of blocks as a data set: labels are names, whole numbers from 0 on, or one-hot rows.
class ArraySource final : public DataSource {
 public:
  // Errors: INVALID_ARGUMENT (labels and samples that do not fit, or beyond the named classes),
  // OUT_OF_RANGE (limits::kMaxDatasetImages, kMaxDatasetClasses).
  static Result<std::unique_ptr<ArraySource>> create(ArrayBlocks blocks);

  std::size_t count(Part part) const override { return rows_[std::size_t(part)].size(); }
  DType dtype() const;
  // Of one sample.
  std::vector<std::int64_t> dims() const;
  std::span<const std::byte> sample(Part part, std::size_t item) const;
  std::vector<float> answer(Part part, std::size_t item) const override;
  std::vector<std::int64_t> answer_dims() const override;

 private:
  struct Row {
    std::uint32_t entry = 0;
    std::uint32_t row = 0;
  };
  explicit ArraySource(ArrayBlocks blocks) : blocks_(std::move(blocks)) { notes_ = blocks_.notes; }
  Status place_rows();
  Status read_classes();

  ArrayBlocks blocks_;
  std::array<std::vector<Row>, kParts.size()> rows_;
};

// The class of each sample by its answers: whole numbers from 0 on, [N] or [N,1], or one-hot rows;
// nothing if they are neither.
std::optional<std::vector<std::int32_t>> labels_of_answers(const Tensor& answers);

// Numbers as float32, whatever their type.
std::vector<float> floats_of(const TensorView& numbers);

}  // namespace tinysplit
