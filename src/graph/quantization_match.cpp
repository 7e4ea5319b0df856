#include "graph/quantization_match.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace tinysplit {
namespace {

// The shortest text from which the same float comes back.
std::string text_of(float number) {
  char text[32];
  return {text, std::to_chars(std::begin(text), std::end(text), number).ptr};
}

std::string describe(std::span<const float> scale, std::span<const std::int32_t> zero_point,
                     int axis) {
  if (scale.empty() || zero_point.empty()) return "no scale";
  const std::string first =
      "scale " + text_of(scale[0]) + ", zero point " + std::to_string(zero_point[0]);
  if (axis < 0) return first;
  return std::to_string(scale.size()) + " scales along axis " + std::to_string(axis) + " from " +
         first + " on";
}

}  // namespace

Status expect_quantization(const Value& value, std::span<const float> scale,
                           std::span<const std::int32_t> zero_point, int axis) {
  static const Quantization kNone;
  const Quantization& own = value.quantization ? *value.quantization : kNone;
  const bool same = std::ranges::equal(own.scale, scale) &&
                    std::ranges::equal(own.zero_point, zero_point) && own.axis == axis;
  if (same) return ok_status();
  return invalid_argument("tensor \"" + value.name + "\" was sent with " +
                          describe(scale, zero_point, axis) + ", the model has " +
                          describe(own.scale, own.zero_point, own.axis) +
                          "; give both sides the same model file");
}

}  // namespace tinysplit
