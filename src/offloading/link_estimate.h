#pragma once

namespace tinysplit {

// Bounds of every estimate: no rate is ever zero or infinite.
inline constexpr double kMinBytesPerS = 1.0;
inline constexpr double kMaxBytesPerS = 1.25e10;  // 100 Gbit/s

// One link as seen by one device. All numbers are positive and finite (the latency may be 0).
struct LinkEstimate {
  double uplink_bytes_per_s = 1e6;
  double downlink_bytes_per_s = 1e6;
  double base_latency_s = 0.02;  // round trip of a message without bytes
  double confidence = 0.0;       // 0: nothing was measured, towards 1: many samples that agree
};

}  // namespace tinysplit
