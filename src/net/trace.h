#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// The rate of a link from `time_s` to the time of the next point.
struct RatePoint {
  double time_s = 0;
  double bits_per_s = 0;
};

// Reads a throughput trace: lines of "time in seconds,rate in Mbit/s", with or without a header
// line; empty lines, those that begin with '#' and further columns are ignored. Times must rise,
// rates must not be negative, and one must be positive. Errors: INVALID_ARGUMENT naming the line,
// OUT_OF_RANGE (a limit), those of read_file.
Result<std::vector<RatePoint>> parse_trace(std::string_view csv);
Result<std::vector<RatePoint>> read_trace(const std::filesystem::path& path);

}  // namespace tinysplit
