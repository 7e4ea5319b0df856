#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit::training {

enum class ScheduleKind : std::uint8_t {
  kConstant,
  kCosine,  // half a cosine from `rate` to `final_rate` (Loshchilov and Hutter, SGDR, 2017)
  kStep,    // multiplied by `factor` at each of `boundaries`
};

// The learning rate of every step. Before it runs as its kind says, it climbs for `warmup_steps`
// steps on a straight line from `warmup_start`, so that the first step after them has `rate`.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kConstant;
  double rate = 1e-3;  // the highest one
  std::uint64_t warmup_steps = 0;
  double warmup_start = 0.0;
  std::uint64_t decay_steps = 1;  // cosine: steps after the warm-up until `final_rate`, which stays
  double final_rate = 0.0;
  double factor = 0.1;                    // step
  std::vector<std::uint64_t> boundaries;  // step: counted from the first step of all, ascending
};

// "constant", "cosine", "step"
std::string_view schedule_name(ScheduleKind kind);
// Errors: INVALID_ARGUMENT, which lists the names.
Result<ScheduleKind> schedule_of(std::string_view name);

// Errors: INVALID_ARGUMENT (negative or not finite rates, boundaries out of order), by option.
Status check_schedule(const ScheduleOptions& options);

// The rate of step `step`, which counts from 0. Precondition: check_schedule() was ok.
double learning_rate(const ScheduleOptions& options, std::uint64_t step);

}  // namespace tinysplit::training
