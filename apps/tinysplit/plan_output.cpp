#include "plan_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "json_output.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPlanBitsPerByte = 8.0;

Json cut_json(const CutCost& cost) {
  Json entry = {{"cut", cost.cut}, {"latency_s", json_number(cost.total_s)}};
  entry["device_s"] = cost.device_s;
  entry["encode_s"] = json_number(cost.encode_s);
  entry["rtt_s"] = cost.rtt_s;
  entry["uplink_s"] = json_number(cost.uplink_s);
  entry["decode_s"] = json_number(cost.decode_s);
  entry["queue_s"] = cost.queue_s;
  entry["edge_s"] = cost.edge_s;
  entry["downlink_s"] = cost.downlink_s;
  entry["live_bytes"] = cost.live_bytes < 0 ? Json(nullptr) : Json(cost.live_bytes);
  entry["excluded"] =
      cost.exclusion == Exclusion::kNone ? Json(nullptr) : Json(exclusion_text(cost.exclusion));
  return entry;
}

double link_s(const CutCost& cost) {
  return cost.encode_s + cost.rtt_s + cost.uplink_s + cost.decode_s + cost.downlink_s;
}

// The cheapest allowed cut that uses both sides; -1 if there is none.
int best_mixed_cut(const std::vector<CutCost>& cuts) {
  int best = -1;
  for (std::size_t c = 1; c + 1 < cuts.size(); ++c) {
    const bool is_better =
        best < 0 || cuts[c].total_s < cuts[static_cast<std::size_t>(best)].total_s;
    if (cuts[c].exclusion == Exclusion::kNone && is_better) best = static_cast<int>(c);
  }
  return best;
}

std::string remark(const CutCost& cost, const Decision& decision, int best_mixed) {
  const int num_layers = static_cast<int>(decision.cuts.size()) - 1;
  const Scenario scenario = scenario_of(cost.cut, num_layers);
  std::string text;
  if (scenario != Scenario::kMixed) text = scenario_name(scenario);
  if (cost.cut == best_mixed) text = "best mixed";
  if (cost.cut == decision.cut) text = "<- chosen, " + std::string(scenario_name(scenario));
  if (cost.exclusion != Exclusion::kNone) {
    text += (text.empty() ? "excluded: " : ", excluded: ") +
            std::string(exclusion_text(cost.exclusion));
  }
  return text;
}

std::string layer_text(const Analytics& facts, int cut) {
  if (cut == 0) return "(input)";
  const LayerAnalytics& layer = facts.layers[static_cast<std::size_t>(cut) - 1];
  return layer.name.empty() ? "layer " + std::to_string(cut - 1) : layer.name;
}

bool is_shown(const Plan& plan, int cut) {
  return plan.shown.empty() || cut == plan.decision.cut || std::ranges::count(plan.shown, cut) > 0;
}

}  // namespace

std::string plan_json(const Plan& plan) {
  const Decision& decision = plan.decision;
  Json cuts = Json::array();
  for (const CutCost& cost : decision.cuts) {
    if (is_shown(plan, cost.cut)) cuts.push_back(cut_json(cost));
  }
  const Json document = {{"scenario", scenario_name(decision.scenario)},
                         {"cut", decision.cut},
                         {"latency_s", decision.latency_s},
                         {"reason", decision.reason},
                         {"notes", plan.notes},
                         {"cuts", std::move(cuts)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string plan_table(const Plan& plan) {
  using Align = Table::Align;
  Table table({{"cut", Align::kRight},
               {"after", Align::kLeft, Table::Fit::kWrap},
               {"sends", Align::kRight},
               {"device", Align::kRight},
               {"link", Align::kRight},
               {"edge", Align::kRight, Table::Fit::kDrop},
               {"total", Align::kRight},
               {"", Align::kLeft, Table::Fit::kWrap}});
  const std::vector<CutCost>& cuts = plan.decision.cuts;
  const int best_mixed = best_mixed_cut(cuts);
  for (const CutCost& cost : cuts) {
    if (!is_shown(plan, cost.cut)) continue;
    const bool local = cost.cut == static_cast<int>(cuts.size()) - 1;
    table.add_row({std::to_string(cost.cut), layer_text(plan.facts, cost.cut),
                   local ? "" : format_bytes(static_cast<double>(cost.live_bytes)),
                   format_seconds(cost.device_s), local ? "" : format_seconds(link_s(cost)),
                   local ? "" : format_seconds(cost.queue_s + cost.edge_s),
                   format_seconds(cost.total_s), remark(cost, plan.decision, best_mixed)});
  }
  std::string text = table.to_string(true, 0, output_columns());
  text += "\n";
  for (const std::string& note : plan.notes) text += "note: " + note + "\n";
  return text + plan.decision.reason + "\n";
}

Figure plan_figure(const Plan& plan) {
  const Decision& decision = plan.decision;
  const Highlight chosen{static_cast<double>(decision.cut),
                         "chosen: " + std::to_string(decision.cut)};
  Series allowed{"latency", {}, {}, SeriesStyle::kLine};
  Series excluded{"excluded", {}, {}, SeriesStyle::kPoints};
  Series device{"device", {}, {}, SeriesStyle::kStackedBar};
  Series link{"link and codec", {}, {}, SeriesStyle::kStackedBar};
  Series edge{"edge", {}, {}, SeriesStyle::kStackedBar};
  for (const CutCost& cost : decision.cuts) {
    if (!is_shown(plan, cost.cut)) continue;
    for (Series* series : {&allowed, &device, &link, &edge}) series->x.push_back(cost.cut);
    allowed.y.push_back(cost.total_s);
    device.y.push_back(cost.device_s);
    link.y.push_back(link_s(cost));
    edge.y.push_back(cost.queue_s + cost.edge_s);
    if (cost.exclusion == Exclusion::kNone) continue;
    excluded.x.push_back(cost.cut);
    excluded.y.push_back(cost.total_s);
  }
  Panel total;
  total.title = "Latency of every cut";
  total.x_label = "cut: layers on the device";
  total.y_label = "latency";
  total.log_y = true;
  total.highlight = chosen;
  Panel parts = total;
  parts.title = "What it is made of";
  parts.log_y = false;
  total.series.push_back(std::move(allowed));
  if (!excluded.x.empty()) total.series.push_back(std::move(excluded));
  parts.series = {std::move(device), std::move(link), std::move(edge)};

  Figure figure;
  figure.title =
      plan.facts.model_name.empty() ? "Where to cut" : "Where to cut " + plan.facts.model_name;
  figure.subtitle = format_bits_per_s(plan.link.uplink_bytes_per_s * kPlanBitsPerByte) + " up, " +
                    format_bits_per_s(plan.link.downlink_bytes_per_s * kPlanBitsPerByte) +
                    " down, round trip " + format_seconds(plan.link.base_latency_s) + ": " +
                    std::string(scenario_name(decision.scenario)) + ", " +
                    format_seconds(decision.latency_s);
  figure.panels = {std::move(total), std::move(parts)};
  return figure;
}

}  // namespace tinysplit
