#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "offloading/offloading_devices_manager.h"

namespace tinysplit {

// A layer's time as a device measured it, in seconds.
struct MeasuredLayerTime {
  int layer = 0;
  double time_s = 0.0;
};

// A request and its reply, as the device saw them: it timed the round trip on its own clock, and
// the edge had told it edge_s, its own part.
struct TimedExchange {
  std::int64_t up_bytes = 0;
  std::int64_t down_bytes = 0;
  double round_trip_s = 0.0;
  double edge_s = 0.0;
};

// What a payload of any protocol tells. Untrusted: numbers that make no sense are ignored.
struct IncomingMessage {
  std::string device_id;
  std::string model_name;
  std::int64_t size_bytes = 0;
  int cut = 0;  // layers that the device had run
  // Further ones than the model has layers are ignored.
  std::vector<MeasuredLayerTime> layer_times;
  // Since the message before, oldest first; the last limits::kMaxLinkSamplesPerMessage count.
  std::vector<TimedExchange> exchanges;
  // The time in which the body arrived, on this machine's clock; counts where there are no
  // exchanges.
  std::optional<double> receive_s;
};

// A device's part of the communication status.
struct DeviceStatus {
  std::string device_id;
  std::vector<OffloadingMessage> sent_messages;  // oldest first
  LinkEstimate link;
  double silent_s = 0.0;  // since it was last heard
};

// Turns what comes in from devices into messages, link samples and layer times. Not thread-safe.
class OffloadingCommunicationHandler {
 public:
  // Both must outlive the handler.
  OffloadingCommunicationHandler(OffloadingDevicesManager& devices, const Clock& clock);

  // Takes the message in and returns its device, valid until the next call. `num_layers`: of the
  // model that the message names. Errors: INVALID_ARGUMENT (device id empty or too long).
  Result<OffloadingDevice*> receive(const IncomingMessage& message, int num_layers);

  // All devices heard of lately, by id.
  std::vector<DeviceStatus> communication_status();

 private:
  OffloadingDevicesManager& devices_;
  const Clock& clock_;
};

}  // namespace tinysplit
