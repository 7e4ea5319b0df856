// Reads the bytes as each kind of frame. What is accepted must be a frame: it can be written, and
// what is written reads back to the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/frames.h"

namespace {

using namespace tinysplit;  // NOLINT

void require(bool condition) {
  if (!condition) std::abort();
}

std::string encoded(const ErrorReply& error) {
  std::string out;
  encode_frame(error, out);
  return out;
}

template <typename Message>
std::string encoded(const Message& message) {
  std::string out;
  require(encode_frame(message, EncodeOptions{}, out).ok());
  return out;
}

template <typename Message>
void check(std::string_view frame, FrameKind kind, Result<Message> (*decode)(std::string_view)) {
  const Result<Message> message = decode(frame);
  if (!message.ok()) {
    require(!message.status().message().empty());
    return;
  }
  require(frame_id_or_zero(frame) == message->id);
  const std::string written = encoded(*message);
  const Result<FrameKind> told = frame_kind(written);
  require(told.ok() && *told == kind);
  const Result<Message> again = decode(written);
  require(again.ok());
  require(encoded(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  check(frame, FrameKind::kInferRequest, decode_infer_request);
  check(frame, FrameKind::kInferReply, decode_infer_reply);
  check(frame, FrameKind::kError, decode_error_reply);
  require(!status_of_error_answer(400, kFrameContentType, frame).ok());
  return 0;
}
