#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "core/status.h"

namespace tinysplit {

// Reads a file's bytes from its beginning, unpacking them if they are gzip (RFC 1952, one member).
// Not thread-safe.
class UnpackingReader {
 public:
  // `bytes` must outlive the reader.
  explicit UnpackingReader(std::string_view bytes);
  ~UnpackingReader();
  UnpackingReader(const UnpackingReader&) = delete;
  UnpackingReader& operator=(const UnpackingReader&) = delete;

  // The most bytes that can be left, whatever the packed ones turn out to hold.
  std::size_t most_left() const;
  // Fills all of `out`. Errors: INVALID_ARGUMENT (fewer bytes are left, damaged data).
  Status read(std::span<std::byte> out);
  // That nothing is left, and the checksum is right. Errors: INVALID_ARGUMENT.
  Status expect_end();

 private:
  struct Inflater;
  Result<std::size_t> read_some(std::span<std::byte> out);

  std::string_view bytes_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace tinysplit
