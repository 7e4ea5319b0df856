#include "core/status.h"

#include <array>

namespace tinysplit {
namespace {

struct CodeRow {
  std::string_view name;
  int http_status;
  int exit_code;
};

// Indexed by StatusCode. The one place where a code meets the outer world's numbers.
constexpr std::array<CodeRow, 17> kCodeTable = {{
    {"OK", 200, 0},
    {"CANCELLED", 499, 130},
    {"UNKNOWN", 500, 1},
    {"INVALID_ARGUMENT", 400, 2},
    {"DEADLINE_EXCEEDED", 504, 4},
    {"NOT_FOUND", 404, 3},
    {"ALREADY_EXISTS", 409, 2},
    {"PERMISSION_DENIED", 403, 2},
    {"RESOURCE_EXHAUSTED", 429, 1},
    {"FAILED_PRECONDITION", 412, 2},
    {"ABORTED", 409, 1},
    {"OUT_OF_RANGE", 400, 2},
    {"UNIMPLEMENTED", 501, 2},
    {"INTERNAL", 500, 1},
    {"UNAVAILABLE", 503, 4},
    {"DATA_LOSS", 400, 2},
    {"UNAUTHENTICATED", 401, 2},
}};

const CodeRow& row_of(StatusCode code) { return kCodeTable[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view status_code_name(StatusCode code) { return row_of(code).name; }
int http_status_of(StatusCode code) { return row_of(code).http_status; }
int exit_code_of(StatusCode code) { return row_of(code).exit_code; }

Status Status::with_context(std::string_view context) const {
  if (ok()) return *this;
  std::string message(context);
  message += ": ";
  message += message_;
  return Status(code_, std::move(message));
}

std::string Status::to_string() const {
  std::string text(status_code_name(code_));
  if (!message_.empty()) {
    text += ": ";
    text += message_;
  }
  return text;
}

Status invalid_argument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}
Status not_found(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
Status out_of_range(std::string message) { return {StatusCode::kOutOfRange, std::move(message)}; }
Status unimplemented(std::string message) {
  return {StatusCode::kUnimplemented, std::move(message)};
}
Status internal_error(std::string message) { return {StatusCode::kInternal, std::move(message)}; }
Status unavailable(std::string message) { return {StatusCode::kUnavailable, std::move(message)}; }
Status data_loss(std::string message) { return {StatusCode::kDataLoss, std::move(message)}; }
Status resource_exhausted(std::string message) {
  return {StatusCode::kResourceExhausted, std::move(message)};
}
Status failed_precondition(std::string message) {
  return {StatusCode::kFailedPrecondition, std::move(message)};
}
Status deadline_exceeded(std::string message) {
  return {StatusCode::kDeadlineExceeded, std::move(message)};
}

}  // namespace tinysplit
