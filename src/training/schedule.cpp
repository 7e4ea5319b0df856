#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

namespace tinysplit::training {

std::string_view schedule_name(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::kConstant:
      return "constant";
    case ScheduleKind::kCosine:
      return "cosine";
    case ScheduleKind::kStep:
      return "step";
  }
  return "";
}

Result<ScheduleKind> schedule_of(std::string_view name) {
  for (const auto kind : {ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kStep}) {
    if (schedule_name(kind) == name) return kind;
  }
  return invalid_argument("no schedule is called \"" + std::string(name.substr(0, 64)) +
                          "\"; there are constant, cosine and step");
}

Status check_schedule(const ScheduleOptions& options) {
  const auto refuse = [](const char* option, const std::string& range) {
    return invalid_argument("option " + std::string(option) + " of the schedule must be " + range);
  };
  const auto is_rate = [](double rate) { return std::isfinite(rate) && rate >= 0.0; };
  if (!is_rate(options.rate)) return refuse("rate", "0 or more");
  if (!is_rate(options.warmup_start)) return refuse("warmup_start", "0 or more");
  if (!is_rate(options.final_rate)) return refuse("final_rate", "0 or more");
  if (!is_rate(options.factor)) return refuse("factor", "0 or more");
  if (options.kind == ScheduleKind::kCosine && options.decay_steps == 0) {
    return refuse("decay_steps", "1 or more");
  }
  if (!std::ranges::is_sorted(options.boundaries)) return refuse("boundaries", "ascending");
  return ok_status();
}

double learning_rate(const ScheduleOptions& options, std::uint64_t step) {
  if (step < options.warmup_steps) {
    const double part = static_cast<double>(step) / static_cast<double>(options.warmup_steps);
    return options.warmup_start + (options.rate - options.warmup_start) * part;
  }
  switch (options.kind) {
    case ScheduleKind::kConstant:
      return options.rate;
    case ScheduleKind::kCosine: {
      const std::uint64_t done = std::min(step - options.warmup_steps, options.decay_steps);
      const double part = static_cast<double>(done) / static_cast<double>(options.decay_steps);
      const double left = 0.5 * (1.0 + std::cos(std::numbers::pi * part));
      return options.final_rate + (options.rate - options.final_rate) * left;
    }
    case ScheduleKind::kStep: {
      const auto passed = std::ranges::count_if(
          options.boundaries, [step](std::uint64_t boundary) { return boundary <= step; });
      return options.rate * std::pow(options.factor, static_cast<double>(passed));
    }
  }
  return options.rate;
}

}  // namespace tinysplit::training
