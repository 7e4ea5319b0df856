#pragma once

#include <cstdint>
#include <string>

namespace tinysplit {

// Numbers for people: three significant digits, a unit that keeps them between 1 and 1000, a space
// between number and unit. Numbers that are not finite give "n/a".

// "0 s", "850 ns", "12.3 µs", "4.50 ms", "1.20 s", "95.0 s", "2 min 5 s", "3 h 7 min".
std::string format_seconds(double seconds);

// Decimal units: "0 B", "512 B", "1.20 kB", "3.40 MB".
std::string format_bytes(double bytes);

// Decimal units: "250 kbit/s", "50.0 Mbit/s".
std::string format_bits_per_s(double bits_per_s);

// "123", "59,000,000".
std::string format_count(std::int64_t count);

// "12.5k", "3.40M", "1.20G"; for MACs and parameters.
std::string format_magnitude(double value);

// Of a share of 1: "92.21%".
std::string format_percent(double share);

// A factor: "1.25x", "12.3x", "1,250x".
std::string format_factor(double factor);

}  // namespace tinysplit
