#pragma once

#include <filesystem>
#include <string_view>

#include "core/status.h"
#include "graph/analytics.h"

namespace tinysplit {

// One model as measured on a device and on an edge.
struct AnalyticsPair {
  Analytics device;
  Analytics edge;
};

// Reads a combined profile of a chain: {"model": text, "input_bytes": {form: bytes, ...}, "layers":
// [{"index", "device_time_s", "edge_time_s", "output_bytes"}, ...]}. The smallest of the input's
// forms is the raw one. `where` (a path) begins error messages.
// Errors: INVALID_ARGUMENT that names the key, OUT_OF_RANGE (too large).
Result<AnalyticsPair> parse_combined_profile(std::string_view json, std::string_view where);

// Errors: those of read_file and parse_combined_profile.
Result<AnalyticsPair> read_combined_profile(const std::filesystem::path& path);

}  // namespace tinysplit
