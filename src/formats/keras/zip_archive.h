#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

struct zip;

namespace tinysplit::keras {

// A zip archive in memory, read by entry name and never unpacked to disk. Not thread-safe.
class ZipArchive {
 public:
  // `bytes` must outlive the result.
  // Errors: INVALID_ARGUMENT (no zip, damaged, a name that points out of the archive),
  // RESOURCE_EXHAUSTED (more entries than limits::kMaxModelArchiveEntries).
  static Result<ZipArchive> open(std::string_view bytes);

  static bool has_signature(std::string_view bytes);

  // The entry `name` unpacked; nothing if there is none.
  // Errors: RESOURCE_EXHAUSTED (over `max_bytes`, or over limits::kMaxUnpackRatio),
  // INVALID_ARGUMENT (damaged, wrong checksum, encrypted).
  Result<std::optional<std::string>> read(const std::string& name, std::size_t max_bytes) const;

 private:
  struct Close {
    void operator()(struct zip* archive) const;
  };
  explicit ZipArchive(struct zip* archive) : archive_(archive) {}

  std::unique_ptr<struct zip, Close> archive_;
};

}  // namespace tinysplit::keras
