// Reads the bytes as a throughput trace; what is accepted must be one.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/limits.h"
#include "net/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tinysplit;  // NOLINT
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  const auto points = parse_trace({reinterpret_cast<const char*>(data), size});
  if (!points.ok()) {
    require(!points.status().message().empty());
    return 0;
  }
  require(!points->empty() && points->size() <= limits::kMaxTracePoints);
  bool any_rate = false;
  for (std::size_t i = 0; i < points->size(); ++i) {
    const RatePoint& point = (*points)[i];
    require(std::isfinite(point.time_s) && std::isfinite(point.bits_per_s));
    require(point.bits_per_s >= 0);
    require(i == 0 || (*points)[i - 1].time_s < point.time_s);
    any_rate = any_rate || point.bits_per_s > 0;
  }
  require(any_rate);
  return 0;
}
