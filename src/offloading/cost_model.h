#pragma once

#include <cstdint>

#include "offloading/link_estimate.h"

namespace tinysplit {

// Time to turn live tensors into bytes or back: fixed_s + s_per_byte * bytes.
struct CodecCost {
  double fixed_s = 0.0;
  double s_per_byte = 0.0;

  double seconds(double bytes) const { return fixed_s + s_per_byte * bytes; }
};

// What a split inference costs besides layers and link. The defaults add nothing.
struct CostParameters {
  CodecCost encode;  // on the device
  CodecCost decode;  // on the edge
  // Of every request and reply besides tensors: frame, HTTP head.
  std::int64_t uplink_overhead_bytes = 0;
  std::int64_t downlink_overhead_bytes = 0;
  std::int64_t result_bytes = 0;  // outputs that the edge sends back
  double queue_wait_s = 0.0;      // at the edge, before its first layer
  double edge_load = 1.0;         // factor on the edge's layer times: > 1 when it is shared
};

// Times that depend on the cut only through the bytes that it sends.
class LinkTerms {
 public:
  LinkTerms(const LinkEstimate& link, const CostParameters& costs)
      : costs_(costs),
        uplink_s_per_byte_(1.0 / link.uplink_bytes_per_s),
        downlink_s_(static_cast<double>(costs.result_bytes + costs.downlink_overhead_bytes) /
                    link.downlink_bytes_per_s),
        rtt_s_(link.base_latency_s) {}

  double encode_s(double live_bytes) const { return costs_.encode.seconds(live_bytes); }
  double decode_s(double live_bytes) const { return costs_.decode.seconds(live_bytes); }
  double rtt_s() const { return rtt_s_; }
  double queue_s() const { return costs_.queue_wait_s; }
  double uplink_s(double live_bytes) const {
    return (live_bytes + static_cast<double>(costs_.uplink_overhead_bytes)) * uplink_s_per_byte_;
  }
  double downlink_s() const { return downlink_s_; }

 private:
  CostParameters costs_;
  double uplink_s_per_byte_;
  double downlink_s_;
  double rtt_s_;
};

}  // namespace tinysplit
