#include "formats/onnx/external_data.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "core/limits.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

namespace fs = std::filesystem;

Status denied(const std::string& what) { return {StatusCode::kPermissionDenied, what}; }

struct Place {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

Result<std::uint64_t> parse_size(const std::string& key, const std::string& text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid_argument("its external data has a " + key + " that is no number");
  }
  return size;
}

Result<Place> parse_place(const ::onnx::TensorProto& proto) {
  Place place;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") {
      TINYSPLIT_ASSIGN_OR_RETURN(place.offset, parse_size("offset", entry.value()));
    }
    if (entry.key() == "length") {
      TINYSPLIT_ASSIGN_OR_RETURN(place.length, parse_size("length", entry.value()));
    }
  }
  if (place.location.empty() || !is_printable_utf8(place.location) ||
      place.location.size() > limits::kMaxNameBytes) {
    return invalid_argument("its external data names no file");
  }
  return place;
}

// The file itself, all links followed.
Result<fs::path> resolve(const fs::path& folder, const std::string& location) {
  const fs::path relative(location);
  const bool climbs = std::ranges::count(relative, fs::path("..")) > 0;
  if (relative.is_absolute() || climbs || location.find('\\') != location.npos) {
    return denied("its external data \"" + location +
                  "\" is not inside of the model's folder; put it beside the model");
  }
  std::error_code error;
  const fs::path root = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  if (error) return not_found("the model's folder cannot be read: " + error.message());
  const fs::path file = fs::canonical(root / relative, error);
  if (error) return not_found("its external data \"" + location + "\" is not there");
  const auto [left, rest] = std::ranges::mismatch(root, file);
  if (left != root.end()) {
    return denied("its external data \"" + location + "\" is a link out of the model's folder");
  }
  if (!fs::is_regular_file(file, error)) {
    return invalid_argument("its external data \"" + location + "\" is not a regular file");
  }
  return file;
}

}  // namespace

Result<std::string> read_external_data(const ::onnx::TensorProto& proto, const Shape& shape,
                                       const std::optional<fs::path>& folder) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Place place, parse_place(proto));
  if (!folder) {
    return denied("its data lies in another file, \"" + place.location +
                  "\", and the model does not come from a folder");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const fs::path path, resolve(*folder, place.location));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t each, stored_size_of(proto.data_type()));
  const std::uint64_t needed = static_cast<std::uint64_t>(shape.num_elements()) * each;
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  if (error || place.offset > size || needed > size - place.offset ||
      place.length.value_or(needed) != needed) {
    return invalid_argument("its external data, " + std::to_string(place.length.value_or(needed)) +
                            " bytes at " + std::to_string(place.offset) + ", does not lie in \"" +
                            place.location + "\" of " + std::to_string(size) +
                            " bytes, or does not fit shape " + shape.to_string());
  }
  std::string bytes(static_cast<std::size_t>(needed), '\0');
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(place.offset));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) return unavailable("its external data cannot be read");
  return bytes;
}

}  // namespace tinysplit::onnx_format
