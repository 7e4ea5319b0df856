#include "offloading/offloading_communication_handler.h"

#include <algorithm>
#include <span>

namespace tinysplit {
namespace {

// Smaller bodies arrive in one piece, whatever the link's rate: the time tells nothing.
constexpr std::int64_t kMinTimedBodyBytes = 4096;
constexpr double kMinTimedBodyS = 100e-6;

std::span<const TimedExchange> newest(const std::vector<TimedExchange>& exchanges) {
  const std::size_t count = std::min(exchanges.size(), limits::kMaxLinkSamplesPerMessage);
  return std::span(exchanges).last(count);
}

bool tells_rate(const IncomingMessage& message) {
  return message.exchanges.empty() && message.receive_s && *message.receive_s >= kMinTimedBodyS &&
         message.size_bytes >= kMinTimedBodyBytes;
}

LinkSample sample_of(const TimedExchange& exchange) {
  // A part that is longer than the whole gives a negative time, which the estimator refuses.
  const double edge_s = exchange.edge_s >= 0.0 ? exchange.edge_s : -1.0;
  const double link_s = edge_s < 0.0 ? -1.0 : exchange.round_trip_s - edge_s;
  return {static_cast<double>(exchange.up_bytes), static_cast<double>(exchange.down_bytes), link_s,
          true};
}

}  // namespace

OffloadingCommunicationHandler::OffloadingCommunicationHandler(OffloadingDevicesManager& devices,
                                                               const Clock& clock)
    : devices_(devices), clock_(clock) {}

Result<OffloadingDevice*> OffloadingCommunicationHandler::receive(const IncomingMessage& message,
                                                                  int num_layers) {
  if (message.device_id.empty() || message.device_id.size() > limits::kMaxNameBytes) {
    return invalid_argument("device_id must have 1 to " + std::to_string(limits::kMaxNameBytes) +
                            " bytes, this one has " + std::to_string(message.device_id.size()));
  }
  OffloadingDevice& device = devices_.hear(message.device_id);
  OffloadingMessage record;
  record.device_id = message.device_id;
  record.model_name = message.model_name;
  record.received_at_ns = clock_.now_ns();
  record.size_bytes = message.size_bytes;
  record.cut = message.cut;
  for (const TimedExchange& exchange : newest(message.exchanges)) {
    if (!device.add_link_sample(sample_of(exchange), record.received_at_ns)) continue;
    record.link_bytes = exchange.up_bytes + exchange.down_bytes;
    record.round_trip_s = exchange.round_trip_s;
    record.edge_s = exchange.edge_s;
  }
  if (tells_rate(message) && device.add_link_sample({static_cast<double>(message.size_bytes), 0.0,
                                                     *message.receive_s, false},
                                                    record.received_at_ns)) {
    record.link_bytes = message.size_bytes;
    record.receive_s = message.receive_s;
  }
  device.add_message(std::move(record));
  LayerTimes& times = device.layer_times(message.model_name, num_layers);
  for (const MeasuredLayerTime& measured : message.layer_times) {
    times.add(measured.layer, measured.time_s);
  }
  return &device;
}

std::vector<DeviceStatus> OffloadingCommunicationHandler::communication_status() {
  devices_.drop_outdated();
  const std::int64_t now_ns = clock_.now_ns();
  std::vector<DeviceStatus> status;
  status.reserve(devices_.devices().size());
  for (const OffloadingDevice& device : devices_.devices()) {
    status.push_back({device.id(),
                      {device.messages().begin(), device.messages().end()},
                      device.link(now_ns),
                      seconds_between(device.last_heard_ns(), now_ns)});
  }
  std::sort(status.begin(), status.end(),
            [](const DeviceStatus& a, const DeviceStatus& b) { return a.device_id < b.device_id; });
  return status;
}

}  // namespace tinysplit
