#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"
#include "core/limits.h"
#include "offloading/offloading_device.h"

namespace tinysplit {

// The devices heard of lately. A device that was silent for longer than `outdated_after_s` on the
// edge's clock is dropped; a new one beyond `max_devices` takes the place of the longest silent.
// Not thread-safe.
class OffloadingDevicesManager {
 public:
  // `clock` must outlive the manager.
  OffloadingDevicesManager(const Clock& clock, double outdated_after_s,
                           const LinkEstimate& link_prior = LinkEstimate(),
                           std::size_t max_devices = limits::kMaxDevices);

  // The device, added if it is new, and noted as heard of now. Valid until the next non-const call.
  OffloadingDevice& hear(const std::string& device_id);

  // nullptr if it is not known.
  const OffloadingDevice* find(std::string_view device_id) const;

  void drop_outdated();

  // Last heard first.
  const std::list<OffloadingDevice>& devices() const { return devices_; }

 private:
  void drop_longest_silent();

  const Clock& clock_;
  double outdated_after_s_;
  LinkEstimate link_prior_;
  std::size_t max_devices_;
  std::list<OffloadingDevice> devices_;
  // The keys are views of the devices' own ids.
  std::unordered_map<std::string_view, std::list<OffloadingDevice>::iterator> by_id_;
};

}  // namespace tinysplit
