#include "device/simple_device.h"

#include <cmath>
#include <utility>

#include "core/logging.h"
#include "device/device_planner.h"
#include "device/edge_session.h"
#include "device/link_probe.h"
#include "device/local_runner.h"
#include "device/output_merge.h"
#include "engine/profiler.h"
#include "graph/cuts.h"
#include "wire/names.h"

namespace tinysplit {
namespace {

constexpr double kVainLookFactor = 6.0;  // longer wait after a look that left the rate vague

std::chrono::nanoseconds to_duration(double seconds) {
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

Status check_options(const SimpleDeviceOptions& options) {
  TINYSPLIT_RETURN_IF_ERROR(check_device_id(options.device_id));
  for (const double seconds : {options.reply_timeout_s, options.first_retry_s,
                               options.longest_retry_s, options.probe_timeout_s}) {
    if (!(seconds > 0.0) || seconds > 1e6) {
      return invalid_argument(
          "the times after which a device gives up or tries again must be "
          "positive, and below a million seconds");
    }
  }
  if (options.first_retry_s > options.longest_retry_s) {
    return invalid_argument("first_retry_s must not be longer than longest_retry_s");
  }
  return ok_status();
}

Status check_inputs(const Graph& graph, std::span<const TensorView> inputs) {
  if (inputs.size() != graph.inputs().size()) {
    return invalid_argument("the model has " + std::to_string(graph.inputs().size()) +
                            " inputs, not " + std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    if (inputs[i].data == nullptr || inputs[i].dtype != value.dtype ||
        !(inputs[i].shape == value.shape)) {
      return invalid_argument("input \"" + value.name + "\" is " +
                              std::string(dtype_name(inputs[i].dtype)) +
                              inputs[i].shape.to_string() + ", the model needs " +
                              std::string(dtype_name(value.dtype)) + value.shape.to_string());
    }
  }
  return ok_status();
}

Result<std::optional<Pacer>> make_pacer(const SimpleDeviceOptions& options,
                                        const Analytics& profile, const Clock& clock,
                                        Sleeper sleeper) {
  std::vector<double> targets_s = options.layer_targets_s;
  if (targets_s.empty()) {
    if (options.slowdown == 1.0) return std::optional<Pacer>();
    TINYSPLIT_ASSIGN_OR_RETURN(targets_s, slowed_layer_times(profile, options.slowdown));
  }
  if (targets_s.size() != profile.layers.size()) {
    return invalid_argument("there are times to keep for " + std::to_string(targets_s.size()) +
                            " layers, the model has " + std::to_string(profile.layers.size()));
  }
  for (const double target_s : targets_s) {
    if (!std::isfinite(target_s) || target_s < 0.0 || target_s > limits::kMaxLayerTimeS) {
      return invalid_argument("a layer's time to keep must be 0 s to 1 h");
    }
  }
  return std::optional<Pacer>(Pacer(std::move(targets_s), clock, std::move(sleeper)));
}

}  // namespace

struct SimpleDevice::Impl {
  Impl(std::shared_ptr<Engine> with, std::optional<Pacer> pacer, EdgeClient client,
       const SimpleDeviceOptions& given, const Clock& with_clock);

  void learn_times(const Analytics& profile, const std::optional<Pacer>& pacer);
  Result<DeviceResult> infer(std::span<const TensorView> inputs, const InferOptions& options);
  Result<int> choose_cut(const InferOptions& options) const;
  Result<EdgeExchange> ask_edge(const LocalValues& head, DeviceResult& result, double timeout_s);
  Status finish_here(const LocalValues& head, DeviceResult& result);
  void take_advice(const InferReply& reply, std::string* refused);
  std::string refusal(const InferReply::Next& next) const;
  void decide_here();
  Status report();
  Status look();
  bool is_look_due() const;
  void maintain();

  int num_layers() const { return engine->graph().num_layers(); }
  double seconds_since(std::int64_t begin_ns) const {
    return seconds_between(begin_ns, clock.now_ns());
  }

  std::shared_ptr<Engine> engine;
  SimpleDeviceOptions options;
  const Clock& clock;
  LocalRunner runner;
  DevicePlanner planner;
  EdgeSession session;
  std::vector<std::size_t> num_live;  // [N + 1]: tensors that a cut sends
  int next_cut;
  std::int64_t looked_ns = 0;
  bool was_in_vain = false;  // the last look left the link's rate as vague as it was
};

SimpleDevice::Impl::Impl(std::shared_ptr<Engine> with, std::optional<Pacer> pacer,
                         EdgeClient client, const SimpleDeviceOptions& given,
                         const Clock& with_clock)
    : engine(std::move(with)),
      options(given),
      clock(with_clock),
      runner(engine, std::move(pacer), clock),
      planner(engine->shared_graph(), options.raw_input, options.constraints, clock),
      session(
          std::move(client), engine->graph(), planner,
          {options.device_id, options.model_name, options.first_retry_s, options.longest_retry_s},
          clock),
      next_cut(num_layers()),
      looked_ns(clock.now_ns()) {
  for (const Cut& cut : find_cuts(engine->graph())) num_live.push_back(cut.live_tensors.size());
  num_live[0] = engine->graph().inputs().size();
}

// What the layers will take: the targets of a slower device, where they are longer than the truth.
void SimpleDevice::Impl::learn_times(const Analytics& profile, const std::optional<Pacer>& pacer) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < profile.layers.size(); ++i) {
    seconds.push_back(pacer ? std::max(pacer->target_s()[i], profile.layers[i].time_s)
                            : profile.layers[i].time_s);
  }
  planner.add_layer_times(0, num_layers(), seconds);
}

Result<int> SimpleDevice::Impl::choose_cut(const InferOptions& infer_options) const {
  if (!infer_options.cut) {
    const bool has_edge = session.is_open() && !session.has_failed();
    return has_edge ? next_cut : num_layers();
  }
  const int cut = *infer_options.cut;
  if (cut < 0 || cut > num_layers()) {
    return invalid_argument("cut " + std::to_string(cut) + " is not one of 0 to " +
                            std::to_string(num_layers()));
  }
  const Exclusion exclusion = planner.standing_exclusion(cut);
  if (exclusion == Exclusion::kNone) return cut;
  return failed_precondition("cut " + std::to_string(cut) +
                             " is excluded: " + std::string(exclusion_text(exclusion)));
}

Result<DeviceResult> SimpleDevice::Impl::infer(std::span<const TensorView> inputs,
                                               const InferOptions& infer_options) {
  TINYSPLIT_RETURN_IF_ERROR(check_inputs(engine->graph(), inputs));
  const std::int64_t begin_ns = clock.now_ns();
  DeviceResult result;
  TINYSPLIT_ASSIGN_OR_RETURN(result.cut, choose_cut(infer_options));
  result.scenario = scenario_of(result.cut, num_layers());

  TINYSPLIT_ASSIGN_OR_RETURN(const LocalValues head, runner.run_head(result.cut, inputs));
  result.parts.device_s = seconds_since(begin_ns);
  planner.add_layer_times(0, result.cut, runner.layer_seconds());

  if (result.cut == num_layers()) {
    TINYSPLIT_ASSIGN_OR_RETURN(result.outputs, merge_outputs(engine->graph(), head, {}, {}));
  } else {
    const double timeout_s = infer_options.reply_timeout_s.value_or(options.reply_timeout_s);
    const std::int64_t asked_ns = clock.now_ns();
    Result<EdgeExchange> exchange =
        ask_edge(head, result, timeout_s - seconds_between(begin_ns, asked_ns));
    if (exchange.ok()) {
      result.answered_by = AnsweredBy::kEdge;
      take_advice(exchange->reply, &result.refused_advice);
    } else {
      result.parts.wasted_s = seconds_since(asked_ns);
      result.fallback_reason = exchange.status().message();
      TINYSPLIT_RETURN_IF_ERROR(finish_here(head, result));
      decide_here();
    }
  }
  result.parts.total_s = seconds_since(begin_ns);
  if (options.maintain_in_infer) maintain();
  const bool has_edge = session.is_open() && !session.has_failed();
  result.next_cut = has_edge ? next_cut : num_layers();
  return result;
}

Result<EdgeExchange> SimpleDevice::Impl::ask_edge(const LocalValues& head, DeviceResult& result,
                                                  double timeout_s) {
  const Graph& graph = engine->graph();
  if (!(timeout_s > 0.0)) {
    return deadline_exceeded("no time was left to ask the edge after the layers on the device");
  }
  std::vector<NamedTensorView> tensors;
  for (std::size_t i = 0; i < num_live[static_cast<std::size_t>(result.cut)]; ++i) {
    const Value& value = graph.value(head.ids[i]);
    tensors.push_back({value.name, head.views[i], {}});
    if (const auto& own = value.quantization) {
      tensors.back().quantization = {own->scale, own->zero_point, own->axis};
    }
  }
  const std::int64_t begin_ns = clock.now_ns();
  TINYSPLIT_ASSIGN_OR_RETURN(
      EdgeExchange exchange,
      session.infer(result.cut, tensors, runner.layer_seconds(), to_duration(timeout_s)));
  const double asked_s = seconds_since(begin_ns);
  const InferReply& reply = exchange.reply;
  Result<std::vector<NamedTensor>> outputs =
      merge_outputs(graph, head, {}, std::move(exchange.reply.outputs));
  if (!outputs.ok()) {
    session.note_failure(outputs.status());
    return outputs.status();
  }
  session.note_success();
  result.outputs = std::move(*outputs);
  result.bytes_up = exchange.bytes_up;
  result.bytes_down = exchange.bytes_down;
  InferenceParts& parts = result.parts;
  parts.encode_s = exchange.encode_s;
  parts.decode_s = exchange.decode_s + reply.decode_s;
  parts.queue_s = reply.queue_s;
  parts.edge_s = reply.edge_s;
  parts.link_s =
      std::max(0.0, asked_s - parts.encode_s - parts.decode_s - parts.queue_s - parts.edge_s);
  return exchange;
}

Status SimpleDevice::Impl::finish_here(const LocalValues& head, DeviceResult& result) {
  const std::int64_t begin_ns = clock.now_ns();
  TINYSPLIT_ASSIGN_OR_RETURN(const LocalValues tail, runner.run_tail(result.cut, head));
  result.parts.device_s += seconds_since(begin_ns);
  planner.add_layer_times(result.cut, num_layers(), runner.layer_seconds());
  TINYSPLIT_ASSIGN_OR_RETURN(result.outputs, merge_outputs(engine->graph(), head, tail, {}));
  return ok_status();
}

// Why the device must not do what the edge asks for; empty if it may.
std::string SimpleDevice::Impl::refusal(const InferReply::Next& next) const {
  const std::string wish = "the edge asks for cut " + std::to_string(next.cut) + ": ";
  if (next.cut > static_cast<std::uint32_t>(num_layers())) return wish + "there is none";
  const Exclusion exclusion = planner.standing_exclusion(static_cast<int>(next.cut));
  if (exclusion != Exclusion::kNone) return wish + std::string(exclusion_text(exclusion));
  const std::optional<double> deadline_s = options.constraints.deadline_s;
  if (deadline_s && next.predicted_s > *deadline_s) {
    return wish + std::string(exclusion_text(Exclusion::kDeadline));
  }
  return {};
}

void SimpleDevice::Impl::take_advice(const InferReply& reply, std::string* refused) {
  std::string reason = reply.next ? refusal(*reply.next) : "";
  if (reply.next && reason.empty()) {
    next_cut = static_cast<int>(reply.next->cut);
    return;
  }
  if (refused != nullptr) *refused = std::move(reason);
  decide_here();
}

void SimpleDevice::Impl::decide_here() {
  const Result<Decision> decision = planner.plan();
  next_cut = decision.ok() ? decision->cut : num_layers();
}

Status SimpleDevice::Impl::report() {
  TINYSPLIT_ASSIGN_OR_RETURN(const EdgeExchange exchange,
                             session.report(next_cut, 0, to_duration(options.probe_timeout_s)));
  take_advice(exchange.reply, nullptr);
  return ok_status();
}

Status SimpleDevice::Impl::look() {
  TINYSPLIT_ASSIGN_OR_RETURN(
      const InferReply reply,
      look_at_link(session, planner, next_cut, to_duration(options.probe_timeout_s)));
  was_in_vain = planner.rate_uncertainty() > kVagueRate;
  looked_ns = clock.now_ns();
  take_advice(reply, nullptr);
  return ok_status();
}

// A device that runs alone sees nothing of the link; one that offloads sees it, but always at the
// size of its cut, which does not tell the rate.
bool SimpleDevice::Impl::is_look_due() const {
  if (!session.is_open() || session.has_failed()) return false;
  if (next_cut == num_layers()) return session.silent_s() >= options.report_interval_s;
  const double interval_s = (was_in_vain ? kVainLookFactor : 1.0) * options.report_interval_s;
  return seconds_since(looked_ns) >= interval_s && planner.rate_uncertainty() > kVagueRate;
}

void SimpleDevice::Impl::maintain() {
  const bool ask_again = (session.has_failed() || !session.is_open()) && session.may_retry();
  if (!ask_again && !is_look_due()) return;
  Status status = session.open(to_duration(options.probe_timeout_s));
  if (status.ok()) status = ask_again ? report() : look();
  if (!status.ok()) spdlog::debug("the edge is still away: {}", status.message());
}

SimpleDevice::SimpleDevice(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimpleDevice::~SimpleDevice() = default;

Result<std::unique_ptr<SimpleDevice>> SimpleDevice::create(std::shared_ptr<const Graph> graph,
                                                           const SimpleDeviceOptions& given,
                                                           const Clock& clock, Sleeper sleeper) {
  SimpleDeviceOptions options = given;
  if (options.model_name.empty()) options.model_name = graph->name();
  TINYSPLIT_RETURN_IF_ERROR(check_options(options));
  TINYSPLIT_RETURN_IF_ERROR(check_model_name(options.model_name));
  if (graph->digest().empty()) {
    return failed_precondition("model \"" + options.model_name +
                               "\" was not read from a file and has no digest, by which an edge "
                               "would know it");
  }
  EngineOptions engine_options;
  engine_options.threads = options.threads;
  TINYSPLIT_ASSIGN_OR_RETURN(auto engine, Engine::create(std::move(graph), engine_options));
  ProfileOptions profile_options;
  profile_options.runs = options.profile_runs;
  profile_options.threads = options.threads;
  TINYSPLIT_ASSIGN_OR_RETURN(const Analytics profile,
                             profile_model(*engine, {}, profile_options, clock));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<Pacer> pacer,
                             make_pacer(options, profile, clock, std::move(sleeper)));
  TINYSPLIT_ASSIGN_OR_RETURN(EdgeClient client, EdgeClient::create(options.edge_url, clock));
  auto impl = std::make_unique<Impl>(std::move(engine), pacer, std::move(client), options, clock);
  impl->learn_times(profile, pacer);
  return std::unique_ptr<SimpleDevice>(new SimpleDevice(std::move(impl)));
}

Status SimpleDevice::connect() {
  const auto timeout = to_duration(impl_->options.reply_timeout_s);
  TINYSPLIT_RETURN_IF_ERROR(impl_->session.open(timeout));
  TINYSPLIT_ASSIGN_OR_RETURN(const EdgeExchange exchange,
                             impl_->session.report(impl_->next_cut, 0, timeout));
  impl_->take_advice(exchange.reply, nullptr);
  return ok_status();
}

Status SimpleDevice::measure_link() {
  const auto timeout = to_duration(impl_->options.reply_timeout_s);
  TINYSPLIT_RETURN_IF_ERROR(impl_->session.open(timeout));
  TINYSPLIT_ASSIGN_OR_RETURN(const InferReply reply,
                             probe_link(impl_->session, impl_->next_cut, timeout));
  impl_->looked_ns = impl_->clock.now_ns();
  impl_->take_advice(reply, nullptr);
  return ok_status();
}

Result<DeviceResult> SimpleDevice::infer(std::span<const TensorView> inputs,
                                         const InferOptions& options) {
  return impl_->infer(inputs, options);
}

void SimpleDevice::maintain() { impl_->maintain(); }
Result<Decision> SimpleDevice::plan() const { return impl_->planner.plan(); }
Status SimpleDevice::prepare(int cut) {
  if (cut < 0 || cut > impl_->num_layers()) return invalid_argument("there is no such cut");
  return impl_->runner.prepare(cut);
}
const Graph& SimpleDevice::graph() const { return impl_->engine->graph(); }
int SimpleDevice::next_cut() const { return impl_->next_cut; }
bool SimpleDevice::edge_available() const { return !impl_->session.has_failed(); }
const Status& SimpleDevice::edge_status() const { return impl_->session.status(); }
LinkEstimate SimpleDevice::link() const { return impl_->planner.link(); }
CostParameters SimpleDevice::costs() const { return impl_->planner.costs(); }
std::span<const double> SimpleDevice::layer_times_s() const {
  return impl_->planner.layer_times_s();
}

}  // namespace tinysplit
