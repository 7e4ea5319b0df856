#include "offloading/offloading_manager.h"

#include <algorithm>
#include <limits>

namespace tinysplit {
namespace {

constexpr double kUnknownTime = std::numeric_limits<double>::quiet_NaN();
constexpr double kBitsPerByte = 8.0;

Status no_such_model(std::string_view name) {
  return not_found("no model named \"" + std::string(name.substr(0, limits::kMaxNameBytes)) +
                   "\" is loaded");
}

}  // namespace

OffloadingManager::OffloadingManager(const OffloadingSettings& settings, const Clock& clock)
    : settings_(settings),
      clock_(clock),
      devices_(clock, settings.outdated_after_s, settings.link_prior, settings.max_devices),
      handler_(devices_, clock) {}

void OffloadingManager::set_model(std::shared_ptr<const OffloadingModel> model) {
  const std::lock_guard lock(mutex_);
  std::string name = model->name();
  models_[std::move(name)] = std::move(model);
}

void OffloadingManager::remove_model(std::string_view name) {
  const std::lock_guard lock(mutex_);
  models_.erase(std::string(name));
}

std::shared_ptr<const OffloadingModel> OffloadingManager::find_model(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return find_model_locked(name);
}

std::shared_ptr<const OffloadingModel> OffloadingManager::find_model_locked(
    std::string_view name) const {
  const auto entry = models_.find(std::string(name));
  return entry == models_.end() ? nullptr : entry->second;
}

Result<Evaluation> OffloadingManager::evaluate(const EvaluationRequest& request) {
  const IncomingMessage& message = request.message;
  std::shared_ptr<const OffloadingModel> model;
  Snapshot snapshot;
  {
    const std::lock_guard lock(mutex_);
    model = find_model_locked(message.model_name);
    if (model == nullptr) return no_such_model(message.model_name);
    TINYSPLIT_ASSIGN_OR_RETURN(OffloadingDevice * device,
                               handler_.receive(message, model->num_layers()));
    const LayerTimes& times = device->layer_times(message.model_name, model->num_layers());
    snapshot.layer_times_s.assign(times.times_s().begin(), times.times_s().end());
    snapshot.link = device->link(clock_.now_ns());
    snapshot.average_speed_bits_per_s = device->average_speed_bits_per_s();
  }
  return decide(std::move(model), std::move(snapshot), request.queue_wait_s, request.edge_load,
                request.constraints);
}

Result<Evaluation> OffloadingManager::predict(std::string_view device_id,
                                              std::string_view model_name, double queue_wait_s,
                                              double edge_load,
                                              const Constraints& constraints) const {
  std::shared_ptr<const OffloadingModel> model;
  Snapshot snapshot;
  snapshot.link = settings_.link_prior;
  {
    const std::lock_guard lock(mutex_);
    model = find_model_locked(model_name);
    if (model == nullptr) return no_such_model(model_name);
    if (const OffloadingDevice* device = devices_.find(device_id)) {
      if (const LayerTimes* times = device->find_layer_times(model_name, model->num_layers())) {
        snapshot.layer_times_s.assign(times->times_s().begin(), times->times_s().end());
      }
      snapshot.link = device->link(clock_.now_ns());
      snapshot.average_speed_bits_per_s = device->average_speed_bits_per_s();
    }
  }
  return decide(std::move(model), std::move(snapshot), queue_wait_s, edge_load, constraints);
}

Result<Evaluation> OffloadingManager::decide(std::shared_ptr<const OffloadingModel> model,
                                             Snapshot snapshot, double queue_wait_s,
                                             double edge_load,
                                             const Constraints& constraints) const {
  Evaluation evaluation;
  evaluation.device_time_s = std::move(snapshot.layer_times_s);
  evaluation.device_time_s.resize(static_cast<std::size_t>(model->num_layers()), kUnknownTime);
  evaluation.measured_share = fill_unknown_times(evaluation.device_time_s, model->edge_time_s(),
                                                 settings_.default_device_slowdown);
  evaluation.link = snapshot.link;
  evaluation.average_speed_bits_per_s = snapshot.average_speed_bits_per_s > 0.0
                                            ? snapshot.average_speed_bits_per_s
                                            : kBitsPerByte * snapshot.link.uplink_bytes_per_s;
  PlanInput input;
  input.device_time_s = evaluation.device_time_s;
  input.edge_time_s = model->edge_time_s();
  input.cuts = model->cuts();
  input.constraints = &constraints;
  input.link = snapshot.link;
  input.costs = settings_.costs;
  input.costs.result_bytes = std::max<std::int64_t>(model->analytics().output_bytes, 0);
  input.costs.queue_wait_s = queue_wait_s;
  input.costs.edge_load = edge_load;
  TINYSPLIT_ASSIGN_OR_RETURN(evaluation.decision, OffloadingAlgo::decide(input));
  evaluation.decision.confidence = snapshot.link.confidence * evaluation.measured_share;
  evaluation.model = std::move(model);
  return evaluation;
}

std::vector<DeviceStatus> OffloadingManager::communication_status() {
  const std::lock_guard lock(mutex_);
  return handler_.communication_status();
}

}  // namespace tinysplit
