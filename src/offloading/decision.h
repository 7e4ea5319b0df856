#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace tinysplit {

enum class Scenario : std::uint8_t { kEdgeOnly, kMixed, kDeviceOnly };

// "edge-only", "mixed", "device-only".
std::string_view scenario_name(Scenario scenario);
Scenario scenario_of(int cut, int num_layers);

// Why a cut may not be chosen. Where several hold, the first of this list is told.
enum class Exclusion : std::uint8_t {
  kNone,
  kForbidden,        // on the list of forbidden cuts
  kRevealsInput,     // the raw input would leave the device
  kEdgeUnavailable,  // the cut needs the edge
  kUnknownSize,      // the bytes that it sends are not known
  kDeviceRam,        // the head's activations do not fit
  kDeviceFlash,      // the head's weights do not fit
  kDeadline,         // its latency is beyond the deadline
  kSplitsFusion,     // it separates layers that run as one; a neighbour is as good or better
};

// A phrase for people, such as "the raw input would leave the device"; empty for kNone.
std::string_view exclusion_text(Exclusion exclusion);

// Predicted latency of one cut and its parts, in seconds. At cut N (device only) all parts but
// device_s are 0. Where live_bytes is unknown, uplink_s, encode_s, decode_s and total_s are
// infinite.
struct CutCost {
  int cut = 0;
  Exclusion exclusion = Exclusion::kNone;
  std::int64_t live_bytes = 0;  // that cross the link, without overhead
  double device_s = 0.0;        // the head's layers
  double encode_s = 0.0;
  double rtt_s = 0.0;
  double uplink_s = 0.0;
  double decode_s = 0.0;
  double queue_s = 0.0;
  double edge_s = 0.0;  // the tail's layers
  double downlink_s = 0.0;
  double total_s = 0.0;
};

// Where to cut, and why. A plain value.
struct Decision {
  Scenario scenario = Scenario::kDeviceOnly;
  int cut = 0;
  double latency_s = 0.0;
  double confidence = 0.0;    // 0 .. 1: how much of the prediction was measured, not assumed
  std::vector<CutCost> cuts;  // all num_layers + 1
  std::string reason;         // one sentence for people
};

}  // namespace tinysplit
