#include "training/load_architecture.h"

#include <algorithm>
#include <new>
#include <optional>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/zip_archive.h"
#include "training/named_architectures.h"

namespace tinysplit::training {
namespace {

Result<std::string> config_of_archive(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto archive, keras::ZipArchive::open(bytes));
  TINYSPLIT_ASSIGN_OR_RETURN(std::optional<std::string> config,
                             archive.read("config.json", limits::kMaxModelConfigBytes));
  if (!config) return invalid_argument("a zip file without config.json is no Keras model");
  return std::move(*config);
}

Result<std::string> config_of_hdf5(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(keras::Hdf5File file, keras::Hdf5File::open(bytes));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto text, file.strings(file.root(), "model_config"));
  if (!text || text->size() != 1) {
    return invalid_argument("an HDF5 file without \"model_config\" is no Keras model");
  }
  return std::string(text->front());
}

}  // namespace

Result<std::string> keras_config_of(std::string_view bytes) {
  try {
    if (keras::ZipArchive::has_signature(bytes)) return config_of_archive(bytes);
    if (keras::Hdf5File::has_signature(bytes)) return config_of_hdf5(bytes);
    return std::string(bytes);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory");
  }
}

Result<std::string> read_keras_config(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  Result<std::string> config = keras_config_of(bytes);
  if (!config.ok()) return config.status().with_context(path.string());
  return config;
}

Result<std::shared_ptr<const Architecture>> load_architecture(const Recipe& recipe,
                                                              std::size_t classes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> input, parse_dims(recipe.input));
  const bool is_named = is_named_architecture(recipe.architecture);
  std::error_code error;
  if (!is_named && !std::filesystem::exists(recipe.architecture, error)) {
    // Its error lists the names.
    return named_architecture(recipe.architecture, input, 0).status();
  }
  std::string config;
  if (is_named) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        config, named_architecture(recipe.architecture, input, std::int64_t(classes), recipe.name));
  } else {
    if (!input.empty()) {
      return invalid_argument(recipe.architecture +
                              " says itself which input it takes; only a named architecture is "
                              "made for another");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(config, read_keras_config(recipe.architecture));
  }
  Result<Architecture> architecture = parse_architecture(config);
  if (!architecture.ok()) return architecture.status().with_context(recipe.architecture);
  return std::make_shared<const Architecture>(std::move(*architecture));
}

Result<ImageSize> image_size_of(const Recipe& recipe) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto architecture, load_architecture(recipe, 0));
  const Shape& input = architecture->input_shape();
  if (input.rank() != 4 || (input[3] != 1 && input[3] != 3)) {
    return invalid_argument(recipe.architecture + " takes an input of " + input.to_string() +
                            ", which no image is; say --input 28x28x1 or another size");
  }
  return ImageSize{std::size_t(input[1]), std::size_t(input[2]), std::size_t(input[3])};
}

Result<std::vector<std::int64_t>> sample_dims_of(const Recipe& recipe) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto architecture, load_architecture(recipe, 0));
  const auto dims = architecture->input_shape().dims();
  if (dims.empty()) return std::vector<std::int64_t>{};
  return std::vector<std::int64_t>(dims.begin() + 1, dims.end());
}

}  // namespace tinysplit::training
