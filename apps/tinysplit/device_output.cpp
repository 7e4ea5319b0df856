#include "device_output.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "device_cuts.h"
#include "graph/cuts.h"
#include "json_output.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kBitsPerByte = 8.0;

std::string to_line(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parts_json(const InferenceParts& parts) {
  return {{"device_s", parts.device_s}, {"encode_s", parts.encode_s}, {"link_s", parts.link_s},
          {"decode_s", parts.decode_s}, {"queue_s", parts.queue_s},   {"edge_s", parts.edge_s},
          {"wasted_s", parts.wasted_s}};
}

std::vector<double> latencies(const InferenceTally& tally) {
  std::vector<double> values;
  for (const InferenceTally::Latency& one : tally.latencies) values.push_back(one.total_s);
  return values;
}

std::string cut_name(int cut, int num_layers) {
  if (cut == 0) return "edge-only";
  if (cut == num_layers) return "device-only";
  return "mixed, cut " + std::to_string(cut);
}

}  // namespace

void InferenceTally::add(const ShownInference& one) {
  latencies.push_back({one.result.cut, one.result.parts.total_s});
  by_edge += one.result.answered_by == AnsweredBy::kEdge ? 1 : 0;
  fallbacks += one.result.fallback_reason.empty() ? 0 : 1;
  checked += one.checked ? 1 : 0;
  same_class += one.checked && one.same_class ? 1 : 0;
  identical += one.checked && one.identical ? 1 : 0;
  bytes_up += one.result.bytes_up;
  bytes_down += one.result.bytes_down;
  next_cut = one.result.next_cut;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

std::string plan_line_json(const ShownPlan& plan, const Graph& graph) {
  const std::vector<Cut> facts = find_cuts(graph);
  Json cuts = Json::array();
  for (const CutCost& cost : plan.decision.cuts) {
    cuts.push_back(
        {{"cut", cost.cut},
         {"what", describe_cut(graph, cost.cut)},
         {"latency_s", json_number(cost.total_s)},
         {"device_s", cost.device_s},
         {"encode_s", json_number(cost.encode_s)},
         {"link_s", json_number(cost.rtt_s + cost.uplink_s + cost.downlink_s)},
         {"decode_s", json_number(cost.decode_s)},
         {"queue_s", cost.queue_s},
         {"edge_s", cost.edge_s},
         {"live_bytes", cost.live_bytes},
         {"reveals_input", facts[static_cast<std::size_t>(cost.cut)].reveals_input},
         {"excluded", cost.exclusion == Exclusion::kNone ? Json(nullptr)
                                                         : Json(exclusion_text(cost.exclusion))}});
  }
  return to_line({{"type", "plan"},
                  {"model", graph.name()},
                  {"num_layers", graph.num_layers()},
                  {"cut", plan.decision.cut},
                  {"scenario", scenario_name(plan.decision.scenario)},
                  {"next_cut", plan.next_cut},
                  {"confidence", plan.decision.confidence},
                  {"reason", plan.decision.reason},
                  {"link",
                   {{"uplink_bits_per_s", kBitsPerByte * plan.link.uplink_bytes_per_s},
                    {"downlink_bits_per_s", kBitsPerByte * plan.link.downlink_bytes_per_s},
                    {"base_latency_s", plan.link.base_latency_s},
                    {"uplink_overhead_bytes", plan.costs.uplink_overhead_bytes},
                    {"downlink_overhead_bytes", plan.costs.downlink_overhead_bytes},
                    {"result_bytes", plan.costs.result_bytes}}},
                  {"cuts", std::move(cuts)}});
}

std::string inference_line_json(const ShownInference& one) {
  const DeviceResult& result = one.result;
  Json line = {{"type", "inference"},
               {"index", one.index},
               {"input", one.input},
               {"label", one.top.index < 0 ? Json(nullptr) : Json(one.top.label)},
               {"class", one.top.index < 0 ? Json(nullptr) : Json(one.top.index)},
               {"score", one.top.index < 0 ? Json(nullptr) : json_number(one.top.score)},
               {"cut", result.cut},
               {"scenario", scenario_name(result.scenario)},
               {"answered_by", answered_by_name(result.answered_by)},
               {"latency_s", result.parts.total_s},
               {"parts", parts_json(result.parts)},
               {"bytes_up", result.bytes_up},
               {"bytes_down", result.bytes_down},
               {"next_cut", result.next_cut},
               {"fallback_reason",
                result.fallback_reason.empty() ? Json(nullptr) : Json(result.fallback_reason)}};
  if (!result.refused_advice.empty()) line["refused_advice"] = result.refused_advice;
  if (one.checked) {
    line["same_class"] = one.same_class;
    line["identical"] = one.identical;
  }
  return to_line(line);
}

std::string plan_line(const ShownPlan& plan, const Graph& graph) {
  const double uplink = kBitsPerByte * plan.link.uplink_bytes_per_s;
  return "link: " + format_bits_per_s(uplink) + ", " + format_seconds(plan.link.base_latency_s) +
         " round trip; first cut: " + cut_name(plan.next_cut, graph.num_layers()) + "\n";
}

std::string inference_line(const ShownInference& one, int num_layers) {
  const DeviceResult& result = one.result;
  const InferenceParts& parts = result.parts;
  std::string label = one.top.index < 0 ? "" : one.top.label;
  char head[160];
  std::snprintf(head, sizeof(head), "%4d  %-22.22s %-14.14s %-14s %8s", one.index + 1,
                one.input.c_str(), label.c_str(), cut_name(result.cut, num_layers).c_str(),
                format_seconds(parts.total_s).c_str());
  std::string line = head;
  auto add = [&line, first = true](const char* name, double seconds) mutable {
    if (seconds <= 0.0) return;
    line += std::string(first ? " = " : " + ") + name + " " + format_seconds(seconds);
    first = false;
  };
  add("device", parts.device_s);
  add("encode", parts.encode_s);
  add("link", parts.link_s);
  add("decode", parts.decode_s);
  add("queue", parts.queue_s);
  add("edge", parts.edge_s);
  add("waiting in vain", parts.wasted_s);
  if (result.bytes_up > 0) {
    line += "; " + format_bytes(static_cast<double>(result.bytes_up)) + " up, " +
            format_bytes(static_cast<double>(result.bytes_down)) + " down";
  }
  if (one.checked && !one.same_class) line += "; NOT the class of the uncut model";
  if (!result.fallback_reason.empty()) {
    line += "\n      finished on the device: " + result.fallback_reason;
  }
  if (!result.refused_advice.empty()) line += "\n      not obeyed: " + result.refused_advice;
  return line + "\n";
}

std::string summary_text(const InferenceTally& tally, const Graph& graph) {
  if (tally.latencies.empty()) return "no inferences\n";
  std::vector<double> sorted = latencies(tally);
  std::ranges::sort(sorted);
  std::string text = "\n" + format_count(static_cast<std::int64_t>(tally.latencies.size())) +
                     " inferences: median " + format_seconds(median(sorted)) + ", longest " +
                     format_seconds(sorted.back()) + "; " + std::to_string(tally.by_edge) +
                     " answered by the edge";
  if (tally.fallbacks > 0) {
    text += ", " + std::to_string(tally.fallbacks) + " finished on the device instead";
  }
  text += "; " + format_bytes(static_cast<double>(tally.bytes_up)) + " sent, " +
          format_bytes(static_cast<double>(tally.bytes_down)) +
          " received; next: " + cut_name(tally.next_cut, graph.num_layers()) + "\n";
  if (tally.checked > 0) {
    text += std::to_string(tally.same_class) + " of " + std::to_string(tally.checked) +
            " have the class of the uncut model, " + std::to_string(tally.identical) +
            " its outputs bit for bit\n";
  }
  return text;
}

std::string summary_line_json(const InferenceTally& tally) {
  const std::vector<double> all = latencies(tally);
  Json line = {{"type", "summary"},
               {"inferences", tally.latencies.size()},
               {"median_latency_s", median(all)},
               {"longest_latency_s", all.empty() ? 0.0 : *std::ranges::max_element(all)},
               {"answered_by_edge", tally.by_edge},
               {"fallbacks", tally.fallbacks},
               {"bytes_up", tally.bytes_up},
               {"bytes_down", tally.bytes_down}};
  if (tally.checked > 0) {
    line["checked"] = tally.checked;
    line["same_class"] = tally.same_class;
    line["identical"] = tally.identical;
  }
  return to_line(line);
}

std::string sweep_table(const InferenceTally& tally, const ShownPlan& plan, const Graph& graph) {
  using Align = Table::Align;
  std::map<int, std::vector<double>> by_cut;
  for (const auto& [cut, total_s] : tally.latencies) by_cut[cut].push_back(total_s);
  Table table({{"cut", Align::kRight},
               {"after layer", Align::kLeft, Table::Fit::kWrap},
               {"predicted", Align::kRight},
               {"measured", Align::kRight},
               {"error", Align::kRight}});
  for (const auto& [cut, measured] : by_cut) {
    const double predicted_s = plan.decision.cuts[static_cast<std::size_t>(cut)].total_s;
    const double measured_s = median(measured);
    char error[32];
    std::snprintf(error, sizeof(error), "%+.1f%%", 100.0 * (predicted_s / measured_s - 1.0));
    table.add_row({std::to_string(cut), describe_cut(graph, cut), format_seconds(predicted_s),
                   format_seconds(measured_s), error});
  }
  return table.to_string(true, 0, output_columns());
}

}  // namespace tinysplit
