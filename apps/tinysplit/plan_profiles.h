#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/model_reader.h"
#include "graph/combined_profile.h"

namespace tinysplit {

// Where a plan takes the times of both sides from.
struct PlanSources {
  std::string device_analytics;
  std::string edge_analytics;
  std::string profile;  // both in one file
  // Without a file, the times of a side are what this model's work takes at a rate.
  std::string model;
  double device_mmacs_per_s = 0.0;  // 0: not given
  double edge_mmacs_per_s = 0.0;
  ReadOptions reading;
};

struct PlanProfiles {
  AnalyticsPair pair;
  std::shared_ptr<const Graph> graph;  // of `model`, if given
  std::vector<std::string> notes;      // what was assumed
};

// Errors: INVALID_ARGUMENT (a side has neither a file nor a rate), those of the readers,
// FAILED_PRECONDITION (files of different models).
Result<PlanProfiles> read_plan_profiles(const PlanSources& sources);

// On a microcontroller, passing a value through an operation without multiplications takes about as
// long as a multiply-accumulate.
inline constexpr double kElementsPerMac = 1.0;

// The cuts that differ from the one before in what is computed or sent: of the graph if there is
// one, else as far as times and sizes tell.
std::vector<int> distinct_cuts_of(const PlanProfiles& profiles);

}  // namespace tinysplit
