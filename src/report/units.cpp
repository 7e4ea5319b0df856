#include "report/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace tinysplit {
namespace {

struct Prefix {
  double scale;
  const char* name;
};

std::string printed(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

// `value` with three significant digits; for |value| < 1000.
std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size < 9.995) return printed("%.2f", value);
  if (size < 99.95) return printed("%.1f", value);
  return printed("%.0f", value);
}

// `value` in the largest unit of ascending `units` that leaves at least 1 of it. Rounding must not
// give "1000 B", so the next unit is taken from 999.5 on.
template <std::size_t N>
std::string scaled(double value, const std::array<Prefix, N>& units, const char* separator) {
  const double size = std::abs(value);
  std::size_t unit = 0;
  while (unit + 1 < N && size >= 0.9995 * units[unit + 1].scale) ++unit;
  if (size >= 999.5 * units[unit].scale) {
    return format_count(std::llround(std::min(value / units[unit].scale, 9e18))) + separator +
           units[unit].name;
  }
  return three_digits(value / units[unit].scale) + separator + units[unit].name;
}

bool is_whole_and_small(double value) {
  return std::abs(value) < 999.5 && value == std::round(value);
}

}  // namespace

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return "n/a";
  if (seconds == 0.0) return "0 s";
  const double size = std::abs(seconds);
  if (size < 99.95) {
    static constexpr std::array<Prefix, 4> kUnits{
        {{1e-9, "ns"}, {1e-6, "µs"}, {1e-3, "ms"}, {1.0, "s"}}};
    return scaled(seconds, kUnits, " ");
  }
  const std::string sign = seconds < 0 ? "-" : "";
  if (size > 1e15) return sign + printed("%.3g s", size);
  const std::int64_t whole = std::llround(size);
  if (whole < 3600) {
    return sign + std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  }
  const std::int64_t minutes = std::llround(size / 60.0);
  return sign + format_count(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

std::string format_bytes(double bytes) {
  if (!std::isfinite(bytes)) return "n/a";
  if (is_whole_and_small(bytes)) return printed("%.0f B", bytes);
  static constexpr std::array<Prefix, 5> kUnits{
      {{1.0, "B"}, {1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {1e12, "TB"}}};
  return scaled(bytes, kUnits, " ");
}

std::string format_bits_per_s(double bits_per_s) {
  if (!std::isfinite(bits_per_s)) return "n/a";
  if (is_whole_and_small(bits_per_s)) return printed("%.0f bit/s", bits_per_s);
  static constexpr std::array<Prefix, 5> kUnits{
      {{1.0, "bit/s"}, {1e3, "kbit/s"}, {1e6, "Mbit/s"}, {1e9, "Gbit/s"}, {1e12, "Tbit/s"}}};
  return scaled(bits_per_s, kUnits, " ");
}

std::string format_count(std::int64_t count) {
  std::string digits = std::to_string(count);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t end = digits.size(); end > first + 3;) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

std::string format_magnitude(double value) {
  if (!std::isfinite(value)) return "n/a";
  if (is_whole_and_small(value)) return printed("%.0f", value);
  static constexpr std::array<Prefix, 5> kUnits{
      {{1.0, ""}, {1e3, "k"}, {1e6, "M"}, {1e9, "G"}, {1e12, "T"}}};
  return scaled(value, kUnits, "");
}

std::string format_percent(double share) {
  if (!std::isfinite(share)) return "n/a";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f%%", 100.0 * share);
  return text;
}

std::string format_factor(double factor) {
  if (!std::isfinite(factor)) return "n/a";
  if (std::abs(factor) >= 999.5) return format_count(std::llround(std::min(factor, 9e18))) + "x";
  return three_digits(factor) + "x";
}

}  // namespace tinysplit
