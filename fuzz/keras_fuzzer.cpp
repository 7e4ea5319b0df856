// Reads what it is given as a model file: a .keras archive or an .h5 file. Checksums and
// compression hide the inside of an archive from mutations, so an input that begins with '{' is
// taken for one laid open: the configuration, a zero byte, and the HDF5 file of the weights.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "formats/keras/graph_translation.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/json_text.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"

namespace {

using namespace tinysplit;  // NOLINT

Status read_open_archive(std::string_view input) {
  const std::size_t zero = input.find('\0');
  if (zero == input.npos) return keras::parse_json(input).status();
  TINYSPLIT_ASSIGN_OR_RETURN(keras::Json json, keras::parse_json(input.substr(0, zero)));
  TINYSPLIT_ASSIGN_OR_RETURN(const keras::ModelConfig model,
                             keras::parse_model_config(std::move(json), ""));
  TINYSPLIT_ASSIGN_OR_RETURN(keras::Hdf5File file, keras::Hdf5File::open(input.substr(zero + 1)));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto weights, keras::open_archive_weights(file, model.layers));
  return keras::translate_model(model, *weights, "fuzz", "").status();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const Status status = input.starts_with('{') ? read_open_archive(input)
                                               : read_keras_model_bytes(input, "fuzz").status();
  // An error that says nothing is a fault, too.
  if (!status.ok() && status.message().empty()) std::terminate();
  return 0;
}
