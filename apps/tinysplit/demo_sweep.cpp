#include "demo_sweep.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

DemoParts parts_of(const Json& object, double total_s) {
  DemoParts parts;
  parts.total_s = total_s;
  parts.device_s = object.at("device_s").get<double>();
  parts.encode_s = object.at("encode_s").get<double>() + object.at("decode_s").get<double>();
  parts.link_s = object.at("link_s").get<double>();
  parts.queue_s = object.at("queue_s").get<double>();
  parts.edge_s = object.at("edge_s").get<double>();
  return parts;
}

void take_plan(const Json& line, DemoSweep& sweep) {
  sweep.num_layers = line.at("num_layers").get<int>();
  sweep.chosen_cut = line.at("next_cut").get<int>();
  sweep.measured_mbit_per_s = 1e-6 * line.at("link").at("uplink_bits_per_s").get<double>();
  sweep.measured_rtt_s = line.at("link").at("base_latency_s").get<double>();
  for (const Json& entry : line.at("cuts")) {
    DemoCut cut;
    cut.cut = entry.at("cut").get<int>();
    cut.what = entry.at("what").get<std::string>();
    cut.reveals_input = entry.at("reveals_input").get<bool>();
    cut.predicted = parts_of(entry, entry.at("latency_s").get<double>());
    sweep.cuts.push_back(std::move(cut));
  }
}

Status take_inference(const Json& line, DemoSweep& sweep) {
  const auto found = std::ranges::find(sweep.cuts, line.at("cut").get<int>(), &DemoCut::cut);
  if (found == sweep.cuts.end()) return internal_error("an inference came before the plan");
  found->runs.push_back(parts_of(line.at("parts"), line.at("latency_s").get<double>()));
  found->bytes_up = line.at("bytes_up").get<std::uint64_t>();
  found->same_class += line.at("same_class").get<bool>() ? 1 : 0;
  found->identical += line.at("identical").get<bool>() ? 1 : 0;
  sweep.fallbacks += line.at("fallback_reason").is_null() ? 0 : 1;
  return ok_status();
}

}  // namespace

std::string DemoLink::text() const {
  return format_bits_per_s(1e6 * mbit_per_s) + ", " + format_seconds(1e-3 * one_way_ms) +
         " one way";
}

const DemoCut& DemoSweep::at(int cut) const { return *std::ranges::find(cuts, cut, &DemoCut::cut); }

const DemoCut& DemoSweep::fastest_private() const {
  const DemoCut* best = &cuts.back();
  for (const DemoCut& cut : cuts) {
    if (!cut.reveals_input && cut.measured.total_s < best->measured.total_s) best = &cut;
  }
  return *best;
}

Status DemoSweepReader::take(std::string_view text) {
  try {
    const Json line = Json::parse(text);
    const std::string type = line.at("type").get<std::string>();
    if (type == "plan") take_plan(line, sweep_);
    if (type != "inference") return ok_status();
    ++num_inferences_;
    return take_inference(line, sweep_);
  } catch (const Json::exception&) {
    return internal_error("the device said \"" + std::string(text.substr(0, 200)) +
                          "\", which is not of its format");
  }
}

Result<DemoSweep> DemoSweepReader::finish() && {
  if (!has_plan() || num_inferences_ == 0) {
    return unavailable("the device measured nothing over the link of " + sweep_.link.text());
  }
  std::erase_if(sweep_.cuts, [](const DemoCut& cut) { return cut.runs.empty(); });
  for (DemoCut& cut : sweep_.cuts) {
    std::ranges::sort(cut.runs, {}, &DemoParts::total_s);
    cut.measured = cut.runs[(cut.runs.size() - 1) / 2];
  }
  const bool has_ends = sweep_.cuts.front().cut == 0 &&
                        sweep_.cuts.back().cut == sweep_.num_layers &&
                        std::ranges::count(sweep_.cuts, sweep_.chosen_cut, &DemoCut::cut) == 1;
  if (!has_ends) return unavailable("the device did not measure every cut");
  return std::move(sweep_);
}

}  // namespace tinysplit
