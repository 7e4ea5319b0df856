#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "offloading/layer_times.h"
#include "offloading/network_estimator.h"
#include "offloading/offloading_message.h"

namespace tinysplit {

// What the edge knows of one device: its last messages (limits::kMaxMessagesPerDevice), its link,
// and the times of its layers for its last models (limits::kMaxModelsPerDevice). Not thread-safe.
class OffloadingDevice {
 public:
  OffloadingDevice(std::string id, const LinkEstimate& link_prior);

  const std::string& id() const { return id_; }
  // Oldest first.
  const std::deque<OffloadingMessage>& messages() const { return messages_; }
  // On the edge's clock.
  std::int64_t last_heard_ns() const { return last_heard_ns_; }
  void set_last_heard_ns(std::int64_t now_ns) { last_heard_ns_ = now_ns; }

  void add_message(OffloadingMessage message);
  // False if the sample is unusable (see NetworkEstimator::add). Times are of the edge's clock.
  bool add_link_sample(const LinkSample& sample, std::int64_t now_ns) {
    return network_.add(sample, now_ns);
  }
  LinkEstimate link(std::int64_t now_ns) const { return network_.estimate(now_ns); }
  std::size_t num_link_samples() const { return network_.num_samples(); }

  // The times of a model's layers, to read or add to. Forgets those of a model of that name that
  // had another number of layers, and of the model not asked for longest where there are too many.
  LayerTimes& layer_times(const std::string& model_name, int num_layers);

  // The same to look at only; nullptr if there are none of such a model.
  const LayerTimes* find_layer_times(std::string_view model_name, int num_layers) const;

  // Mean over the messages whose speed is known; 0 if none is.
  double average_speed_bits_per_s() const;

 private:
  struct ModelTimes {
    std::string model_name;
    LayerTimes times;
  };

  std::string id_;
  std::deque<OffloadingMessage> messages_;
  std::int64_t last_heard_ns_ = 0;
  NetworkEstimator network_;
  std::vector<ModelTimes> models_;  // last asked for first
};

}  // namespace tinysplit
