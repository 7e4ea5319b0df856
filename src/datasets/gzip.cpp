#include "datasets/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

namespace tinysplit {
namespace {

constexpr std::string_view kGzipSignature = "\x1f\x8b";
constexpr int kGzipWindowBits = 15 + 16;        // the largest window, a gzip header expected
constexpr std::size_t kMaxDeflateRatio = 1032;  // a match of 258 bytes takes two bits
constexpr std::size_t kMaxStep = std::numeric_limits<uInt>::max();

}  // namespace

struct UnpackingReader::Inflater {
  z_stream stream{};
  bool ended = false;
};

UnpackingReader::UnpackingReader(std::string_view bytes) : bytes_(bytes) {
  if (!bytes.starts_with(kGzipSignature)) return;
  inflater_ = std::make_unique<Inflater>();
  if (inflateInit2(&inflater_->stream, kGzipWindowBits) != Z_OK) inflater_->ended = true;
}

UnpackingReader::~UnpackingReader() {
  if (inflater_) inflateEnd(&inflater_->stream);
}

std::size_t UnpackingReader::most_left() const {
  if (!inflater_) return bytes_.size();
  // What zlib has taken in but not given out yet is at most its window and one match.
  return bytes_.size() * kMaxDeflateRatio + (std::size_t{1} << 16U);
}

Result<std::size_t> UnpackingReader::read_some(std::span<std::byte> out) {
  if (!inflater_) {
    const std::size_t count = std::min(out.size(), bytes_.size());
    std::memcpy(out.data(), bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }
  if (inflater_->ended) return std::size_t{0};
  z_stream& stream = inflater_->stream;
  const std::size_t given = std::min(bytes_.size(), kMaxStep);
  const std::size_t wanted = std::min(out.size(), kMaxStep);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data()));
  stream.avail_in = static_cast<uInt>(given);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(wanted);
  const int code = inflate(&stream, Z_NO_FLUSH);
  bytes_.remove_prefix(given - stream.avail_in);
  if (code == Z_STREAM_END) {
    inflater_->ended = true;
  } else if (code == Z_BUF_ERROR) {
    return invalid_argument("truncated gzip data");
  } else if (code != Z_OK) {
    return invalid_argument("damaged gzip data");
  }
  return wanted - stream.avail_out;
}

Status UnpackingReader::read(std::span<std::byte> out) {
  while (!out.empty()) {
    const bool was_ended = inflater_ ? inflater_->ended : bytes_.empty();
    if (was_ended) return invalid_argument("the data ends too early");
    TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t count, read_some(out));
    out = out.subspan(count);
  }
  return ok_status();
}

Status UnpackingReader::expect_end() {
  std::array<std::byte, 1> more{};
  // What ends a gzip stream is only read when there is room for what does not come.
  while (inflater_ && !inflater_->ended) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t count, read_some(more));
    if (count > 0) return invalid_argument("there are bytes after the end of the data");
  }
  if (!bytes_.empty()) return invalid_argument("there are bytes after the end of the data");
  return ok_status();
}

}  // namespace tinysplit
