#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/status.h"
#include "datasets/array_block.h"
#include "datasets/dataset.h"
#include "datasets/source.h"

namespace tinysplit {

// What the data know of `items` but the samples themselves, into `data`. Errors: OUT_OF_RANGE
// (limits::kMaxElements).
Status put_answers(const DataSource& source, const std::vector<Item>& items, LabelledImages& data);

// Whether the samples are bytes, [H,W], [H,W,C] or [C,H,W] with one or three channels.
bool can_be_images(const ArraySource& arrays);

// These samples as images. Precondition: can_be_images().
std::unique_ptr<ImageSource> images_of_arrays(std::unique_ptr<ArraySource> arrays);

// `items` as one array, each as `dims` has it: as DatasetOptions::sample_dims. Errors:
// INVALID_ARGUMENT (other samples), OUT_OF_RANGE (kMaxElements).
Result<LabelledImages> gather(const ArraySource& arrays, const std::vector<Item>& items,
                              const std::vector<std::int64_t>& dims);

}  // namespace tinysplit
