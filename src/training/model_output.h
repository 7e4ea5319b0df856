#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/status.h"
#include "training/recipe.h"

namespace tinysplit::training {

// Whether a training may write the model `name` into `folder`, which need not exist: it has no
// model of that name, or `replaces` one, and no file that a training would write but did not, such
// as a README.md. To be asked before the training.
// Errors: FAILED_PRECONDITION (names the file and the way out).
Status check_model_folder(const std::filesystem::path& folder, const std::string& name,
                          bool replaces);

// Whether `folder` is apart from the images of `dataset`: within them, it would be taken for a
// class. Errors: INVALID_ARGUMENT.
Status check_apart_from(const std::filesystem::path& folder, const std::string& dataset);

// Whether the file system of `folder` has room for a training of `weights` weights: the model, and
// a checkpoint beside the one that it replaces. Errors: RESOURCE_EXHAUSTED (says how much is
// needed).
Status check_room(const std::filesystem::path& folder, std::int64_t weights, const Recipe& recipe);

}  // namespace tinysplit::training
