#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "training/architecture.h"
#include "training/recipe.h"

namespace tinysplit::training {

// The Keras configuration in a file: JSON as Keras' to_json() writes it, or that of a .keras
// archive or .h5 file, whose weights are not read. The file is not trusted. Errors: those of
// read_file and of the reader, INVALID_ARGUMENT (none of these); all with the path in front.
Result<std::string> read_keras_config(const std::filesystem::path& path);
// The same of the bytes of such a file.
Result<std::string> keras_config_of(std::string_view bytes);

// The network that `recipe` names, for `classes` classes. A named one is made for them and for
// recipe.input; a file says both itself. Errors: INVALID_ARGUMENT (an input size with a file; an
// input that is no image), and those of named_architecture, read_keras_config, parse_architecture.
Result<std::shared_ptr<const Architecture>> load_architecture(const Recipe& recipe,
                                                              std::size_t classes);

// The size of images that the recipe's network takes, known before the data are read.
// Errors: as load_architecture.
Result<ImageSize> image_size_of(const Recipe& recipe);

// The shape of one sample that it takes, without the batch. Errors: as load_architecture.
Result<std::vector<std::int64_t>> sample_dims_of(const Recipe& recipe);

}  // namespace tinysplit::training
