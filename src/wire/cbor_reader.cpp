#include "wire/cbor_reader.h"

#include <cbor/streaming.h>

#include <array>
#include <limits>
#include <string>

#include "core/limits.h"
#include "wire/utf8.h"

namespace tinysplit {
namespace {

// What libcbor's callbacks fill in for one item.
struct Sink {
  CborItem item;
  bool indefinite = false;
};

Sink& sink_of(void* context) { return *static_cast<Sink*>(context); }

void set(void* context, CborKind kind, std::uint64_t value) {
  sink_of(context).item = {kind, value, 0, {}};
}
template <CborKind kind, typename Integer>
void on_integer(void* context, Integer value) {
  set(context, kind, value);
}
template <CborKind kind>
void on_count(void* context, std::size_t count) {
  set(context, kind, count);
}
template <CborKind kind>
void on_simple(void* context) {
  set(context, kind, 0);
}
template <CborKind kind>
void on_data(void* context, cbor_data data, std::size_t size) {
  sink_of(context).item = {kind, size, 0, {reinterpret_cast<const char*>(data), size}};
}
template <typename Float>
void on_float(void* context, Float number) {
  sink_of(context).item = {CborKind::kFloat, 0, static_cast<double>(number), {}};
}
void on_bool(void* context, bool value) { set(context, CborKind::kBool, value ? 1 : 0); }
void on_indefinite(void* context) { sink_of(context).indefinite = true; }

constexpr cbor_callbacks make_callbacks() {
  cbor_callbacks callbacks{};
  callbacks.uint8 = on_integer<CborKind::kUnsigned, std::uint8_t>;
  callbacks.uint16 = on_integer<CborKind::kUnsigned, std::uint16_t>;
  callbacks.uint32 = on_integer<CborKind::kUnsigned, std::uint32_t>;
  callbacks.uint64 = on_integer<CborKind::kUnsigned, std::uint64_t>;
  callbacks.negint8 = on_integer<CborKind::kNegative, std::uint8_t>;
  callbacks.negint16 = on_integer<CborKind::kNegative, std::uint16_t>;
  callbacks.negint32 = on_integer<CborKind::kNegative, std::uint32_t>;
  callbacks.negint64 = on_integer<CborKind::kNegative, std::uint64_t>;
  callbacks.byte_string_start = on_indefinite;
  callbacks.byte_string = on_data<CborKind::kBytes>;
  callbacks.string_start = on_indefinite;
  callbacks.string = on_data<CborKind::kText>;
  callbacks.indef_array_start = on_indefinite;
  callbacks.array_start = on_count<CborKind::kArray>;
  callbacks.indef_map_start = on_indefinite;
  callbacks.map_start = on_count<CborKind::kMap>;
  callbacks.tag = on_integer<CborKind::kTag, std::uint64_t>;
  callbacks.float2 = on_float<float>;
  callbacks.float4 = on_float<float>;
  callbacks.float8 = on_float<double>;
  callbacks.undefined = on_simple<CborKind::kUndefined>;
  callbacks.null = on_simple<CborKind::kNull>;
  callbacks.boolean = on_bool;
  callbacks.indef_break = on_indefinite;
  return callbacks;
}
constexpr cbor_callbacks kCallbacks = make_callbacks();

constexpr std::array<std::string_view, 11> kKindNames = {"an unsigned integer",
                                                         "a negative integer",
                                                         "a byte string",
                                                         "a text string",
                                                         "an array",
                                                         "a map",
                                                         "a tag",
                                                         "a float",
                                                         "a boolean",
                                                         "null",
                                                         "undefined"};

std::string name_of(CborKind kind) { return std::string(kKindNames[std::size_t(kind)]); }

std::string field(std::string_view what) { return std::string(what) + ": "; }

Status too_large(std::string_view what, std::string_view thing, std::uint64_t value,
                 std::uint64_t max) {
  return out_of_range(field(what) + std::string(thing) + " " + std::to_string(value) +
                      " is too large, at most " + std::to_string(max) + " is allowed");
}

}  // namespace

Result<CborItem> CborReader::next(std::string_view what) {
  const std::string_view rest = bytes_.substr(position_);
  Sink sink;
  const cbor_decoder_result result =
      cbor_stream_decode(reinterpret_cast<cbor_data>(rest.data()), rest.size(), &kCallbacks, &sink);
  if (result.status == CBOR_DECODER_NEDATA) {
    return data_loss(field(what) + "the data ends at byte " + std::to_string(bytes_.size()) +
                     " in the middle of it");
  }
  if (result.status != CBOR_DECODER_FINISHED || sink.indefinite) {
    return invalid_argument(field(what) + (sink.indefinite ? "indefinite length" : "not CBOR") +
                            " at byte " + std::to_string(position_));
  }
  const std::size_t left = rest.size() - result.read;
  const CborItem& item = sink.item;
  // Each element takes a byte at least, each pair two.
  const bool is_map = item.kind == CborKind::kMap;
  if ((is_map && item.value > left / 2) || (item.kind == CborKind::kArray && item.value > left)) {
    return data_loss(field(what) + std::to_string(item.value) + (is_map ? " pairs" : " elements") +
                     " cannot be in the " + std::to_string(left) + " bytes that are left");
  }
  if (item.kind == CborKind::kText && !is_utf8(item.data)) {
    return invalid_argument(field(what) + "a text string that is not UTF-8 at byte " +
                            std::to_string(position_));
  }
  position_ += result.read;
  return item;
}

Result<CborItem> CborReader::expect(CborKind kind, std::string_view what) {
  const std::size_t begin = position_;
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, next(what));
  if (item.kind == kind) return item;
  return invalid_argument(field(what) + "expected " + name_of(kind) + " at byte " +
                          std::to_string(begin) + ", found " + name_of(item.kind));
}

Result<std::uint64_t> CborReader::read_unsigned(std::string_view what, std::uint64_t max) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kUnsigned, what));
  if (item.value > max) return too_large(what, "the number", item.value, max);
  return item.value;
}

Result<std::string_view> CborReader::read_text(std::string_view what, std::size_t max_bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kText, what));
  if (item.data.size() > max_bytes) {
    return too_large(what, "a text of bytes:", item.data.size(), max_bytes);
  }
  return item.data;
}

Result<std::string_view> CborReader::read_bytes(std::string_view what, std::size_t max_bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kBytes, what));
  if (item.data.size() > max_bytes) {
    return too_large(what, "a byte string of bytes:", item.data.size(), max_bytes);
  }
  return item.data;
}

Result<std::size_t> CborReader::read_array(std::string_view what, std::size_t max_count) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kArray, what));
  if (item.value > max_count) return too_large(what, "the length", item.value, max_count);
  return static_cast<std::size_t>(item.value);
}

Result<std::size_t> CborReader::read_map(std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kMap, what));
  if (item.value > limits::kMaxFrameMapKeys) {
    return too_large(what, "the number of keys", item.value, limits::kMaxFrameMapKeys);
  }
  return static_cast<std::size_t>(item.value);
}

Result<std::uint64_t> CborReader::read_tag(std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kTag, what));
  return item.value;
}

Result<bool> CborReader::read_bool(std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, expect(CborKind::kBool, what));
  return item.value != 0;
}

Result<double> CborReader::read_seconds(std::string_view what) {
  const std::size_t begin = position_;
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, next(what));
  if (item.kind == CborKind::kUnsigned) return static_cast<double>(item.value);
  if (item.kind != CborKind::kFloat) {
    return invalid_argument(field(what) + "expected a number at byte " + std::to_string(begin) +
                            ", found " + name_of(item.kind));
  }
  // Beyond single precision it could be read, but not be passed on. A NaN fails both comparisons.
  if (!(item.number >= 0 && item.number <= std::numeric_limits<float>::max())) {
    return invalid_argument(field(what) +
                            "a time must be a finite number of single precision that is not "
                            "negative, found " +
                            std::to_string(item.number));
  }
  return item.number;
}

Status CborReader::skip(std::string_view what) {
  // Every count is at most the bytes left, so that the sum cannot overflow.
  for (std::uint64_t items = 1; items > 0; --items) {
    TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, next(what));
    if (item.kind == CborKind::kArray) items += item.value;
    if (item.kind == CborKind::kMap) items += 2 * item.value;
    if (item.kind == CborKind::kTag) ++items;
  }
  return ok_status();
}

Status CborReader::expect_end() const {
  if (position_ == bytes_.size()) return ok_status();
  return invalid_argument(std::to_string(bytes_.size() - position_) +
                          " bytes follow the end at byte " + std::to_string(position_));
}

Status CborMapReader::begin() {
  TINYSPLIT_ASSIGN_OR_RETURN(left_, reader_.read_map(what_));
  return ok_status();
}

Result<bool> CborMapReader::next() {
  while (left_ > 0) {
    --left_;
    TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, reader_.next(what_));
    if (item.kind == CborKind::kUnsigned && item.value < 64) {
      if (has(item.value)) {
        return invalid_argument(field(what_) + "key " + std::to_string(item.value) +
                                " comes twice");
      }
      seen_ |= std::uint64_t{1} << item.value;
      key_ = item.value;
      return true;
    }
    TINYSPLIT_RETURN_IF_ERROR(remember_other(item));
    TINYSPLIT_RETURN_IF_ERROR(reader_.skip(what_));
  }
  return false;
}

Status CborMapReader::remember_other(const CborItem& key) {
  const bool is_integer = key.kind == CborKind::kUnsigned || key.kind == CborKind::kNegative;
  if (!is_integer && key.kind != CborKind::kText) {
    return invalid_argument(field(what_) + "a key must be an integer or a text string, found " +
                            name_of(key.kind));
  }
  for (const CborItem& other : others_) {
    if (other.kind == key.kind && other.value == key.value && other.data == key.data) {
      return invalid_argument(field(what_) + "an unknown key comes twice");
    }
  }
  others_.push_back(key);
  return ok_status();
}

Status CborMapReader::require(std::uint64_t key, std::string_view name) const {
  if (has(key)) return ok_status();
  return invalid_argument(field(what_) + "key " + std::to_string(key) + " (" + std::string(name) +
                          ") is missing");
}

}  // namespace tinysplit
