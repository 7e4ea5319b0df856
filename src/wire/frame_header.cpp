#include "wire/frame_header.h"

namespace tinysplit {
namespace {

// The value of one of the header's keys, whatever else the frame holds.
Result<std::uint64_t> find_header_value(std::string_view frame, std::uint64_t key,
                                        std::string_view name) {
  CborReader reader(frame);
  CborMapReader map(reader, "frame");
  TINYSPLIT_RETURN_IF_ERROR(map.begin());
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
    if (!more) break;
    if (map.key() == key) return reader.read_unsigned(name, ~std::uint64_t{0});
    TINYSPLIT_RETURN_IF_ERROR(reader.skip("frame"));
  }
  return map.require(key, name);
}

}  // namespace

Status check_frame_version(std::uint64_t version) {
  if (version == kProtocolVersion) return ok_status();
  return unimplemented("protocol version " + std::to_string(version) + " is not spoken here, use " +
                       std::to_string(kProtocolVersion));
}

Status check_frame_kind(std::uint64_t kind, FrameKind expected) {
  if (kind == static_cast<std::uint64_t>(expected)) return ok_status();
  return invalid_argument("frame: kind " + std::to_string(kind) + ", expected " +
                          std::to_string(static_cast<int>(expected)));
}

Status check_frame_header(const CborMapReader& map, const CborReader& reader) {
  TINYSPLIT_RETURN_IF_ERROR(map.require(frame_keys::kVersion, "version"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(frame_keys::kKind, "kind"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(frame_keys::kId, "id"));
  return reader.expect_end();
}

Result<FrameKind> frame_kind(std::string_view frame) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t version,
                             find_header_value(frame, frame_keys::kVersion, "version"));
  TINYSPLIT_RETURN_IF_ERROR(check_frame_version(version));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t kind,
                             find_header_value(frame, frame_keys::kKind, "kind"));
  if (kind >= 1 && kind <= 3) return static_cast<FrameKind>(kind);
  return unimplemented("frame: kind " + std::to_string(kind) + " is not known");
}

std::uint64_t frame_id_or_zero(std::string_view frame) {
  const Result<std::uint64_t> id = find_header_value(frame, frame_keys::kId, "id");
  return id.ok() ? *id : 0;
}

}  // namespace tinysplit
