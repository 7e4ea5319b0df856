#pragma once

// All that a program needs to train a model:
//
//   tinysplit::training::Recipe        what to train, on what, and how
//   tinysplit::training::ModelData     the images
//   tinysplit::training::CustomModel   the network: train(), evaluate(), save()
//
// Errors are values: Status and Result<T>.

#include "core/status.h"                   // IWYU pragma: export
#include "training/custom_model.h"         // IWYU pragma: export
#include "training/load_architecture.h"    // IWYU pragma: export
#include "training/model_data.h"           // IWYU pragma: export
#include "training/model_output.h"         // IWYU pragma: export
#include "training/named_architectures.h"  // IWYU pragma: export
#include "training/recipe.h"               // IWYU pragma: export
