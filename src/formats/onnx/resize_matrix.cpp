#include "formats/onnx/resize_matrix.h"

#include <algorithm>
#include <cmath>

namespace tinysplit::onnx_format {
namespace {

// Where output k lies among the inputs.
Result<float> coordinate_of(const AxisResize& axis, std::int64_t k) {
  const float at = static_cast<float>(k);
  const float from = static_cast<float>(axis.from), to = static_cast<float>(axis.to);
  if (axis.coordinates == "half_pixel") return (at + 0.5f) / axis.scale - 0.5f;
  if (axis.coordinates == "half_pixel_symmetric") {
    // The middle of the output lies on that of the input, whatever rounding made of its size.
    const float adjustment = to / (axis.scale * from);
    return from / 2.0f * (1.0f - adjustment) + (at + 0.5f) / axis.scale - 0.5f;
  }
  if (axis.coordinates == "pytorch_half_pixel") {
    return axis.to > 1 ? (at + 0.5f) / axis.scale - 0.5f : 0.0f;
  }
  if (axis.coordinates == "align_corners") {
    return axis.to > 1 ? at * (from - 1.0f) / (to - 1.0f) : 0.0f;
  }
  if (axis.coordinates == "asymmetric") return at / axis.scale;
  if (axis.coordinates == "tf_half_pixel_for_nn") return (at + 0.5f) / axis.scale;
  return unimplemented("attribute \"coordinate_transformation_mode\" = \"" + axis.coordinates +
                       "\" is not supported");
}

// The weight of what lies at a distance: a tent, or the cubic convolution of Keys (1981).
double weight_at(const AxisResize& axis, double distance) {
  const double d = std::abs(distance);
  if (!axis.cubic) return std::max(1.0 - d, 0.0);
  const double a = axis.cubic_a;
  if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
  if (d < 2.0) return ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
  return 0.0;
}

}  // namespace

Result<Tensor> resize_matrix(const AxisResize& axis) {
  Tensor matrix(DType::kFloat32, Shape{axis.from, axis.to});
  const auto weights = matrix.as<float>();
  // Antialiasing widens the weights to all that an output stands for.
  const double shrink = axis.antialias ? std::min(1.0, double{axis.scale}) : 1.0;
  const double reach = (axis.cubic ? 2.0 : 1.0) / shrink;
  const bool inside = axis.exclude_outside;
  std::vector<double> column(static_cast<std::size_t>(axis.from));
  for (std::int64_t k = 0; k < axis.to; ++k) {
    TINYSPLIT_ASSIGN_OR_RETURN(const float found, coordinate_of(axis, k));
    const double at = found;
    std::ranges::fill(column, 0.0);
    double sum = 0.0;
    const std::int64_t first = static_cast<std::int64_t>(std::floor(at - reach)) + 1;
    const std::int64_t last = static_cast<std::int64_t>(std::floor(at + reach));
    for (std::int64_t i = first; i <= last; ++i) {
      if (inside && (i < 0 || i >= axis.from)) continue;
      const double weight = weight_at(axis, (at - static_cast<double>(i)) * shrink);
      // What lies outside is what lies on the border.
      column[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, axis.from - 1))] += weight;
      sum += weight;
    }
    const bool normal = !inside && !axis.antialias;
    const double factor = normal || sum == 0.0 ? 1.0 : 1.0 / sum;
    for (std::int64_t i = 0; i < axis.from; ++i) {
      weights[static_cast<std::size_t>(i * axis.to + k)] =
          static_cast<float>(column[static_cast<std::size_t>(i)] * factor);
    }
  }
  return matrix;
}

Result<std::vector<std::int64_t>> nearest_elements(const AxisResize& axis,
                                                   const std::string& nearest_mode) {
  std::vector<std::int64_t> elements;
  for (std::int64_t k = 0; k < axis.to; ++k) {
    TINYSPLIT_ASSIGN_OR_RETURN(const float at, coordinate_of(axis, k));
    const bool half = at - std::floor(at) == 0.5f;
    float nearest = std::floor(at + 0.5f);
    if (nearest_mode == "round_prefer_floor" && half) nearest = std::floor(at);
    if (nearest_mode == "floor") nearest = std::floor(at);
    if (nearest_mode == "ceil") nearest = std::ceil(at);
    elements.push_back(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(nearest), 0, axis.from - 1));
  }
  return elements;
}

}  // namespace tinysplit::onnx_format
