#include "offloading/offloading_device.h"

#include <algorithm>

#include "core/limits.h"

namespace tinysplit {

OffloadingDevice::OffloadingDevice(std::string id, const LinkEstimate& link_prior)
    : id_(std::move(id)), network_(link_prior) {}

void OffloadingDevice::add_message(OffloadingMessage message) {
  messages_.push_back(std::move(message));
  if (messages_.size() > limits::kMaxMessagesPerDevice) messages_.pop_front();
}

LayerTimes& OffloadingDevice::layer_times(const std::string& model_name, int num_layers) {
  auto entry = std::find_if(models_.begin(), models_.end(), [&](const ModelTimes& model) {
    return model.model_name == model_name;
  });
  if (entry == models_.end()) {
    if (models_.size() == limits::kMaxModelsPerDevice) models_.pop_back();
    models_.push_back({model_name, LayerTimes(num_layers)});
    entry = models_.end() - 1;
  } else if (entry->times.num_layers() != num_layers) {
    entry->times = LayerTimes(num_layers);
  }
  std::rotate(models_.begin(), entry, entry + 1);
  return models_.front().times;
}

const LayerTimes* OffloadingDevice::find_layer_times(std::string_view model_name,
                                                     int num_layers) const {
  for (const ModelTimes& model : models_) {
    if (model.model_name == model_name && model.times.num_layers() == num_layers) {
      return &model.times;
    }
  }
  return nullptr;
}

double OffloadingDevice::average_speed_bits_per_s() const {
  double sum = 0.0;
  int count = 0;
  for (const OffloadingMessage& message : messages_) {
    if (const std::optional<double> speed = message.speed_bits_per_s()) {
      sum += *speed;
      ++count;
    }
  }
  return count == 0 ? 0.0 : sum / count;
}

}  // namespace tinysplit
