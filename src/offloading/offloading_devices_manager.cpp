#include "offloading/offloading_devices_manager.h"

namespace tinysplit {

OffloadingDevicesManager::OffloadingDevicesManager(const Clock& clock, double outdated_after_s,
                                                   const LinkEstimate& link_prior,
                                                   std::size_t max_devices)
    : clock_(clock),
      outdated_after_s_(outdated_after_s),
      link_prior_(link_prior),
      max_devices_(max_devices) {}

OffloadingDevice& OffloadingDevicesManager::hear(const std::string& device_id) {
  drop_outdated();
  const auto known = by_id_.find(device_id);
  if (known != by_id_.end()) {
    devices_.splice(devices_.begin(), devices_, known->second);
  } else {
    if (devices_.size() >= max_devices_) drop_longest_silent();
    devices_.emplace_front(device_id, link_prior_);
    by_id_.emplace(devices_.front().id(), devices_.begin());
  }
  devices_.front().set_last_heard_ns(clock_.now_ns());
  return devices_.front();
}

const OffloadingDevice* OffloadingDevicesManager::find(std::string_view device_id) const {
  const auto known = by_id_.find(device_id);
  return known == by_id_.end() ? nullptr : &*known->second;
}

void OffloadingDevicesManager::drop_outdated() {
  const std::int64_t now_ns = clock_.now_ns();
  while (!devices_.empty() &&
         seconds_between(devices_.back().last_heard_ns(), now_ns) > outdated_after_s_) {
    drop_longest_silent();
  }
}

void OffloadingDevicesManager::drop_longest_silent() {
  if (devices_.empty()) return;
  by_id_.erase(devices_.back().id());
  devices_.pop_back();
}

}  // namespace tinysplit
