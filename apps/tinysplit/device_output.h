#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "class_output.h"
#include "device/device_result.h"
#include "device_inputs.h"
#include "graph/graph.h"
#include "offloading/cost_model.h"
#include "offloading/decision.h"
#include "offloading/link_estimate.h"

namespace tinysplit {

// One inference with what is shown of it.
struct ShownInference {
  int index = 0;
  std::string input;
  TopClass top;
  DeviceResult result;
  // Against the uncut model on the same input; meaningless unless `checked`.
  bool checked = false;
  bool same_class = false;
  bool identical = false;  // every output, bit for bit
};

// What is remembered of all inferences: little of each, since a device may run for months.
struct InferenceTally {
  struct Latency {
    int cut = 0;
    double total_s = 0.0;
  };
  std::vector<Latency> latencies;
  std::uint64_t by_edge = 0;
  std::uint64_t fallbacks = 0;
  std::uint64_t checked = 0;
  std::uint64_t same_class = 0;
  std::uint64_t identical = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  int next_cut = 0;  // the last one's

  void add(const ShownInference& inference);
};

// What the device foresees, and what it foresees it from.
struct ShownPlan {
  Decision decision;
  LinkEstimate link;
  CostParameters costs;
  int next_cut = 0;  // the edge's wish, where the device may obey it
};

// Lines for scripts: one JSON object each, told apart by "type".
std::string plan_line_json(const ShownPlan& plan, const Graph& graph);
std::string inference_line_json(const ShownInference& inference);

// Lines for people.
std::string plan_line(const ShownPlan& plan, const Graph& graph);
std::string inference_line(const ShownInference& inference, int num_layers);

// All inferences in a few lines.
std::string summary_text(const InferenceTally& tally, const Graph& graph);
std::string summary_line_json(const InferenceTally& tally);

// Predicted and measured latency of every cut of a sweep.
std::string sweep_table(const InferenceTally& tally, const ShownPlan& plan, const Graph& graph);

// The middle of `values`, the mean of the middle two; 0 for none.
double median(std::vector<double> values);

}  // namespace tinysplit
