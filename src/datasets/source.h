#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/class_match.h"
#include "formats/image/image.h"
#include "formats/image/resize.h"

namespace tinysplit {

enum class Part : std::uint8_t { kTrain, kValidation, kTest };
inline constexpr std::array kParts = {Part::kTrain, Part::kValidation, Part::kTest};

// A data set that is listed but not decoded. The order of the items never changes.
class DataSource {
 public:
  virtual ~DataSource() = default;

  const std::vector<std::string>& classes() const { return classes_; }
  ClassNumbers class_numbers() const { return class_numbers_; }
  // Class indices of the items of `part`; empty where the data has no such part or no classes.
  const std::vector<std::int32_t>& labels(Part part) const { return labels_[std::size_t(part)]; }
  // Items of `part`.
  virtual std::size_t count(Part part) const { return labels(part).size(); }
  // Numbers that a model is to give for an item, of answer_dims(); empty where the data have none.
  virtual std::vector<float> answer(Part, std::size_t) const { return {}; }
  virtual std::vector<std::int64_t> answer_dims() const { return {}; }
  // What was found in the data and is not used.
  const std::vector<std::string>& notes() const { return notes_; }

 protected:
  std::vector<std::string> classes_;
  ClassNumbers class_numbers_ = ClassNumbers::kOfNames;
  std::array<std::vector<std::int32_t>, kParts.size()> labels_;
  std::vector<std::string> notes_;
};

// One item of a data set.
struct Item {
  Part part = Part::kTrain;
  std::size_t index = 0;
};

// One of images, which are decoded one by one.
class ImageSource : public DataSource {
 public:
  // Size and channels of an item as it is.
  virtual Result<ImageSize> size_of(Part part, std::size_t item) = 0;
  // Decodes an item into `pixels`, [height,width,channels] of `size`.
  virtual Status load(Part part, std::size_t item, const ImageSize& size,
                      std::span<std::uint8_t> pixels) = 0;

  // How the items become pixels; set before the first is loaded.
  void set_options(const ImageOptions& options) { options_ = options; }

 protected:
  ImageOptions options_;
};

// Debian's folder of Fashion-MNIST.
std::filesystem::path fashion_mnist_folder();
const std::vector<std::string>& fashion_mnist_classes();

// Whether `folder` holds IDX files.
bool holds_idx_files(const std::filesystem::path& folder);
// `classes` may be empty: labels.txt of the folder names them, or they are named by their numbers.
Result<std::unique_ptr<ImageSource>> open_idx_folder(const std::filesystem::path& folder,
                                                     std::vector<std::string> classes);
Result<std::unique_ptr<ImageSource>> open_image_folder(const std::filesystem::path& folder);
// Fashion-MNIST as clothing and footwear in colour; see fashion_footwear.cpp.
Result<std::unique_ptr<ImageSource>> open_fashion_footwear();

// fit_image(), rounded to bytes.
void convert_image(std::span<const std::uint8_t> image, const ImageSize& from,
                   const ImageOptions& options, const ImageSize& to,
                   std::span<std::uint8_t> pixels);

// Rounds pixels 0..255 to bytes.
void round_pixels(std::span<const float> from, std::span<std::uint8_t> to);

}  // namespace tinysplit
