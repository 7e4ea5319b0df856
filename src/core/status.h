#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tinysplit {

// The canonical codes of gRPC, by name and number (https://grpc.io/docs/guides/status-codes/).
enum class StatusCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

std::string_view status_code_name(StatusCode code);

// HTTP status (RFC 9110 section 15) that carries `code` to a client.
int http_status_of(StatusCode code);

// Process exit code: 0 ok, 2 wrong use or input, 3 not found, 4 unavailable or too late, 1 the
// rest.
int exit_code_of(StatusCode code);

// Outcome of an operation: a code and, unless ok, one sentence that names what, where and what to
// do.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same status with "context: " before its message; ok stays ok.
  Status with_context(std::string_view context) const;

  // "INVALID_ARGUMENT: message" or "OK".
  std::string to_string() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

inline Status ok_status() { return {}; }
Status invalid_argument(std::string message);
Status not_found(std::string message);
Status out_of_range(std::string message);
Status unimplemented(std::string message);
Status internal_error(std::string message);
Status unavailable(std::string message);
Status data_loss(std::string message);
Status resource_exhausted(std::string message);
Status failed_precondition(std::string message);
Status deadline_exceeded(std::string message);

// A value, or the Status that says why there is none. Accessing the value of a failed result is a
// programming error (std::bad_variant_access).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}        // NOLINT: implicit
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT: implicit
    if (std::get<1>(state_).ok()) {
      std::get<1>(state_) = Status(StatusCode::kInternal, "a Result was made of an ok Status");
    }
  }

  bool ok() const { return state_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<1>(state_); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace tinysplit

#define TINYSPLIT_CONCAT_INNER(a, b) a##b
#define TINYSPLIT_CONCAT(a, b) TINYSPLIT_CONCAT_INNER(a, b)

#define TINYSPLIT_RETURN_IF_ERROR(expression)                        \
  do {                                                               \
    if (::tinysplit::Status status_ = (expression); !status_.ok()) { \
      return status_;                                                \
    }                                                                \
  } while (false)

#define TINYSPLIT_ASSIGN_OR_RETURN(declaration, expression) \
  TINYSPLIT_ASSIGN_OR_RETURN_IMPL(TINYSPLIT_CONCAT(result_, __LINE__), declaration, expression)

#define TINYSPLIT_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                            \
  if (!result.ok()) {                                                    \
    return result.status();                                              \
  }                                                                      \
  declaration = std::move(result).value()
