#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "datasets/class_match.h"
#include "formats/image/image.h"
#include "formats/image/resize.h"

namespace tinysplit {

// Labelled images in memory, or samples of another kind.
struct LabelledImages {
  std::string name;                  // of the data set: "fashion-mnist", or its folder
  std::vector<std::string> classes;  // names, by class index
  ClassNumbers class_numbers = ClassNumbers::kOfNames;
  Tensor images;                     // uint8 [N,H,W,C], raw pixels 0..255, C = 1 or 3
  bool are_pixels = true;            // else `images` are [N,...] of any type, as a model takes them
  std::vector<std::int32_t> labels;  // N class indices; empty where the data have no classes
  Tensor targets;                    // float32 [N,...] that a model is to give; of rank 0: none
  std::vector<std::string> skipped;  // what was left out, and why: "DIR/cat/7.png: truncated PNG"

  std::vector<std::string> notes;  // what was found in the data and not used

  std::size_t size() const {
    return images.shape().rank() == 0 ? 0 : static_cast<std::size_t>(images.shape()[0]);
  }
};

// The parts of a data set. A part that the data names itself is taken as it is: train/, val/ and
// test/ of a folder, which may be called otherwise (folder_parts.h), the train- and t10k- (or
// test-) files of IDX. val/ alone is both the validation and the test part. Where there is no
// validation part it is drawn from the training part, for each class the same share, by the seed:
// kTrain and kValidation never overlap. Data without parts is one training part.
enum class Split : std::uint8_t { kTrain, kValidation, kTest, kAll };

// "train", "validation", "test", "all".
std::string_view split_name(Split split);

struct DatasetOptions {
  // The size and channels to deliver: other images are fitted to it as `image` says,
  // and turned to grey or RGB. All 0: as they are, and then all must be alike.
  ImageSize size;
  ImageOptions image;                // how they become pixels of that size
  double validation_fraction = 0.1;  // of the training part, for each class; [0, 1)
  std::uint64_t seed = 1;            // of the validation part and of what max_images leaves
  // At most so many images, drawn at random, in the order of the data; 0 for all. Only these are
  // decoded: calibration on a few of many.
  std::size_t max_images = 0;
  // An image that cannot be decoded is left out and listed in `skipped`; else it is an error.
  bool skip_bad_images = false;
  std::size_t min_classes = 2;
  // Of one sample of arrays: they are reshaped to it where they are flat or differ by dimensions of
  // 1, else it is an error. Empty: as they are. Arrays of bytes that can be images are images where
  // `size` is given or these are not.
  std::vector<std::int64_t> sample_dims;
  bool needs_labels = true;  // data without classes are an error
  // Called after each image that was read, with the number of all.
  std::function<void(std::size_t done, std::size_t total)> on_image;
};

// The images of `split` of a data set, in an order that never changes. `name_or_folder`:
//   fashion-mnist     28x28x1, 10 classes (Debian's package dataset-fashion-mnist)
//   fashion-footwear  the same without bags, in random colours, 20x20x3: "clothing", "footwear"
//   a folder of IDX files, plain or .gz, named as those of MNIST; labels.txt names the classes
//   a .npz, .npy or CSV file, or a folder of such: arrays (docs/data.md)
//   a folder with a sub-folder of PNG, JPEG, BMP, GIF and WebP files for each class, or with
//   train/, val/, test/ of such; classes are in the order of their names
// Limits: limits::kMaxDatasetImages, kMaxDatasetClasses, kMaxElements pixels in all, those of IDX
// files and images. Never throws. Errors: NOT_FOUND (no such data or part; a package to install),
// INVALID_ARGUMENT (what is wrong with which file or folder), OUT_OF_RANGE (a limit),
// RESOURCE_EXHAUSTED (memory).
Result<LabelledImages> open_dataset(std::string_view name_or_folder, Split split,
                                    const DatasetOptions& options = {});

// The samples of arrays as float32; pixels stay bytes. May throw std::bad_alloc.
void make_float32(LabelledImages& data);

// Whether the data has a test part of its own. Errors: as open_dataset.
Result<bool> has_test_part(std::string_view name_or_folder);

// Images to test a model with.
struct TestImages {
  Split split = Split::kTest;
  std::string are;  // for people: "the test part"
};

// The test part, else the validation part; without either what kValidation holds out of the
// training part. Of a folder that names no parts, whose images may all be new to the model,
// `takes_all` takes all. Errors: as open_dataset.
Result<TestImages> test_images_of(std::string_view name_or_folder, bool takes_all);

}  // namespace tinysplit
