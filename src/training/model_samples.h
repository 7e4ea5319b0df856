#pragma once

#include <filesystem>

#include "core/status.h"
#include "datasets/dataset.h"

namespace tinysplit::training {

// Writes the first images of each class into `folder`, about ten in all, as PNG files named by
// index and name of the class: "03_dress.png", or "0_clothing_a.png" where there are several.
// Images that are there already stay. Errors: those of writing files.
Status write_samples(const LabelledImages& images, const std::filesystem::path& folder);

}  // namespace tinysplit::training
