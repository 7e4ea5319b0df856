#pragma once

#include <string>
#include <vector>

#include "graph/analytics.h"
#include "offloading/decision.h"
#include "offloading/link_estimate.h"
#include "report/chart.h"

namespace tinysplit {

// A decision with what people want to see beside it.
struct Plan {
  Decision decision;
  Analytics facts;  // names and sizes of the layers
  LinkEstimate link;
  std::vector<int> shown;          // cuts, besides the chosen one; empty: all
  std::vector<std::string> notes;  // what was assumed because the files do not tell it
};

// The object that `plan --json` prints. Times that are not known are null.
std::string plan_json(const Plan& plan);

// The table of all cuts and the result in a sentence.
std::string plan_table(const Plan& plan);

// Latency of every cut, and what it is made of.
Figure plan_figure(const Plan& plan);

}  // namespace tinysplit
