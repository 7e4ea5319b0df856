// Folders with a sub-folder of image files for each class, in parts or not.
#include <algorithm>
#include <new>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/folder_entries.h"
#include "datasets/folder_parts.h"
#include "datasets/source.h"
#include "formats/image/image.h"
#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_image_name(const fs::path& path) { return has_image_name(path) && !is_folder(path); }

std::string in_quotes(const std::string& text) { return "\"" + text + "\""; }

class ImageFolder final : public ImageSource {
 public:
  // Adds the classes and images of `folder` as `part`. Only the first part may name new classes.
  Status add_part(Part part, const fs::path& folder) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<fs::path> entries, entries_of(folder));
    const bool names_classes = classes_.empty();
    bool has_loose_images = false;
    for (const fs::path& entry : entries) {
      if (is_image_name(entry)) {
        has_loose_images = true;
        left_out_.add_loose(entry);
      }
      if (!is_folder(entry)) continue;
      const std::string name = entry.filename().string();
      if (names_classes) {
        TINYSPLIT_RETURN_IF_ERROR(add_class(name, folder));
      }
      const auto known = std::ranges::find(classes_, name);
      if (known == classes_.end()) {
        return invalid_argument(entry.string() + " is a class that the training images lack");
      }
      TINYSPLIT_RETURN_IF_ERROR(
          add_images(part, entry, static_cast<std::int32_t>(known - classes_.begin())));
    }
    if (!labels(part).empty()) return ok_status();
    if (has_loose_images) {
      return invalid_argument(folder.string() +
                              " has images, but they must lie in one sub-folder for each class");
    }
    return not_found(folder.string() + " holds neither IDX files nor sub-folders of images");
  }

  // Says what was not read of `folder`, which has been read whole.
  void note(const fs::path& folder, std::vector<std::string> notes) {
    notes_ = std::move(notes);
    std::ranges::move(left_out_.notes(folder), std::back_inserter(notes_));
  }

  Result<ImageSize> size_of(Part part, std::size_t item) override {
    const fs::path& path = paths_[std::size_t(part)][item];
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes,
                               read_file(path, limits::kMaxImageFileBytes));
    try {
      const Result<RgbImage> image = decode_pixels(bytes);
      if (!image.ok()) return image.status().with_context(path.string());
      return ImageSize{image->height, image->width, 3};
    } catch (const std::bad_alloc&) {
      return resource_exhausted(path.string() + ": not enough memory to decode the image");
    }
  }

  Status load(Part part, std::size_t item, const ImageSize& size,
              std::span<std::uint8_t> pixels) override {
    const Shape shape{1, std::int64_t(size.height), std::int64_t(size.width),
                      std::int64_t(size.channels)};
    TINYSPLIT_ASSIGN_OR_RETURN(const Tensor image,
                               read_image(paths_[std::size_t(part)][item], shape, options_));
    round_pixels(image.as<float>(), pixels);
    return ok_status();
  }

 private:
  Status add_class(const std::string& name, const fs::path& folder) {
    if (const Status status = check_class_name(name); !status.ok()) {
      return status.with_context("a sub-folder of " + folder.string());
    }
    if (classes_.size() == limits::kMaxDatasetClasses) {
      return out_of_range(folder.string() + " has more than " +
                          std::to_string(limits::kMaxDatasetClasses) + " classes");
    }
    classes_.push_back(name);
    return ok_status();
  }

  Status add_images(Part part, const fs::path& folder, std::int32_t label) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<fs::path> entries, entries_of(folder));
    std::vector<fs::path>& paths = paths_[std::size_t(part)];
    const std::size_t before = paths.size();
    LeftOutFiles others;
    for (const fs::path& entry : entries) {
      if (is_image_name(entry)) {
        paths.push_back(entry);
      } else {
        others.add(entry);
        left_out_.add(entry);
      }
    }
    if (paths.size() == before) {
      const std::string kinds = others.kinds();
      return invalid_argument("class " + in_quotes(folder.filename().string()) +
                              " is empty: " + folder.string() + " has no image that is read" +
                              (kinds.empty() ? "" : " (but " + kinds + ")") +
                              "; add some or remove it");
    }
    if (paths.size() > limits::kMaxDatasetImages) {
      return out_of_range("there are more than " + std::to_string(limits::kMaxDatasetImages) +
                          " images up to " + folder.string());
    }
    labels_[std::size_t(part)].resize(paths.size(), label);
    return ok_status();
  }

  std::array<std::vector<fs::path>, kParts.size()> paths_;
  LeftOutFiles left_out_;
};

}  // namespace

Result<std::unique_ptr<ImageSource>> open_image_folder(const fs::path& folder) {
  auto source = std::make_unique<ImageFolder>();
  TINYSPLIT_ASSIGN_OR_RETURN(FolderParts parts, find_parts(folder));
  if (!parts.any()) parts.folders[std::size_t(Part::kTrain)] = folder;
  for (const Part part : kParts) {
    const fs::path& part_folder = parts.folders[std::size_t(part)];
    if (!part_folder.empty()) TINYSPLIT_RETURN_IF_ERROR(source->add_part(part, part_folder));
  }
  source->note(folder, std::move(parts.notes));
  return std::unique_ptr<ImageSource>(std::move(source));
}

}  // namespace tinysplit
