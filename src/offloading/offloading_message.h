#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tinysplit {

// What is remembered of one message from a device. All times are differences of readings of one
// clock: the device times the round trip, the edge its own part of it. A device's own timestamp has
// no place here. A plain value.
struct OffloadingMessage {
  std::string device_id;
  std::string model_name;
  std::int64_t received_at_ns = 0;  // the edge's clock; tells only how long ago it was heard
  std::int64_t size_bytes = 0;      // of this message
  int cut = 0;                      // layers that the device had run

  // The newest exchange that was timed: bytes both ways, the round trip as the device timed it and
  // the edge's own part; or the bytes that arrived here in receive_s. 0: no exchange was timed.
  std::int64_t link_bytes = 0;
  std::optional<double> round_trip_s;
  std::optional<double> edge_s;
  std::optional<double> receive_s;

  // Time on the link: the round trip without the edge's part, else the time of arrival. Nothing
  // where neither is known, or where the numbers contradict each other.
  std::optional<double> link_s() const;

  // link_bytes over link time.
  std::optional<double> speed_bits_per_s() const;
};

}  // namespace tinysplit
