#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/limits.h"
#include "datasets/array_block.h"
#include "datasets/folder_entries.h"

namespace tinysplit {
namespace {

// IEEE 754 binary16.
float float_of_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const auto fraction = static_cast<float>(half & 0x3ff);
  float magnitude = 0.0F;
  if (exponent == 31) {
    magnitude = fraction == 0.0F ? HUGE_VALF : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(fraction + 1024.0F, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

template <typename T>
void append(const TensorView& numbers, std::vector<float>& floats) {
  for (const T number : numbers.as<T>()) floats.push_back(static_cast<float>(number));
}

// The whole number from 0 on that a class has.
std::optional<std::int32_t> class_number(float number) {
  const bool is_whole = number >= 0.0F && number == std::floor(number);
  if (!is_whole || number >= static_cast<float>(limits::kMaxDatasetClasses)) return std::nullopt;
  return static_cast<std::int32_t>(number);
}

// Where the only 1 of a row of zeros is.
std::optional<std::int32_t> hot_one(std::span<const float> row) {
  std::optional<std::int32_t> hot;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == 0.0F) continue;
    if (row[i] != 1.0F || hot) return std::nullopt;
    hot = static_cast<std::int32_t>(i);
  }
  return hot;
}

std::string shape_text(const Tensor& tensor) { return tensor.shape().to_string(); }

bool are_alike(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() &&
         std::ranges::equal(a.shape().dims().subspan(1), b.shape().dims().subspan(1));
}

Status check_block(const ArrayBlock& block) {
  const auto [samples, answers] = std::tie(block.samples, block.answers);
  if (samples.shape().rank() < 2 || samples.shape().num_elements() == 0) {
    return invalid_argument(
        "the samples are of " + shape_text(samples) +
        ", they need a first dimension over the samples and more for each, none "
        "of which is 0");
  }
  if (block.size() > limits::kMaxDatasetImages) {
    return out_of_range("there are " + std::to_string(block.size()) + " samples, at most " +
                        std::to_string(limits::kMaxDatasetImages) + " are read");
  }
  if (block.has_answers() && std::size_t(answers.shape()[0]) != block.size()) {
    return invalid_argument("there are labels of " + shape_text(answers) + " for samples of " +
                            shape_text(samples) + ": one for each is needed");
  }
  for (const std::size_t size : {block.names.size(), block.marks.size()}) {
    if (size != 0 && size != block.size()) {
      return invalid_argument("there are " + std::to_string(size) +
                              " labels or marks of parts for " + std::to_string(block.size()) +
                              " samples: one for each is needed");
    }
  }
  return ok_status();
}

using Labels = std::vector<std::int32_t>;

// The names of all samples in the order of their names.
std::vector<std::string> sorted_names(const ArrayBlocks& blocks) {
  std::set<std::string> names;
  for (const auto& entry : blocks.entries) {
    names.insert(entry.block.names.begin(), entry.block.names.end());
  }
  return {names.begin(), names.end()};
}

Result<Labels> labels_of_names(const std::vector<std::string>& names,
                               const std::vector<std::string>& classes) {
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& name : classes) {
    TINYSPLIT_RETURN_IF_ERROR(check_class_name(name));
    numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  }
  Labels labels;
  for (const std::string& name : names) {
    const auto found = numbers.find(name);
    if (found == numbers.end()) {
      return invalid_argument("a sample is labelled \"" + name +
                              "\", which is none of the classes");
    }
    labels.push_back(found->second);
  }
  return labels;
}

}  // namespace

std::vector<float> floats_of(const TensorView& numbers) {
  std::vector<float> floats;
  floats.reserve(static_cast<std::size_t>(numbers.shape.num_elements()));
  switch (numbers.dtype) {
    case DType::kFloat32:
      append<float>(numbers, floats);
      break;
    case DType::kFloat16:
      for (const std::uint16_t half : numbers.as<std::uint16_t>()) {
        floats.push_back(float_of_half(half));
      }
      break;
    case DType::kInt8:
      append<std::int8_t>(numbers, floats);
      break;
    case DType::kUint8:
    case DType::kBool:
      append<std::uint8_t>(numbers, floats);
      break;
    case DType::kInt16:
      append<std::int16_t>(numbers, floats);
      break;
    case DType::kInt32:
      append<std::int32_t>(numbers, floats);
      break;
    case DType::kInt64:
      append<std::int64_t>(numbers, floats);
      break;
  }
  return floats;
}

std::optional<Labels> labels_of_answers(const Tensor& answers) {
  const Shape& shape = answers.shape();
  const std::vector<float> numbers = floats_of(answers.view());
  const std::size_t width = shape.rank() == 1 ? 1 : std::size_t(shape[1]);
  if (shape.rank() > 2 || width == 0 || width > limits::kMaxDatasetClasses) return std::nullopt;
  Labels labels;
  for (std::size_t i = 0; i + width <= numbers.size(); i += width) {
    const auto label =
        width == 1 ? class_number(numbers[i]) : hot_one(std::span(numbers).subspan(i, width));
    if (!label) return std::nullopt;
    labels.push_back(*label);
  }
  return labels;
}

Result<std::unique_ptr<ArraySource>> ArraySource::create(ArrayBlocks blocks) {
  std::unique_ptr<ArraySource> source(new ArraySource(std::move(blocks)));
  TINYSPLIT_RETURN_IF_ERROR(source->place_rows());
  TINYSPLIT_RETURN_IF_ERROR(source->read_classes());
  return source;
}

Status ArraySource::place_rows() {
  const ArrayBlock& first = blocks_.entries[0].block;
  for (std::size_t e = 0; e < blocks_.entries.size(); ++e) {
    const auto& [part, block] = blocks_.entries[e];
    TINYSPLIT_RETURN_IF_ERROR(check_block(block));
    if (!are_alike(block.samples, first.samples)) {
      return invalid_argument("the parts have samples of two kinds, " + shape_text(first.samples) +
                              " and " + shape_text(block.samples));
    }
    const bool same_labels =
        first.names.empty() == block.names.empty() && first.has_answers() == block.has_answers();
    if (!same_labels) return invalid_argument("some parts have labels and some have none");
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Part of_row = block.marks.empty() ? part : block.marks[i];
      rows_[std::size_t(of_row)].push_back({std::uint32_t(e), std::uint32_t(i)});
    }
  }
  return ok_status();
}

Status ArraySource::read_classes() {
  const bool are_named = !blocks_.classes.empty();
  const bool have_names = !blocks_.entries[0].block.names.empty();
  std::vector<Labels> labels;
  if (have_names) {
    classes_ = are_named ? blocks_.classes : sorted_names(blocks_);
    class_numbers_ = are_named ? ClassNumbers::kOfData : ClassNumbers::kOfNames;
    for (const auto& entry : blocks_.entries) {
      TINYSPLIT_ASSIGN_OR_RETURN(Labels own, labels_of_names(entry.block.names, classes_));
      labels.push_back(std::move(own));
    }
  } else {
    std::int32_t largest = -1;
    for (const auto& entry : blocks_.entries) {
      if (!entry.block.has_answers()) return ok_status();
      std::optional<Labels> own = labels_of_answers(entry.block.answers);
      if (!own) return ok_status();  // numbers that a model is to give
      for (const std::int32_t label : *own) largest = std::max(largest, label);
      labels.push_back(std::move(*own));
    }
    if (are_named && std::size_t(largest + 1) > blocks_.classes.size()) {
      return invalid_argument("a sample has the label " + std::to_string(largest) + ", but only " +
                              std::to_string(blocks_.classes.size()) + " classes are named");
    }
    classes_ = blocks_.classes;
    class_numbers_ = are_named ? ClassNumbers::kOfData : ClassNumbers::kAlone;
    for (std::int32_t i = 0; !are_named && i <= largest; ++i) classes_.push_back(std::to_string(i));
  }
  if (classes_.size() > limits::kMaxDatasetClasses) {
    return out_of_range("there are " + std::to_string(classes_.size()) + " classes, at most " +
                        std::to_string(limits::kMaxDatasetClasses) + " are read");
  }
  for (const Part part : kParts) {
    for (const Row& row : rows_[std::size_t(part)]) {
      labels_[std::size_t(part)].push_back(labels[row.entry][row.row]);
    }
  }
  return ok_status();
}

DType ArraySource::dtype() const { return blocks_.entries[0].block.samples.dtype(); }

std::vector<std::int64_t> ArraySource::dims() const {
  const auto dims = blocks_.entries[0].block.samples.shape().dims().subspan(1);
  return {dims.begin(), dims.end()};
}

std::span<const std::byte> ArraySource::sample(Part part, std::size_t item) const {
  const Row& row = rows_[std::size_t(part)][item];
  const ArrayBlock& block = blocks_.entries[row.entry].block;
  const std::size_t bytes = block.samples.num_bytes() / block.size();
  return block.samples.bytes().subspan(row.row * bytes, bytes);
}

std::vector<std::int64_t> ArraySource::answer_dims() const {
  const ArrayBlock& block = blocks_.entries[0].block;
  if (!block.has_answers()) return {};
  const auto dims = block.answers.shape().dims().subspan(1);
  return {dims.begin(), dims.end()};
}

std::vector<float> ArraySource::answer(Part part, std::size_t item) const {
  const Row& row = rows_[std::size_t(part)][item];
  const ArrayBlock& block = blocks_.entries[row.entry].block;
  if (!block.has_answers()) return {};
  const std::size_t bytes = block.answers.num_bytes() / block.size();
  const Shape one = *Shape::create(answer_dims());
  return floats_of({block.answers.dtype(), one, block.answers.data() + row.row * bytes});
}

}  // namespace tinysplit
