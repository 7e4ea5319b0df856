#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

// Requests of the original JSON endpoints under /api/offloading. Keys that are not listed are
// ignored. Errors, for all: INVALID_ARGUMENT or OUT_OF_RANGE; a missing key keeps the original's
// text at the start of its message ("OPS: Key missing. Try again.").
namespace tinysplit {

// POST evaluate.
struct EvaluateRequest {
  struct LayerTime {
    std::uint32_t layer = 0;
    double seconds = 0;
  };

  std::string device_id;
  std::string model_name;
  std::uint32_t start_layer_index = 0;
  // By rising layer number. May name layers that the model does not have: those are to be ignored.
  std::vector<LayerTime> layer_times;
  std::string message;            // payload.message, cut at limits::kMaxErrorMessageBytes
  std::size_t message_bytes = 0;  // of the whole request body
};
Result<EvaluateRequest> parse_evaluate_request(std::string_view body);

// POST model-initialization, and model-inference with start_layer_index.
struct TensorRequest {
  std::string model_name;
  std::uint32_t start_layer_index = 0;
  Tensor input;  // float32
};
Result<TensorRequest> parse_model_initialization_request(std::string_view body);
Result<TensorRequest> parse_model_inference_request(std::string_view body);

}  // namespace tinysplit
