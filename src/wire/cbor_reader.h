#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit {

enum class CborKind : std::uint8_t {
  kUnsigned,
  kNegative,
  kBytes,
  kText,
  kArray,
  kMap,
  kTag,
  kFloat,
  kBool,
  kNull,
  kUndefined,
};

// One data item of CBOR (RFC 8949) without what it contains.
struct CborItem {
  CborKind kind = CborKind::kUndefined;
  // kUnsigned: the number; kNegative: -1 minus the number; kArray: elements; kMap: pairs; kTag: the
  // tag; kBool: 0 or 1.
  std::uint64_t value = 0;
  double number = 0;      // kFloat
  std::string_view data;  // kBytes, kText (valid UTF-8): points into the input
};

// Pulls data items out of bytes that it does not own and does not trust. Counts of arrays and maps
// are at most the bytes that are left. Items of indefinite length are refused. Every read names
// what it expected in `what` ("tensors") for the error message. After an error the position is
// unspecified. Errors: DATA_LOSS (truncated), INVALID_ARGUMENT (not CBOR, another kind),
// OUT_OF_RANGE (a limit).
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  Result<CborItem> next(std::string_view what);

  Result<std::uint64_t> read_unsigned(std::string_view what, std::uint64_t max);
  Result<std::string_view> read_text(std::string_view what, std::size_t max_bytes);
  Result<std::string_view> read_bytes(std::string_view what, std::size_t max_bytes);
  Result<std::size_t> read_array(std::string_view what, std::size_t max_count);
  Result<std::size_t> read_map(std::string_view what);
  Result<std::uint64_t> read_tag(std::string_view what);
  Result<bool> read_bool(std::string_view what);
  // A float of any width or an unsigned integer; not negative, in the range of single precision.
  Result<double> read_seconds(std::string_view what);

  // Passes over one data item with all that it contains, without recursion.
  Status skip(std::string_view what);
  // Errors: INVALID_ARGUMENT if bytes are left.
  Status expect_end() const;

 private:
  Result<CborItem> expect(CborKind kind, std::string_view what);

  std::string_view bytes_;
  std::size_t position_ = 0;
};

// Walks a map whose keys are small unsigned integers:
//
//   CborMapReader map(reader, "reply");
//   TINYSPLIT_RETURN_IF_ERROR(map.begin());
//   for (;;) {
//     TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
//     if (!more) break;
//     switch (map.key()) { case kId: ... read the value ... break; default: ... reader.skip() ... }
//   }
//   TINYSPLIT_RETURN_IF_ERROR(map.require(kId, "id"));
//
// Keys of another kind, or from 64, are passed over together with their values. A key that comes
// twice is an error, whether known or not.
class CborMapReader {
 public:
  CborMapReader(CborReader& reader, std::string_view what) : reader_(reader), what_(what) {}

  Status begin();
  Result<bool> next();
  std::uint64_t key() const { return key_; }
  bool has(std::uint64_t key) const { return (seen_ >> key & 1) != 0; }
  Status require(std::uint64_t key, std::string_view name) const;

 private:
  Status remember_other(const CborItem& key);

  CborReader& reader_;
  std::string_view what_;
  std::size_t left_ = 0;
  std::uint64_t key_ = 0;
  std::uint64_t seen_ = 0;
  std::vector<CborItem> others_;
};

}  // namespace tinysplit
