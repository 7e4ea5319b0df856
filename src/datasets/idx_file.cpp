#include "datasets/idx_file.h"

#include <array>
#include <new>
#include <string>

#include "core/file.h"
#include "core/limits.h"
#include "datasets/gzip.h"

namespace tinysplit {
namespace {

constexpr unsigned kUnsignedBytes = 0x08;
constexpr unsigned kMaxDimensions = 4;

}  // namespace

Result<Tensor> parse_idx(std::string_view bytes) {
  UnpackingReader reader(bytes);
  std::array<std::byte, 4> word{};
  TINYSPLIT_RETURN_IF_ERROR(reader.read(word));
  const auto elements = std::to_integer<unsigned>(word[2]);
  const auto rank = std::to_integer<unsigned>(word[3]);
  if (word[0] != std::byte{0} || word[1] != std::byte{0} || rank == 0) {
    return invalid_argument("not an IDX file");
  }
  if (elements != kUnsignedBytes || rank > kMaxDimensions) {
    return invalid_argument("an IDX file of element type " + std::to_string(elements) + " and " +
                            std::to_string(rank) +
                            " dimensions; only unsigned bytes (type 8) of at most 4 are read");
  }
  std::vector<std::int64_t> dims;
  for (unsigned axis = 0; axis < rank; ++axis) {
    TINYSPLIT_RETURN_IF_ERROR(reader.read(word));
    std::int64_t dim = 0;
    for (const std::byte digit : word) dim = dim * 256 + std::to_integer<std::int64_t>(digit);
    if (dim == 0) return invalid_argument("an IDX file of no elements");
    dims.push_back(dim);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  if (std::size_t(shape.num_elements()) > reader.most_left()) {
    return invalid_argument("an IDX file that says it holds " + shape.to_string() +
                            " bytes is too short for them");
  }
  try {
    Tensor tensor(DType::kUint8, shape);
    TINYSPLIT_RETURN_IF_ERROR(reader.read(tensor.bytes()));
    TINYSPLIT_RETURN_IF_ERROR(reader.expect_end());
    return tensor;
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for an IDX file of shape " + shape.to_string());
  }
}

Result<Tensor> read_idx(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxIdxFileBytes));
  Result<Tensor> tensor = parse_idx(bytes);
  if (!tensor.ok()) return tensor.status().with_context(path.string());
  return tensor;
}

}  // namespace tinysplit
