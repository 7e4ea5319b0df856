#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit {

// The array of unsigned bytes of an IDX file (the format of MNIST, described at
// http://yann.lecun.com/exdb/mnist/), packed by gzip or not: uint8 of 1 to 4 dimensions. The header
// is checked against limits::kMaxElements before anything is allocated. Errors: INVALID_ARGUMENT
// (no IDX file, other elements, truncated or overlong data), OUT_OF_RANGE (limits), those of
// read_file; all with the path in front.
Result<Tensor> read_idx(const std::filesystem::path& path);
Result<Tensor> parse_idx(std::string_view bytes);

}  // namespace tinysplit
