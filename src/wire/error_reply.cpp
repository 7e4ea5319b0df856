#include <nlohmann/json.hpp>

#include "core/limits.h"
#include "wire/frame_header.h"
#include "wire/frames.h"
#include "wire/json.h"
#include "wire/utf8.h"

namespace tinysplit {
namespace {

constexpr std::uint64_t kMaxStatusCode = static_cast<std::uint64_t>(StatusCode::kUnauthenticated);

// The code that is nearest to an HTTP status: the inverse of http_status_of where there is one.
StatusCode code_of_http(int http_status) {
  for (std::uint64_t i = 1; i <= kMaxStatusCode; ++i) {
    const auto code = static_cast<StatusCode>(i);
    if (code != StatusCode::kUnknown && http_status_of(code) == http_status) return code;
  }
  if (http_status == 408) return StatusCode::kDeadlineExceeded;
  if (http_status == 413 || http_status == 431) return StatusCode::kOutOfRange;
  return http_status >= 400 && http_status < 500 ? StatusCode::kInvalidArgument
                                                 : StatusCode::kUnavailable;
}

std::string message_of_json(std::string_view body) {
  const Result<nlohmann::json> parsed = parse_json(body, "error answer");
  if (!parsed.ok() || !parsed->is_object()) return {};
  const auto message = parsed->find("message");
  if (message == parsed->end() || !message->is_string()) return {};
  return std::string(
      clip_utf8(message->get_ref<const std::string&>(), limits::kMaxErrorMessageBytes));
}

}  // namespace

Result<ErrorReply> decode_error_reply(std::string_view frame) {
  namespace keys = frame_keys::error;
  CborReader reader(frame);
  CborMapReader map(reader, "frame");
  std::uint64_t code = 0;
  std::string_view message;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const FrameHeader header, read_frame(reader, map, FrameKind::kError, [&]() -> Status {
        if (map.key() == keys::kCode) {
          TINYSPLIT_ASSIGN_OR_RETURN(code, reader.read_unsigned("code", kMaxStatusCode));
        } else if (map.key() == keys::kMessage) {
          TINYSPLIT_ASSIGN_OR_RETURN(message,
                                     reader.read_text("message", limits::kMaxErrorMessageBytes));
        } else {
          return reader.skip("an unknown key");
        }
        return ok_status();
      }));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kCode, "code"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(keys::kMessage, "message"));
  if (code == 0) return invalid_argument("code: an error cannot have code 0 (OK)");
  return ErrorReply{header.id, Status(static_cast<StatusCode>(code), std::string(message))};
}

Status status_of_error_answer(int http_status, std::string_view content_type,
                              std::string_view body) {
  if (content_type.starts_with(kFrameContentType)) {
    const Result<ErrorReply> error = decode_error_reply(body);
    if (error.ok()) return error->status;
  }
  std::string message;
  if (content_type.starts_with("application/json")) message = message_of_json(body);
  if (message.empty()) message = "HTTP status " + std::to_string(http_status);
  return {code_of_http(http_status), std::move(message)};
}

}  // namespace tinysplit
