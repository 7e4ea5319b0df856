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
#include "formats/image/resize.h"

namespace tinysplit {

enum class Part : std::uint8_t { kTrain, kValidation, kTest };
inline constexpr std::array kParts = {Part::kTrain, Part::kValidation, Part::kTest};

// A data set that is listed but not decoded. The order of the items never changes.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  const std::vector<std::string>& classes() const { return classes_; }
  ClassNumbers class_numbers() const { return class_numbers_; }
  // Class indices of the items of `part`; empty where the data has no such part.
  const std::vector<std::int32_t>& labels(Part part) const { return labels_[std::size_t(part)]; }

  // Size and channels of an item as it is.
  virtual Result<ImageSize> size_of(Part part, std::size_t item) = 0;
  // Decodes an item into `pixels`, [height,width,channels] of `size`.
  virtual Status load(Part part, std::size_t item, const ImageSize& size,
                      std::span<std::uint8_t> pixels) = 0;

 protected:
  std::vector<std::string> classes_;
  ClassNumbers class_numbers_ = ClassNumbers::kOfNames;
  std::array<std::vector<std::int32_t>, kParts.size()> labels_;
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

// Writes `image`, [height,width,channels] with 1 or 3 channels, as `to` asks: grey becomes RGB and
// RGB luma, then it is resized and rounded.
void convert_image(std::span<const std::uint8_t> image, const ImageSize& from, const ImageSize& to,
                   std::span<std::uint8_t> pixels);

// Rounds pixels 0..255 to bytes.
void round_pixels(std::span<const float> from, std::span<std::uint8_t> to);

}  // namespace tinysplit
