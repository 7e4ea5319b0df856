// Folders of IDX files, named as those of MNIST and its like: a file of images and one of labels
// for each part, such as "train-images-idx3-ubyte.gz" and "t10k-labels.idx1-ubyte".
#include <algorithm>
#include <optional>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/folder_entries.h"
#include "datasets/idx_file.h"
#include "datasets/source.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

struct PartFiles {
  fs::path images;
  fs::path labels;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool is_idx_name(const std::string& name) {
  return contains(name, "idx") && (contains(name, "images") || contains(name, "labels"));
}

Part part_of(const std::string& name) {
  if (contains(name, "t10k") || contains(name, "test")) return Part::kTest;
  return contains(name, "val") ? Part::kValidation : Part::kTrain;
}

Status put(fs::path& place, const fs::path& path) {
  if (!place.empty()) {
    return invalid_argument(place.string() + " and " + path.string() +
                            " are both IDX files of one part; keep one of them in a folder");
  }
  place = path;
  return ok_status();
}

using FilesOfParts = std::array<PartFiles, kParts.size()>;

Result<FilesOfParts> find_files(const fs::path& folder) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<fs::path> entries, entries_of(folder));
  FilesOfParts files;
  for (const fs::path& path : entries) {
    const std::string name = path.filename().string();
    if (!is_idx_name(name)) continue;
    PartFiles& part = files[std::size_t(part_of(name))];
    fs::path& place = contains(name, "images") ? part.images : part.labels;
    TINYSPLIT_RETURN_IF_ERROR(put(place, path));
  }
  for (const PartFiles& part : files) {
    if (part.images.empty() != part.labels.empty()) {
      const bool lacks_labels = part.labels.empty();
      return invalid_argument((lacks_labels ? part.images : part.labels).string() +
                              " has no file of " + (lacks_labels ? "labels" : "images") +
                              " beside it");
    }
  }
  if (files[std::size_t(Part::kTrain)].images.empty() &&
      files[std::size_t(Part::kTest)].images.empty()) {
    return not_found(folder.string() + " has IDX files neither for training nor for tests");
  }
  return files;
}

class IdxFolder final : public ImageSource {
 public:
  explicit IdxFolder(FilesOfParts files) : files_(std::move(files)) {}

  Status read_labels(const fs::path& folder, std::vector<std::string> classes) {
    std::int32_t largest = 0;
    for (const Part part : kParts) {
      if (files_[std::size_t(part)].labels.empty()) continue;
      TINYSPLIT_RETURN_IF_ERROR(read_labels_of(part, largest));
    }
    if (classes.empty()) {
      TINYSPLIT_ASSIGN_OR_RETURN(classes, read_class_names(folder / "labels.txt"));
    }
    class_numbers_ = classes.empty() ? ClassNumbers::kAlone : ClassNumbers::kOfData;
    if (classes.empty()) {
      for (std::int32_t i = 0; i <= largest; ++i) classes.push_back(std::to_string(i));
    }
    if (std::size_t(largest) >= classes.size()) {
      return invalid_argument("the IDX files of " + folder.string() + " have a label " +
                              std::to_string(largest) + ", but only " +
                              std::to_string(classes.size()) + " classes are named");
    }
    classes_ = std::move(classes);
    return ok_status();
  }

  Result<ImageSize> size_of(Part part, std::size_t) override {
    TINYSPLIT_RETURN_IF_ERROR(read_images(part));
    const Shape& shape = images_[std::size_t(part)]->shape();
    return ImageSize{std::size_t(shape[1]), std::size_t(shape[2]),
                     shape.rank() == 4 ? std::size_t(shape[3]) : 1};
  }

  Status load(Part part, std::size_t item, const ImageSize& size,
              std::span<std::uint8_t> pixels) override {
    TINYSPLIT_ASSIGN_OR_RETURN(const ImageSize own, size_of(part, item));
    const std::size_t bytes = own.height * own.width * own.channels;
    const auto image = images_[std::size_t(part)]->as<std::uint8_t>().subspan(item * bytes, bytes);
    convert_image(image, own, options_, size, pixels);
    return ok_status();
  }

 private:
  Status read_labels_of(Part part, std::int32_t& largest) {
    const fs::path& path = files_[std::size_t(part)].labels;
    TINYSPLIT_ASSIGN_OR_RETURN(const Tensor labels, read_idx(path));
    if (labels.shape().rank() != 1) {
      return invalid_argument(path.string() + " has the shape " + labels.shape().to_string() +
                              ", labels have one dimension");
    }
    if (std::size_t(labels.shape()[0]) > limits::kMaxDatasetImages) {
      return out_of_range(path.string() + " has " + std::to_string(labels.shape()[0]) +
                          " labels, at most " + std::to_string(limits::kMaxDatasetImages) +
                          " are read");
    }
    const auto values = labels.as<std::uint8_t>();
    labels_[std::size_t(part)].assign(values.begin(), values.end());
    largest = std::max<std::int32_t>(largest, *std::ranges::max_element(values));
    return ok_status();
  }

  // A file of images is read when it is first asked for: the training part is large.
  Status read_images(Part part) {
    std::optional<Tensor>& images = images_[std::size_t(part)];
    if (images) return ok_status();
    const fs::path& path = files_[std::size_t(part)].images;
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor read, read_idx(path));
    const Shape& shape = read.shape();
    const bool is_grey = shape.rank() == 3 || (shape.rank() == 4 && shape[3] == 1);
    if (!is_grey && (shape.rank() != 4 || shape[3] != 3)) {
      return invalid_argument(path.string() + " has the shape " + shape.to_string() +
                              ", images are [N,height,width], or with 1 or 3 channels besides");
    }
    if (std::size_t(shape[0]) != labels(part).size()) {
      return invalid_argument(path.string() + " has " + std::to_string(shape[0]) +
                              " images, but there are " + std::to_string(labels(part).size()) +
                              " labels in " + files_[std::size_t(part)].labels.string());
    }
    images = std::move(read);
    return ok_status();
  }

  FilesOfParts files_;
  std::array<std::optional<Tensor>, kParts.size()> images_;
};

}  // namespace

bool holds_idx_files(const fs::path& folder) {
  const Result<std::vector<fs::path>> entries = entries_of(folder);
  return entries.ok() && std::ranges::any_of(*entries, [](const fs::path& path) {
           return is_idx_name(path.filename().string());
         });
}

Result<std::unique_ptr<ImageSource>> open_idx_folder(const fs::path& folder,
                                                     std::vector<std::string> classes) {
  TINYSPLIT_ASSIGN_OR_RETURN(FilesOfParts files, find_files(folder));
  auto source = std::make_unique<IdxFolder>(std::move(files));
  TINYSPLIT_RETURN_IF_ERROR(source->read_labels(folder, std::move(classes)));
  return std::unique_ptr<ImageSource>(std::move(source));
}

}  // namespace tinysplit
