#include "demo_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "offloading/decision.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

std::string signed_percent(double part) {
  char text[32];
  std::snprintf(text, sizeof(text), "%+.1f%%", 100.0 * part);
  return text;
}

std::string milliseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), seconds < 0.01 ? "%.2f" : "%.1f", 1e3 * seconds);
  return text;
}

std::string share(int part, std::size_t whole) {
  return std::to_string(part) + "/" + std::to_string(whole);
}

// "edge-only", "mixed (cut 6, after layer stem_pool)".
std::string name_of(const DemoCut& cut, int num_layers) {
  const Scenario scenario = scenario_of(cut.cut, num_layers);
  std::string name(scenario_name(scenario));
  if (scenario == Scenario::kMixed) {
    name += " (cut " + std::to_string(cut.cut) + ", after layer " + cut.what + ")";
  }
  return name;
}

// "3.10x as fast as all on the device (274 ms)".
std::string gain(const DemoCut& cut, const DemoCut& over, const std::string& what) {
  return format_factor(over.measured.total_s / cut.measured.total_s) + " as fast as " + what +
         " (" + format_seconds(over.measured.total_s) + ")";
}

std::string gain_text(const DemoSweep& sweep) {
  const DemoCut& chosen = sweep.chosen();
  std::string text = "Chosen: " + name_of(chosen, sweep.num_layers) + ", " +
                     format_seconds(chosen.measured.total_s) + ": ";
  const bool is_edge_only = chosen.cut == 0;
  const bool is_device_only = chosen.cut == sweep.num_layers;
  if (!is_device_only) text += gain(chosen, sweep.cuts.back(), "all on the device");
  if (!is_device_only && !is_edge_only) text += ", ";
  if (!is_edge_only) text += gain(chosen, sweep.cuts.front(), "all on the edge");
  text += ".\n";

  const DemoCut& hidden = sweep.fastest_private();
  text += "Were the raw image not to leave the device: " + name_of(hidden, sweep.num_layers) +
          ", " + format_seconds(hidden.measured.total_s);
  if (hidden.cut != sweep.num_layers) {
    text += ", " + gain(hidden, sweep.cuts.back(), "all on the device");
  }
  return text + ".\n";
}

double mean_latency_s(const DemoReport& report, const DemoCut& (*pick)(const DemoSweep&)) {
  double sum_s = 0.0;
  for (const DemoSweep& sweep : report.sweeps) sum_s += pick(sweep).measured.total_s;
  return sum_s / static_cast<double>(report.sweeps.size());
}

Json parts_json(const DemoParts& parts) {
  return {{"latency_s", parts.total_s}, {"device_s", parts.device_s}, {"encode_s", parts.encode_s},
          {"link_s", parts.link_s},     {"queue_s", parts.queue_s},   {"edge_s", parts.edge_s}};
}

Json sweep_json(const DemoSweep& sweep) {
  Json cuts = Json::array();
  for (const DemoCut& cut : sweep.cuts) {
    cuts.push_back({{"cut", cut.cut},
                    {"what", cut.what},
                    {"scenario", scenario_name(scenario_of(cut.cut, sweep.num_layers))},
                    {"chosen", cut.cut == sweep.chosen_cut},
                    {"predicted", parts_json(cut.predicted)},
                    {"measured", parts_json(cut.measured)},
                    {"error", cut.error()},
                    {"bytes_sent", cut.bytes_up},
                    {"runs", cut.runs.size()},
                    {"same_class", cut.same_class},
                    {"identical", cut.identical}});
  }
  return {{"mbit_per_s", sweep.link.mbit_per_s},
          {"one_way_ms", sweep.link.one_way_ms},
          {"found_mbit_per_s", sweep.measured_mbit_per_s},
          {"found_rtt_s", sweep.measured_rtt_s},
          {"chosen_cut", sweep.chosen_cut},
          {"scenario", scenario_name(scenario_of(sweep.chosen_cut, sweep.num_layers))},
          {"latency_s", sweep.chosen().measured.total_s},
          {"edge_only_s", sweep.cuts.front().measured.total_s},
          {"device_only_s", sweep.cuts.back().measured.total_s},
          {"private_cut", sweep.fastest_private().cut},
          {"private_s", sweep.fastest_private().measured.total_s},
          {"fallbacks", sweep.fallbacks},
          {"cuts", std::move(cuts)}};
}

struct Agreement {
  std::size_t runs = 0;
  int same_class = 0;
  int identical = 0;
  int fallbacks = 0;
};

Agreement agreement_of(const DemoReport& report) {
  Agreement sum;
  for (const DemoSweep& sweep : report.sweeps) {
    sum.fallbacks += sweep.fallbacks;
    for (const DemoCut& cut : sweep.cuts) {
      sum.runs += cut.runs.size();
      sum.same_class += cut.same_class;
      sum.identical += cut.identical;
    }
  }
  return sum;
}

}  // namespace

WorstPrediction worst_prediction(const DemoReport& report) {
  WorstPrediction worst;
  for (const DemoSweep& sweep : report.sweeps) {
    for (const DemoCut& cut : sweep.cuts) {
      if (std::abs(cut.error()) < std::abs(worst.error)) continue;
      worst = {cut.error(), cut.cut, sweep.link.text()};
    }
  }
  return worst;
}

bool all_agree(const DemoReport& report) {
  const Agreement sum = agreement_of(report);
  return sum.identical == static_cast<int>(sum.runs) && sum.fallbacks == 0;
}

std::string sweep_text(const DemoSweep& sweep) {
  using Align = Table::Align;
  Table table({{"cut", Align::kRight},
               {"after layer", Align::kLeft, Table::Fit::kWrap},
               {"predicted", Align::kRight},
               {"measured", Align::kRight},
               {"error", Align::kRight},
               {"device", Align::kRight},
               {"codec", Align::kRight, Table::Fit::kDrop},
               {"link", Align::kRight},
               {"queue", Align::kRight, Table::Fit::kDrop},
               {"edge", Align::kRight},
               {"sent", Align::kRight, Table::Fit::kDrop},
               {"agree", Align::kRight, Table::Fit::kDrop},
               {"", Align::kLeft}});
  for (const DemoCut& cut : sweep.cuts) {
    const DemoParts& measured = cut.measured;
    const bool is_chosen = cut.cut == sweep.chosen_cut;
    table.add_row({std::to_string(cut.cut), cut.what, milliseconds(cut.predicted.total_s),
                   milliseconds(measured.total_s), signed_percent(cut.error()),
                   milliseconds(measured.device_s), milliseconds(measured.encode_s),
                   milliseconds(measured.link_s), milliseconds(measured.queue_s),
                   milliseconds(measured.edge_s), format_bytes(static_cast<double>(cut.bytes_up)),
                   share(cut.same_class, cut.runs.size()), is_chosen ? "<- chosen" : ""});
  }
  const std::size_t runs = sweep.cuts.front().runs.size();
  return "\nLink of " + sweep.link.text() + "; the device found " +
         format_bits_per_s(1e6 * sweep.measured_mbit_per_s) + " and " +
         format_seconds(sweep.measured_rtt_s) + " there and back. Milliseconds, " +
         (runs == 1 ? "one run each" : "median of " + std::to_string(runs)) + ":\n\n" +
         table.to_string(true, 0, output_columns()) + "\n" + gain_text(sweep);
}

std::string conclusion_text(const DemoReport& report) {
  const double chosen_s =
      mean_latency_s(report, [](const DemoSweep& s) -> const DemoCut& { return s.chosen(); });
  const double edge_s =
      mean_latency_s(report, [](const DemoSweep& s) -> const DemoCut& { return s.cuts.front(); });
  const double device_s =
      mean_latency_s(report, [](const DemoSweep& s) -> const DemoCut& { return s.cuts.back(); });
  const Agreement sum = agreement_of(report);
  const WorstPrediction worst = worst_prediction(report);
  std::string text = "\nOver all links an image takes " + format_seconds(chosen_s) +
                     " where the decision is left to tinysplit, " + format_seconds(edge_s) +
                     " all on the edge (" + format_factor(edge_s / chosen_s) + "), " +
                     format_seconds(device_s) + " all on the device (" +
                     format_factor(device_s / chosen_s) + ").\n";
  text += std::to_string(sum.same_class) + " of " + std::to_string(sum.runs) +
          " inferences gave the class of the uncut model, " + std::to_string(sum.identical) +
          " its outputs bit for bit.\n";
  text += "Latencies were predicted before they were measured: the worst prediction was " +
          signed_percent(worst.error) + " off (cut " + std::to_string(worst.cut) + ", " +
          worst.link + ").\n";
  if (sum.fallbacks > 0) {
    text += std::to_string(sum.fallbacks) +
            " inferences were finished on the device because the edge did not answer.\n";
  }
  return text;
}

Figure demo_figure(const DemoReport& report) {
  Figure figure;
  figure.title = report.model + ": latency of every cut";
  figure.subtitle = "cut = layers on the device, the rest on the edge; " + report.device;
  for (const DemoSweep& sweep : report.sweeps) {
    Panel panel;
    panel.title = sweep.link.text();
    panel.subtitle = "chosen: " + name_of(sweep.chosen(), sweep.num_layers) + ", " +
                     format_seconds(sweep.chosen().measured.total_s);
    panel.x_label = "cut (layers on the device)";
    panel.y_label = "latency";
    panel.log_y = true;
    Series predicted{"predicted", {}, {}, SeriesStyle::kLine};
    Series measured{"measured", {}, {}, SeriesStyle::kPoints};
    for (const DemoCut& cut : sweep.cuts) {
      predicted.x.push_back(cut.cut);
      predicted.y.push_back(cut.predicted.total_s);
      measured.x.push_back(cut.cut);
      measured.y.push_back(cut.measured.total_s);
    }
    panel.series = {std::move(predicted), std::move(measured)};
    panel.highlight = Highlight{static_cast<double>(sweep.chosen_cut),
                                "chosen: " + std::to_string(sweep.chosen_cut)};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

std::string demo_json(const DemoReport& report) {
  Json links = Json::array();
  for (const DemoSweep& sweep : report.sweeps) links.push_back(sweep_json(sweep));
  const Agreement sum = agreement_of(report);
  const WorstPrediction worst = worst_prediction(report);
  const Json document = {
      {"model", report.model},
      {"device", report.device},
      {"images", report.num_images},
      {"inferences", sum.runs},
      {"same_class", sum.same_class},
      {"identical", sum.identical},
      {"worst_prediction", {{"error", worst.error}, {"cut", worst.cut}, {"link", worst.link}}},
      {"links", std::move(links)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tinysplit
