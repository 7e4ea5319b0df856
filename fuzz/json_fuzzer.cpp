// Reads the bytes as the body of each JSON endpoint, as a JSON error answer and as base64. What is
// accepted must be within its bounds, and read back the same once it is written plainly.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "wire/base64.h"
#include "wire/frames.h"
#include "wire/names.h"
#include "wire/seed_requests.h"

namespace {

using namespace tinysplit;  // NOLINT

void require(bool condition) {
  if (!condition) std::abort();
}

void check_evaluate(std::string_view body) {
  const Result<EvaluateRequest> request = parse_evaluate_request(body);
  if (!request.ok()) {
    require(!request.status().message().empty());
    return;
  }
  require(check_device_id(request->device_id).ok());
  require(check_model_name(request->model_name).ok());
  require(request->start_layer_index <= limits::kMaxLayers);
  require(request->message.size() <= limits::kMaxErrorMessageBytes);
  const auto& times = request->layer_times;
  require(times.size() <= limits::kMaxLayers);
  for (std::size_t i = 0; i < times.size(); ++i) {
    require(std::isfinite(times[i].seconds) && times[i].seconds >= 0);
    require(i == 0 || times[i - 1].layer < times[i].layer);
  }
}

std::string written(const TensorRequest& request) {
  std::string text = R"({"model_name": ")" + request.model_name + R"(", "start_layer_index": )" +
                     std::to_string(request.start_layer_index) + R"(, "shape": )" +
                     request.input.shape().to_string() + R"(, "model_data": ")";
  return text + base64_encode(request.input.bytes()) + "\"}";
}

void check_tensor(std::string_view body, Result<TensorRequest> (*parse)(std::string_view)) {
  const Result<TensorRequest> request = parse(body);
  if (!request.ok()) {
    require(!request.status().message().empty());
    return;
  }
  const std::string text = written(*request);
  const Result<TensorRequest> again = parse(text);
  require(again.ok());
  require(written(*again) == text);
}

void check_base64(std::string_view text) {
  const Result<std::size_t> size = base64_decoded_bytes(text);
  if (!size.ok()) return;
  std::string bytes(*size, '\0');
  const auto span = std::as_writable_bytes(std::span(bytes));
  // Strict: there is one way to write any bytes.
  if (base64_decode(text, span).ok()) require(base64_encode(span) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_evaluate(text);
  check_tensor(text, parse_model_initialization_request);
  check_tensor(text, parse_model_inference_request);
  check_base64(text);
  require(!status_of_error_answer(400, "application/json", text).ok());
  return 0;
}
