#pragma once

#include <cstdint>
#include <string>

#include "wire/cbor_reader.h"
#include "wire/frame_keys.h"
#include "wire/frames.h"

namespace tinysplit {

// The keys that every frame has.
struct FrameHeader {
  std::uint64_t version = 0;
  std::uint64_t kind = 0;
  std::uint64_t id = 0;
};

Status check_frame_version(std::uint64_t version);
Status check_frame_kind(std::uint64_t kind, FrameKind expected);
Status check_frame_header(const CborMapReader& map, const CborReader& reader);

// Walks the whole frame. `read_field()` reads the value of any key, map.key(), but those of the
// header. Version and kind are checked as soon as they are read: in a frame of another version or
// kind, what follows means something else.
template <typename ReadField>
Result<FrameHeader> read_frame(CborReader& reader, CborMapReader& map, FrameKind expected,
                               ReadField read_field) {
  constexpr std::uint64_t kAny = ~std::uint64_t{0};
  TINYSPLIT_RETURN_IF_ERROR(map.begin());
  FrameHeader header;
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
    if (!more) break;
    switch (map.key()) {
      case frame_keys::kVersion: {
        TINYSPLIT_ASSIGN_OR_RETURN(header.version, reader.read_unsigned("version", kAny));
        TINYSPLIT_RETURN_IF_ERROR(check_frame_version(header.version));
        break;
      }
      case frame_keys::kKind: {
        TINYSPLIT_ASSIGN_OR_RETURN(header.kind, reader.read_unsigned("kind", kAny));
        TINYSPLIT_RETURN_IF_ERROR(check_frame_kind(header.kind, expected));
        break;
      }
      case frame_keys::kId: {
        TINYSPLIT_ASSIGN_OR_RETURN(header.id, reader.read_unsigned("id", kAny));
        break;
      }
      default:
        TINYSPLIT_RETURN_IF_ERROR(read_field());
    }
  }
  TINYSPLIT_RETURN_IF_ERROR(check_frame_header(map, reader));
  return header;
}

}  // namespace tinysplit
