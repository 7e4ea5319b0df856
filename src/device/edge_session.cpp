#include "device/edge_session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/limits.h"

namespace tinysplit {
namespace {

// An edge may forget a device that was silent for longer.
constexpr double kRetellAfterS = 5.0;

std::int64_t to_ns(double seconds) { return std::llround(seconds * 1e9); }

// An edge knows of RAM for activations only: how the device counts otherwise, it tells as cuts that
// are forbidden.
InferRequest::Constraints to_wire(const Constraints& constraints, const DevicePlanner& planner,
                                  int num_layers) {
  InferRequest::Constraints wire;
  const auto bytes = [](std::int64_t value) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
  };
  const bool counts_activations = constraints.ram_count == RamCount::kActivations;
  if (constraints.ram_bytes && counts_activations) wire.ram_bytes = bytes(*constraints.ram_bytes);
  if (constraints.flash_bytes) wire.flash_bytes = bytes(*constraints.flash_bytes);
  for (const int cut : constraints.forbidden_cuts) {
    if (cut >= 0) wire.forbidden_cuts.push_back(static_cast<std::uint32_t>(cut));
  }
  for (int cut = 0; !counts_activations && cut <= num_layers; ++cut) {
    if (planner.standing_exclusion(cut) == Exclusion::kDeviceRam) {
      wire.forbidden_cuts.push_back(static_cast<std::uint32_t>(cut));
    }
  }
  wire.private_input = constraints.private_input;
  return wire;
}

}  // namespace

EdgeSession::EdgeSession(EdgeClient client, const Graph& graph, DevicePlanner& planner,
                         EdgeSessionOptions options, const Clock& clock)
    : client_(std::move(client)),
      graph_(graph),
      planner_(planner),
      options_(std::move(options)),
      clock_(clock),
      backoff_(to_ns(options_.first_retry_s), to_ns(options_.longest_retry_s)) {}

Status EdgeSession::open(std::chrono::nanoseconds timeout) {
  if (is_open()) return ok_status();
  const auto learn = [&]() -> Status {
    TINYSPLIT_ASSIGN_OR_RETURN(const EdgeModelInfo info,
                               client_.model_info(options_.model_name, timeout));
    TINYSPLIT_RETURN_IF_ERROR(check_digest(options_.model_name, graph_.digest(), info.digest));
    return planner_.set_edge(info.analytics);
  };
  const Status status = learn();
  if (status.ok()) {
    last_status_ = status;
    backoff_.recovered();
  } else {
    note_failure(status);
  }
  return status;
}

InferRequest EdgeSession::make_request(int cut) {
  InferRequest request;
  request.model = options_.model_name;
  request.model_digest = graph_.digest();
  request.device_id = options_.device_id;
  request.id = ++last_id_;
  request.cut = static_cast<std::uint32_t>(cut);
  request.link_samples = samples_;
  request.constraints = to_wire(planner_.constraints(), planner_, graph_.num_layers());
  return request;
}

std::vector<double> EdgeSession::known_layer_times() const {
  const std::span<const double> times_s = planner_.layer_times_s();
  const auto unknown =
      std::ranges::find_if(times_s, [](double time_s) { return std::isnan(time_s); });
  return {times_s.begin(), unknown};
}

Result<EdgeExchange> EdgeSession::infer(int cut, std::span<const NamedTensorView> tensors,
                                        std::span<const double> layer_seconds,
                                        std::chrono::nanoseconds timeout) {
  InferRequest request = make_request(cut);
  if (!told_times_ || silent_s() > kRetellAfterS) {
    request.device_layer_times_s = known_layer_times();
  }
  std::vector<double>& times_s = request.device_layer_times_s;
  const std::size_t head = static_cast<std::size_t>(cut);
  if (times_s.size() < head) times_s.resize(head);
  std::ranges::copy(layer_seconds.first(head), times_s.begin());
  return exchange(request, tensors, timeout);
}

Result<EdgeExchange> EdgeSession::report(int cut, std::size_t padding_bytes,
                                         std::chrono::nanoseconds timeout) {
  InferRequest request = make_request(cut);
  request.device_layer_times_s = known_layer_times();
  if (padding_bytes > 0) {
    // An edge ignores the times of layers beyond the model's.
    std::vector<double>& times_s = request.device_layer_times_s;
    times_s.resize(static_cast<std::size_t>(graph_.num_layers()));
    const std::size_t entries = (padding_bytes + sizeof(float) - 1) / sizeof(float);
    times_s.resize(std::min(times_s.size() + entries, limits::kMaxLayers));
  }
  return exchange(request, {}, timeout);
}

std::size_t EdgeSession::max_padding_bytes() const {
  return (limits::kMaxLayers - static_cast<std::size_t>(graph_.num_layers())) * sizeof(float);
}

Result<EdgeExchange> EdgeSession::exchange(InferRequest& request,
                                           std::span<const NamedTensorView> tensors,
                                           std::chrono::nanoseconds timeout) {
  Result<EdgeExchange> result = client_.infer(request, tensors, timeout);
  last_exchange_ns_ = clock_.now_ns();
  if (!result.ok()) {
    note_failure(result.status());
    return result;
  }
  told_times_ = true;
  last_status_ = ok_status();
  backoff_.recovered();
  samples_.clear();
  planner_.add_exchange(static_cast<int>(request.cut), tensors, request.device_layer_times_s.size(),
                        *result);
  // The first exchange of a connection is slower by a round trip over a link that shakes hands.
  if (result->connected) return result;
  const LinkSample sample{static_cast<double>(result->bytes_up),
                          static_cast<double>(result->bytes_down), result->link_s(), true};
  if (planner_.add_link_sample(sample)) {
    samples_.push_back({result->bytes_up, result->bytes_down, result->link_s()});
  }
  return result;
}

void EdgeSession::note_success() { backoff_.succeeded(); }

void EdgeSession::note_failure(const Status& status) {
  last_status_ = status;
  told_times_ = false;
  backoff_.failed(clock_.now_ns());
}

double EdgeSession::silent_s() const {
  return last_id_ == 0 ? 0.0 : seconds_between(last_exchange_ns_, clock_.now_ns());
}

}  // namespace tinysplit
