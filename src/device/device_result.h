#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor.h"
#include "offloading/decision.h"

namespace tinysplit {

enum class AnsweredBy : std::uint8_t { kEdge, kDevice };

// "edge", "device".
constexpr std::string_view answered_by_name(AnsweredBy side) {
  return side == AnsweredBy::kEdge ? "edge" : "device";
}

// Where the time of one inference went, in seconds; they sum up to total_s but for what the device
// does in between. Each side timed its own part.
struct InferenceParts {
  double device_s = 0;  // layers that the device ran, those after a failure included
  double encode_s = 0;  // live tensors to bytes
  double link_s = 0;    // on the way, there and back, connecting included
  double decode_s = 0;  // bytes to tensors, on both sides
  double queue_s = 0;   // waiting for the edge to begin
  double edge_s = 0;    // layers that the edge ran
  double wasted_s = 0;  // asking an edge that gave no answer
  double total_s = 0;   // from the call to the outputs
};

// One finished inference.
struct DeviceResult {
  std::vector<NamedTensor> outputs;           // of the model, in its order
  int cut = 0;                                // layers that were to run on the device
  Scenario scenario = Scenario::kDeviceOnly;  // of that cut
  AnsweredBy answered_by = AnsweredBy::kDevice;
  InferenceParts parts;
  std::uint64_t bytes_up = 0;  // of HTTP, head and body
  std::uint64_t bytes_down = 0;
  // Why the device finished what the edge should have; empty if it did not.
  std::string fallback_reason;
  int next_cut = 0;  // for the next inference
  // Why the edge's wish for the next cut was not obeyed; empty if it was, or if there was none.
  std::string refused_advice;
};

}  // namespace tinysplit
