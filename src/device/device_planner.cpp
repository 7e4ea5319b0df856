#include "device/device_planner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "graph/cuts.h"
#include "graph/op_traits.h"
#include "offloading/offloading_algo.h"

namespace tinysplit {
namespace {

constexpr std::size_t kLayerTimeBytes = sizeof(float);

// Values that hold nothing but elements of the raw input.
std::vector<bool> find_raw_values(const Graph& graph) {
  std::vector<bool> raw(graph.values().size(), false);
  for (const ValueId input : graph.inputs()) raw[static_cast<std::size_t>(input)] = true;
  for (const Node& node : graph.nodes()) {
    raw[static_cast<std::size_t>(node.output)] =
        traits_of(node.op).moves && std::ranges::all_of(node.inputs, [&](ValueId input) {
          return raw[static_cast<std::size_t>(input)];
        });
  }
  return raw;
}

QuantizationView quantization_of(const Value& value) {
  if (!value.quantization) return {};
  return {value.quantization->scale, value.quantization->zero_point, value.quantization->axis};
}

std::size_t encoded_bytes(const Value& value, bool as_bytes) {
  const bool shrinks = as_bytes && value.dtype == DType::kFloat32;
  return encoded_tensor_bytes(value.name.size(), value.dtype, value.shape,
                              shrinks ? DType::kUint8 : value.dtype, quantization_of(value));
}

std::vector<CutFacts> make_facts(const Graph& graph, bool raw_input) {
  std::vector<CutFacts> facts = cut_facts(Analytics::from_graph(graph));
  const std::vector<bool> raw = find_raw_values(graph);
  const std::vector<Cut> cuts = find_cuts(graph);
  for (std::size_t c = 0; c + 1 < facts.size(); ++c) {
    const std::vector<ValueId>& sent = c == 0 ? graph.inputs() : cuts[c].live_tensors;
    std::size_t bytes = c * kLayerTimeBytes;
    for (const ValueId id : sent) {
      bytes += encoded_bytes(graph.value(id), raw_input && raw[static_cast<std::size_t>(id)]);
    }
    facts[c].transfer_bytes = static_cast<std::int64_t>(bytes);
  }
  return facts;
}

// What excludes cuts whatever they cost: a plan in which nothing costs anything.
std::vector<Exclusion> find_standing_exclusions(std::span<const CutFacts> facts,
                                                const Constraints& constraints) {
  Constraints standing = constraints;
  standing.deadline_s.reset();
  standing.edge_available = true;
  const std::vector<double> no_time(facts.size() - 1, 0.0);
  PlanInput input;
  input.device_time_s = no_time;
  input.edge_time_s = no_time;
  input.cuts = facts;
  input.constraints = &standing;
  std::vector<CutCost> costs(facts.size());
  OffloadingAlgo::choose(input, costs);
  std::vector<Exclusion> exclusions;
  for (const CutCost& cost : costs) {
    const bool stands = cost.exclusion != Exclusion::kSplitsFusion;
    exclusions.push_back(stands ? cost.exclusion : Exclusion::kNone);
  }
  return exclusions;
}

double bytes_beyond(std::uint64_t all, std::size_t known) {
  return all > known ? static_cast<double>(all - known) : 0.0;
}

std::size_t wire_bytes_of(const NamedTensorView& tensor) {
  const TensorView& view = tensor.tensor;
  return encoded_tensor_bytes(tensor.name.size(), view.dtype, view.shape,
                              wire_dtype(view, TensorForm::kSmallestLossless), tensor.quantization);
}

std::size_t wire_bytes(std::span<const WireTensor> tensors) {
  std::size_t bytes = 0;
  for (const WireTensor& tensor : tensors) bytes += wire_bytes_of(tensor.view());
  return bytes;
}

}  // namespace

std::size_t wire_bytes(std::span<const NamedTensorView> tensors) {
  std::size_t bytes = 0;
  for (const NamedTensorView& tensor : tensors) bytes += wire_bytes_of(tensor);
  return bytes;
}

DevicePlanner::DevicePlanner(std::shared_ptr<const Graph> graph, bool raw_input,
                             Constraints constraints, const Clock& clock)
    : graph_(std::move(graph)),
      constraints_(std::move(constraints)),
      clock_(clock),
      layer_times_(graph_->num_layers()),
      facts_(make_facts(*graph_, raw_input)),
      standing_(find_standing_exclusions(facts_, constraints_)) {
  for (const ValueId id : graph_->outputs()) {
    result_bytes_ += static_cast<std::int64_t>(encoded_bytes(graph_->value(id), false));
  }
}

Status DevicePlanner::set_edge(const Analytics& analytics) {
  TINYSPLIT_RETURN_IF_ERROR(
      check_analytics(analytics, graph_->digest(), graph_->num_layers()).with_context("the edge"));
  edge_time_s_.clear();
  for (const LayerAnalytics& layer : analytics.layers) edge_time_s_.push_back(layer.time_s);
  return ok_status();
}

void DevicePlanner::add_layer_times(int begin, int end, std::span<const double> seconds) {
  for (int i = begin; i < end; ++i) layer_times_.add(i, seconds[static_cast<std::size_t>(i)]);
}

void DevicePlanner::add_exchange(int cut, std::span<const NamedTensorView> tensors,
                                 std::size_t num_layer_times, const EdgeExchange& exchange) {
  const InferReply& reply = exchange.reply;
  const std::size_t sent = wire_bytes(tensors);
  uplink_overhead_.add(0.0,
                       bytes_beyond(exchange.bytes_up, sent + num_layer_times * kLayerTimeBytes));
  downlink_overhead_.add(0.0, bytes_beyond(exchange.bytes_down, wire_bytes(reply.outputs)));
  queue_.add(0.0, reply.queue_s);
  if (tensors.empty()) return;
  encode_.add(static_cast<double>(sent), exchange.encode_s);
  decode_.add(static_cast<double>(sent), reply.decode_s + exchange.decode_s);
  if (!knows_edge()) return;
  double expected_s = 0.0;
  for (std::size_t i = static_cast<std::size_t>(cut); i < edge_time_s_.size(); ++i) {
    expected_s += edge_time_s_[i];
  }
  edge_.add(expected_s, reply.edge_s);
}

CostParameters DevicePlanner::costs() const {
  CostParameters costs;
  costs.encode = encode_.cost();
  costs.decode = decode_.cost();
  costs.uplink_overhead_bytes = std::llround(uplink_overhead_.fixed());
  costs.downlink_overhead_bytes = std::llround(downlink_overhead_.fixed());
  costs.result_bytes = result_bytes_;
  // What the edge takes besides its layers is there for every request, like a wait.
  costs.queue_wait_s = queue_.fixed() + edge_.fixed();
  costs.edge_load = edge_.slope();
  return costs;
}

Exclusion DevicePlanner::standing_exclusion(int cut) const {
  return standing_[static_cast<std::size_t>(cut)];
}

Result<Decision> DevicePlanner::plan() const {
  if (!knows_edge()) {
    return failed_precondition("nothing is known of the edge yet, so no cut can be compared");
  }
  std::vector<double> device_time_s(layer_times_.times_s().begin(), layer_times_.times_s().end());
  constexpr double kUsualSlowdown = 100.0;
  const double known = fill_unknown_times(device_time_s, edge_time_s_, kUsualSlowdown);
  PlanInput input;
  input.device_time_s = device_time_s;
  input.edge_time_s = edge_time_s_;
  input.cuts = facts_;
  input.constraints = &constraints_;
  input.link = link();
  input.costs = costs();
  TINYSPLIT_ASSIGN_OR_RETURN(Decision decision, OffloadingAlgo::decide(input));
  decision.confidence *= known;
  return decision;
}

}  // namespace tinysplit
