#include "datasets/dataset.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <numeric>

#include "core/limits.h"
#include "core/random.h"
#include "datasets/array_block.h"
#include "datasets/array_data.h"
#include "datasets/folder_parts.h"
#include "datasets/source.h"
#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFashion = "fashion-mnist";
constexpr std::string_view kFootwear = "fashion-footwear";

// One of the two.
struct OpenedSource {
  std::unique_ptr<ImageSource> images;
  std::unique_ptr<ArraySource> arrays;

  const DataSource& data() const {
    return images ? static_cast<const DataSource&>(*images) : *arrays;
  }
};

OpenedSource opened(std::unique_ptr<ImageSource> images) { return {std::move(images), nullptr}; }

Result<std::unique_ptr<ImageSource>> open_folder(const fs::path& folder) {
  return holds_idx_files(folder) ? open_idx_folder(folder, {}) : open_image_folder(folder);
}

Result<std::unique_ptr<ImageSource>> open_fashion(std::string_view name) {
  std::error_code error;
  if (!fs::is_directory(fashion_mnist_folder(), error)) {
    return not_found(fashion_mnist_folder().string() +
                     " is missing: apt-get install dataset-fashion-mnist");
  }
  if (name == kFootwear) return open_fashion_footwear();
  return open_idx_folder(fashion_mnist_folder(), fashion_mnist_classes());
}

std::size_t elements_of(const std::vector<std::int64_t>& dims) {
  return dims.empty() ? 0
                      : static_cast<std::size_t>(std::accumulate(
                            dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>()));
}

Result<ArrayBlocks> read_blocks(const fs::path& path, const DatasetOptions& options) {
  if (holds_arrays(path)) return read_array_blocks(path);
  if (holds_tables(path)) return read_table_blocks(path, elements_of(options.sample_dims));
  return read_recordings(path, options.sample_dims);
}

Result<OpenedSource> open_arrays(const fs::path& path, const DatasetOptions& options) {
  Result<ArrayBlocks> blocks = read_blocks(path, options);
  if (!blocks.ok()) return blocks.status();
  Result<std::unique_ptr<ArraySource>> arrays = ArraySource::create(std::move(*blocks));
  if (!arrays.ok()) return arrays.status().with_context(path.string());
  const bool wants_pixels = options.size.height > 0 || options.sample_dims.empty();
  if (wants_pixels && can_be_images(**arrays)) {
    return opened(images_of_arrays(std::move(*arrays)));
  }
  return OpenedSource{nullptr, std::move(*arrays)};
}

Result<OpenedSource> open_source(std::string_view name, const DatasetOptions& options) {
  std::error_code error;
  const fs::path path(name);
  Result<std::unique_ptr<ImageSource>> images = std::unique_ptr<ImageSource>();
  if (name == kFashion || name == kFootwear) {
    images = open_fashion(name);
  } else if (!fs::exists(path, error)) {
    return not_found("there is no data set \"" + std::string(name) +
                     "\": neither a file, a folder, " + std::string(kFashion) + " nor " +
                     std::string(kFootwear));
  } else if (holds_samples(path)) {
    return open_arrays(path, options);
  } else if (!fs::is_directory(path, error)) {
    return invalid_argument(path.string() +
                            " is no data set: needs a .npz, .npy or .csv file, or a folder");
  } else {
    images = open_folder(path);
  }
  if (!images.ok()) return images.status();
  return opened(std::move(*images));
}

// Which of the training part's items are for validation: of each class the same share, but one at
// least and never all.
std::vector<bool> draw_validation(const DataSource& source, const DatasetOptions& options) {
  const std::vector<std::int32_t>& labels = source.labels(Part::kTrain);
  const std::size_t count = source.count(Part::kTrain);
  std::vector<std::vector<std::size_t>> items_of(std::max<std::size_t>(source.classes().size(), 1));
  for (std::size_t i = 0; i < count; ++i) {
    items_of[labels.empty() ? 0 : std::size_t(labels[i])].push_back(i);
  }
  std::vector<bool> drawn(count, false);
  if (options.validation_fraction <= 0.0) return drawn;
  Random random = Random::of({options.seed});
  for (std::vector<std::size_t>& items : items_of) {
    random.shuffle(std::span(items));
    if (items.size() < 2) continue;
    const double share = options.validation_fraction * static_cast<double>(items.size());
    const auto share_count =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::llround(share)), 1, items.size() - 1);
    for (std::size_t i = 0; i < share_count; ++i) drawn[items[i]] = true;
  }
  return drawn;
}

void append_part(const DataSource& source, Part part, std::vector<Item>& items) {
  for (std::size_t i = 0; i < source.count(part); ++i) items.push_back({part, i});
}

void append_drawn(const DataSource& source, const DatasetOptions& options, bool for_validation,
                  std::vector<Item>& items) {
  const std::vector<bool> drawn = draw_validation(source, options);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (drawn[i] == for_validation) items.push_back({Part::kTrain, i});
  }
}

bool has_part(const DataSource& source, Part part) { return source.count(part) > 0; }

Result<std::vector<Item>> items_of_split(const DataSource& source, Split split,
                                         const DatasetOptions& options) {
  std::vector<Item> items;
  const bool has_validation = has_part(source, Part::kValidation);
  if (split == Split::kAll) {
    for (const Part part : kParts) append_part(source, part, items);
  } else if (split == Split::kTest && has_part(source, Part::kTest)) {
    append_part(source, Part::kTest, items);
  } else if (split == Split::kValidation || split == Split::kTest) {
    if (has_validation) {
      append_part(source, Part::kValidation, items);
    } else if (split == Split::kValidation) {
      append_drawn(source, options, true, items);
    }
  } else if (has_validation) {
    append_part(source, Part::kTrain, items);
  } else {
    append_drawn(source, options, false, items);
  }
  if (items.empty()) {
    return not_found("the data has no " + std::string(split_name(split)) + " part");
  }
  return items;
}

void keep_random(std::vector<Item>& items, const DatasetOptions& options) {
  if (options.max_images == 0 || items.size() <= options.max_images) return;
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random::of({options.seed, 1}).shuffle(std::span(order));
  order.resize(options.max_images);
  std::ranges::sort(order);
  std::vector<Item> kept;
  for (const std::size_t i : order) kept.push_back(items[i]);
  items = std::move(kept);
}

std::string size_text(const ImageSize& size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width) + "x" +
         std::to_string(size.channels);
}

// The size of all `items`. Errors: INVALID_ARGUMENT where they are of two sizes.
Result<ImageSize> common_size(ImageSource& source, const std::vector<Item>& items,
                              const DatasetOptions& options) {
  ImageSize common;
  for (const Item& item : items) {
    const Result<ImageSize> size = source.size_of(item.part, item.index);
    if (!size.ok()) {
      if (options.skip_bad_images) continue;
      return size.status();
    }
    if (common.height == 0) common = *size;
    if (size->height != common.height || size->width != common.width ||
        size->channels != common.channels) {
      return invalid_argument("the images have two sizes, " + size_text(common) + " and " +
                              size_text(*size) + "; say which size to resize them to");
    }
  }
  if (common.height == 0) return invalid_argument("no image of the data can be read");
  return common;
}

Result<ImageSize> size_to_deliver(ImageSource& source, const std::vector<Item>& items,
                                  const DatasetOptions& options) {
  ImageSize size = options.size;
  if (size.height == 0 && size.width == 0 && size.channels == 0) {
    TINYSPLIT_ASSIGN_OR_RETURN(size, common_size(source, items, options));
  }
  if (size.height == 0 || size.width == 0 || (size.channels != 1 && size.channels != 3)) {
    return invalid_argument("images cannot be " + size_text(size) +
                            ": a height, a width, and 1 or 3 channels are needed");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_image_size(size.width, size.height));
  return size;
}

Result<LabelledImages> decode(ImageSource& source, const std::vector<Item>& items,
                              const DatasetOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ImageSize size, size_to_deliver(source, items, options));
  const auto shape_of = [&](std::size_t count) {
    return std::array{std::int64_t(count), std::int64_t(size.height), std::int64_t(size.width),
                      std::int64_t(size.channels)};
  };
  const Result<Shape> shape = Shape::create(shape_of(items.size()));
  if (!shape.ok()) {
    return out_of_range(std::to_string(items.size()) + " images of " + size_text(size) +
                        " are more than " + std::to_string(limits::kMaxElements) +
                        " bytes; take smaller or fewer ones");
  }
  LabelledImages data;
  data.images = Tensor(DType::kUint8, *shape);
  const std::size_t bytes = size.height * size.width * size.channels;
  const auto pixels = data.images.as<std::uint8_t>();
  std::vector<Item> loaded;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto [part, index] = items[i];
    const Status status =
        source.load(part, index, size, pixels.subspan(loaded.size() * bytes, bytes));
    if (options.on_image) options.on_image(i + 1, items.size());
    if (status.ok()) {
      loaded.push_back(items[i]);
    } else if (options.skip_bad_images) {
      data.skipped.push_back(status.message());
    } else {
      return status;
    }
  }
  if (loaded.empty()) return invalid_argument("no image of the data can be read");
  if (loaded.size() < items.size()) {
    Tensor fewer(DType::kUint8, *Shape::create(shape_of(loaded.size())));
    std::ranges::copy(pixels.first(fewer.num_bytes()), fewer.as<std::uint8_t>().begin());
    data.images = std::move(fewer);
  }
  TINYSPLIT_RETURN_IF_ERROR(put_answers(source, loaded, data));
  return data;
}

Status check_options(const DatasetOptions& options) {
  // Written so that NaN fails too.
  if (options.validation_fraction >= 0.0 && options.validation_fraction < 1.0) return ok_status();
  return invalid_argument("the share of images for validation must be at least 0 and below 1");
}

Status check_classes(const DataSource& source, const DatasetOptions& options,
                     const std::string& name) {
  const std::size_t classes = source.classes().size();
  if (classes == 0) {
    if (!options.needs_labels) return ok_status();
    return invalid_argument(name + " has no labels, or ones that are no classes");
  }
  if (classes >= options.min_classes) return ok_status();
  return invalid_argument(name + " has " + std::to_string(classes) + " class, at least " +
                          std::to_string(options.min_classes) + " are needed");
}

}  // namespace

std::string_view split_name(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "validation";
    case Split::kTest:
      return "test";
    case Split::kAll:
      return "all";
  }
  return "unknown";
}

fs::path fashion_mnist_folder() { return "/usr/share/datasets/fashion-mnist"; }

const std::vector<std::string>& fashion_mnist_classes() {
  static const std::vector<std::string> classes = {"t-shirt", "trouser",   "pullover", "dress",
                                                   "coat",    "sandal",    "shirt",    "sneaker",
                                                   "bag",     "ankle_boot"};
  return classes;
}

Result<LabelledImages> open_dataset(std::string_view name_or_folder, Split split,
                                    const DatasetOptions& options) {
  TINYSPLIT_RETURN_IF_ERROR(check_options(options));
  const std::string name(name_or_folder);
  TINYSPLIT_ASSIGN_OR_RETURN(const OpenedSource source, open_source(name, options));
  TINYSPLIT_RETURN_IF_ERROR(check_classes(source.data(), options, name));
  Result<std::vector<Item>> items = items_of_split(source.data(), split, options);
  if (!items.ok()) return items.status().with_context(name);
  keep_random(*items, options);
  try {
    if (source.images) source.images->set_options(options.image);
    Result<LabelledImages> data = source.images
                                      ? decode(*source.images, *items, options)
                                      : gather(*source.arrays, *items, options.sample_dims);
    if (!data.ok()) return source.arrays ? data.status().with_context(name) : data.status();
    data->name = name;
    return data;
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for the samples of " + name);
  }
}

Result<bool> has_test_part(std::string_view name_or_folder) {
  TINYSPLIT_ASSIGN_OR_RETURN(const OpenedSource source, open_source(name_or_folder, {}));
  return has_part(source.data(), Part::kTest) || has_part(source.data(), Part::kValidation);
}

Result<TestImages> test_images_of(std::string_view name_or_folder, bool takes_all) {
  TINYSPLIT_ASSIGN_OR_RETURN(const OpenedSource source, open_source(name_or_folder, {}));
  if (has_part(source.data(), Part::kTest)) return TestImages{Split::kTest, "the test part"};
  if (has_part(source.data(), Part::kValidation)) {
    return TestImages{Split::kTest, "the validation part, for there is no test part"};
  }
  const fs::path folder(name_or_folder);
  bool names_parts = holds_idx_files(folder);
  if (!names_parts) {
    const Result<FolderParts> parts = find_parts(folder);
    names_parts = parts.ok() && parts->any();
  }
  if (names_parts || !takes_all) {
    return TestImages{Split::kValidation,
                      "a tenth of each class held out of training, for there is no test part"};
  }
  return TestImages{
      Split::kAll,
      "all of them, for there is no test part: no test if the model was trained on these"};
}

}  // namespace tinysplit
