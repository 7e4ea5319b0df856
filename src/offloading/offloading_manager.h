#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "offloading/offloading_algo.h"
#include "offloading/offloading_communication_handler.h"
#include "offloading/offloading_devices_manager.h"
#include "offloading/offloading_model.h"

namespace tinysplit {

struct OffloadingSettings {
  double outdated_after_s = 10.0;  // silence after which a device is forgotten
  std::size_t max_devices = limits::kMaxDevices;
  LinkEstimate link_prior;  // of a device whose link was not measured yet
  // How much slower than the edge a device is taken to be while it has told no layer's time.
  double default_device_slowdown = 100.0;
  // Without result_bytes, queue_wait_s and edge_load, which come from the model and the request.
  CostParameters costs;
};

// A message and the state in which the edge received it.
struct EvaluationRequest {
  IncomingMessage message;
  double queue_wait_s = 0.0;  // expected before the first layer of a request
  double edge_load = 1.0;     // factor on the edge's layer times
  Constraints constraints;    // the device's
};

// A decision for one device and one model, and what it came from.
struct Evaluation {
  Decision decision;
  std::shared_ptr<const OffloadingModel> model;
  LinkEstimate link;
  std::vector<double> device_time_s;      // [num_layers]; measured, or filled in
  double measured_share = 0.0;            // part of the sum of device_time_s that was measured
  double average_speed_bits_per_s = 0.0;  // over the device's messages; the estimate if none tells
};

// The offloading tools put together: models, devices, decisions. Decisions are per device and
// model. Thread-safe: state is behind one lock, the decision itself is computed outside it.
class OffloadingManager {
 public:
  // `clock` must outlive the manager.
  explicit OffloadingManager(const OffloadingSettings& settings = OffloadingSettings(),
                             const Clock& clock = SteadyClock::instance());

  // Adds the model or replaces the one of its name.
  void set_model(std::shared_ptr<const OffloadingModel> model);
  void remove_model(std::string_view name);
  // nullptr if there is none.
  std::shared_ptr<const OffloadingModel> find_model(std::string_view name) const;

  // Takes the message in and decides where its device should cut next. Errors: NOT_FOUND (model),
  // INVALID_ARGUMENT (device id), FAILED_PRECONDITION (the constraints exclude every cut; the
  // message was taken in).
  Result<Evaluation> evaluate(const EvaluationRequest& request);

  // The same without a message: from what is known of the device, or the priors. Does not make the
  // device known. Errors: NOT_FOUND (model), FAILED_PRECONDITION.
  Result<Evaluation> predict(std::string_view device_id, std::string_view model_name,
                             double queue_wait_s = 0.0, double edge_load = 1.0,
                             const Constraints& constraints = Constraints()) const;

  std::vector<DeviceStatus> communication_status();

 private:
  // What one decision needs to know of a device.
  struct Snapshot {
    std::vector<double> layer_times_s;  // NaN: unknown
    LinkEstimate link;
    double average_speed_bits_per_s = 0.0;
  };
  std::shared_ptr<const OffloadingModel> find_model_locked(std::string_view name) const;
  Result<Evaluation> decide(std::shared_ptr<const OffloadingModel> model, Snapshot snapshot,
                            double queue_wait_s, double edge_load,
                            const Constraints& constraints) const;

  const OffloadingSettings settings_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards everything below
  OffloadingDevicesManager devices_;
  OffloadingCommunicationHandler handler_;
  std::unordered_map<std::string, std::shared_ptr<const OffloadingModel>> models_;
};

}  // namespace tinysplit
