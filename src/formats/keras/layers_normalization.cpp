// Layers that scale and shift.
#include <algorithm>
#include <cmath>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

// Numbers of an option: one, a list however nested, or a typed value around either.
Result<std::vector<double>> numbers(const LayerOptions& options, const char* key) {
  const Json* json = &options.at(key);
  if (const Json& value = member(member(*json, "config"), "value"); !value.is_null()) json = &value;
  std::vector<double> found;
  const auto collect = [&](const auto& self, const Json& item) -> bool {
    if (item.is_number()) {
      found.push_back(item.get<double>());
      return true;
    }
    return item.is_array() &&
           std::ranges::all_of(item, [&](const Json& inner) { return self(self, inner); });
  };
  if (!collect(collect, *json)) return options.wrong(key, "a number or a list of numbers");
  return found;
}

// Axes counted from 0, sorted, without the batch; an absent option or [] is none.
Result<std::vector<int>> kept_axes(const LayerOptions& options, int rank) {
  std::vector<int> axes;
  if (options.at("axis").is_null()) return axes;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> listed,
                             options.integers("axis", -rank, rank - 1));
  for (const std::int64_t axis : listed) {
    axes.push_back(static_cast<int>(axis < 0 ? axis + rank : axis));
  }
  std::ranges::sort(axes);
  const bool repeats = std::ranges::adjacent_find(axes) != axes.end();
  if (repeats || (!axes.empty() && axes.front() == 0)) return options.unsupported("axis");
  return axes;
}

// y = x * scale + shift with one scale and shift for each place along `axes`.
Result<ValueId> add_along(LayerContext& context, ValueId x, const std::vector<int>& axes,
                          const std::vector<double>& scale, const std::vector<double>& shift) {
  const Shape input = context.shape(x);
  const bool last_only = axes.size() == 1 && axes.front() == input.rank() - 1;
  if (axes.empty() || last_only) {
    // A single number serves all channels.
    return context.add_affine(
        x, [&](std::size_t c) { return scale[c % scale.size()]; },
        [&](std::size_t c) { return shift[c % shift.size()]; });
  }
  std::vector<std::int64_t> dims(static_cast<std::size_t>(input.rank()), 1);
  for (const int axis : axes) dims[static_cast<std::size_t>(axis)] = input[axis];
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_RETURN_IF_ERROR(context.spend_constants(2 * shape.num_elements()));
  Tensor scales(DType::kFloat32, shape);
  Tensor shifts(DType::kFloat32, shape);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.num_elements()); ++i) {
    scales.as<float>()[i] = static_cast<float>(scale[i % scale.size()]);
    shifts.as<float>()[i] = static_cast<float>(shift[i % shift.size()]);
  }
  const ValueId scale_id = context.constant(std::move(scales));
  const ValueId shift_id = context.constant(std::move(shifts));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId scaled,
                             context.add(BinaryOp{BinaryKind::kMultiply}, {x, scale_id}));
  return context.add(BinaryOp{BinaryKind::kAdd}, {scaled, shift_id});
}

std::vector<double> widened(const Tensor& tensor) {
  const auto values = tensor.as<float>();
  return {values.begin(), values.end()};
}

struct ScaleShift {
  std::vector<double> scale;  // 1 where the layer has none
  std::vector<double> shift;  // 0
};

// The weights gamma and beta, if options scale and center say that there are some.
Result<ScaleShift> take_scale_shift(LayerContext& context, const Shape& shape) {
  const auto elements = static_cast<std::size_t>(shape.num_elements());
  TINYSPLIT_RETURN_IF_ERROR(context.spend_constants(shape.num_elements()));
  ScaleShift affine{std::vector<double>(elements, 1.0), std::vector<double>(elements, 0.0)};
  TINYSPLIT_ASSIGN_OR_RETURN(const bool has_gamma, context.options.flag("scale", true));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool has_beta, context.options.flag("center", true));
  if (has_gamma) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto gamma, context.weights.take(shape, "gamma"));
    affine.scale = widened(*gamma);
  }
  if (has_beta) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto beta, context.weights.take(shape, "beta"));
    affine.shift = widened(*beta);
  }
  return affine;
}

// Keras casts images of bytes before it scales them.
Result<ValueId> float_input(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  if (context.value(x).dtype == DType::kFloat32) return x;
  return context.add(CastOp{DType::kFloat32}, {x});
}

// Statistics of the input itself over `axes`, then one scale and shift for each place along them.
Result<ValueId> add_own_statistics(LayerContext& context, NormalizeKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> axes, kept_axes(context.options, input.rank()));
  if (axes.empty()) axes.push_back(input.rank() - 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.options.number("epsilon", 1e-3f));
  std::vector<std::int64_t> dims;
  for (const int axis : axes) dims.push_back(input[axis]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(NormalizeOp{kind, axes, epsilon}, {x}));
  if (kind == NormalizeKind::kMeanVariance) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ScaleShift affine, take_scale_shift(context, shape));
    return add_along(context, y, axes, affine.scale, affine.shift);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto scale, context.weights.take(shape, "scale"));
  return add_along(context, y, axes, widened(*scale), {0.0});
}

}  // namespace

Result<ValueId> translate_layer_normalization(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const bool by_variance, context.options.flag("rms_scaling", false));
  if (by_variance) return context.options.unsupported("rms_scaling");
  return add_own_statistics(context, NormalizeKind::kMeanVariance);
}

Result<ValueId> translate_rms_normalization(LayerContext& context) {
  return add_own_statistics(context, NormalizeKind::kRootMeanSquare);
}

// Statistics over each group of channels and all places together.
Result<ValueId> translate_group_normalization(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  const int rank = input.rank();
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> axis, kept_axes(options, rank));
  if (axis.empty()) axis.push_back(rank - 1);
  if (axis.size() != 1) return options.unsupported("axis");
  const std::int64_t channels = input[axis.front()];
  TINYSPLIT_ASSIGN_OR_RETURN(std::int64_t groups,
                             options.integer("groups", -1, LayerOptions::kMaxOption, 32));
  if (groups == -1) groups = channels;
  if (groups < 1 || channels % groups != 0) {
    return options.wrong("groups", "a divisor of " + std::to_string(channels) + " channels");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, options.number("epsilon", 1e-3f));
  std::vector<std::int64_t> dims(input.dims().begin(), input.dims().end());
  dims[static_cast<std::size_t>(axis.front())] = channels / groups;
  dims.insert(dims.begin() + axis.front(), groups);
  std::vector<int> reduced;
  for (int i = 1; i <= rank; ++i) {
    if (i != axis.front()) reduced.push_back(i);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId grouped, context.reshape_dims(x, dims));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ValueId normal,
      context.add(NormalizeOp{NormalizeKind::kMeanVariance, reduced, epsilon}, {grouped}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.reshape(normal, input));
  TINYSPLIT_ASSIGN_OR_RETURN(const ScaleShift affine, take_scale_shift(context, Shape{channels}));
  return add_along(context, y, axis, affine.scale, affine.shift);
}

Result<ValueId> translate_unit_normalization(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> axes, kept_axes(context.options, rank));
  if (axes.empty()) axes.push_back(rank - 1);
  constexpr float kEpsilon = 1e-24f;  // Keras bounds the root of the sum by 1e-12
  return context.add(NormalizeOp{NormalizeKind::kL2, axes, kEpsilon}, {x});
}

Result<ValueId> translate_batch_normalization(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  if (input.rank() < 2) return invalid_argument("its input has no channels");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, kept_axes(options, input.rank()));
  if (axes.size() != 1) return options.unsupported("axis");
  TINYSPLIT_ASSIGN_OR_RETURN(const bool renorm, options.flag("renorm", false));
  if (renorm) return options.unsupported("renorm");
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, options.number("epsilon", 1e-3f));
  const Shape channels{input[axes.front()]};
  TINYSPLIT_ASSIGN_OR_RETURN(ScaleShift affine, take_scale_shift(context, channels));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto mean, context.weights.take(channels, "moving mean"));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto variance,
                             context.weights.take(channels, "moving variance"));
  for (std::size_t c = 0; c < affine.scale.size(); ++c) {
    affine.scale[c] /= std::sqrt(double{variance->as<float>()[c]} + double{epsilon});
    affine.shift[c] -= double{mean->as<float>()[c]} * affine.scale[c];
  }
  return add_along(context, x, axes, affine.scale, affine.shift);
}

Result<ValueId> translate_normalization(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, float_input(context));
  const Shape input = context.shape(x);
  if (input.rank() < 2) return invalid_argument("its input has no features");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, kept_axes(options, input.rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool invert, options.flag("invert", false));
  std::vector<std::int64_t> dims;
  for (const int axis : axes) dims.push_back(input[axis]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  std::vector<double> mean;
  std::vector<double> variance;
  if (options.at("mean").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto means, context.weights.take(shape, "mean"));
    TINYSPLIT_ASSIGN_OR_RETURN(const auto variances, context.weights.take(shape, "variance"));
    mean = widened(*means);
    variance = widened(*variances);
    if (context.weights.remaining() > 0) context.weights.skip();  // how many values it has seen
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(mean, numbers(options, "mean"));
    TINYSPLIT_ASSIGN_OR_RETURN(variance, numbers(options, "variance"));
    const auto fits = [&](const std::vector<double>& values) {
      return values.size() == 1 || values.size() == std::size_t(shape.num_elements());
    };
    const std::string wanted = "one number or " + std::to_string(shape.num_elements());
    if (!fits(mean)) return options.wrong("mean", wanted);
    if (!fits(variance)) return options.wrong("variance", wanted);
  }
  // Keras bounds the deviation so, against features that never vary.
  constexpr double kLeastDeviation = 1e-7;
  std::vector<double> scale;
  std::vector<double> shift;
  for (std::size_t i = 0; i < std::max(mean.size(), variance.size()); ++i) {
    const double centre = mean[i % mean.size()];
    const double deviation = std::max(std::sqrt(variance[i % variance.size()]), kLeastDeviation);
    scale.push_back(invert ? deviation : 1.0 / deviation);
    shift.push_back(invert ? centre : -centre / deviation);
  }
  return add_along(context, x, axes, scale, shift);
}

Result<ValueId> translate_rescaling(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, float_input(context));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<double> scale, numbers(context.options, "scale"));
  std::vector<double> offset{0.0};
  if (!context.options.at("offset").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(offset, numbers(context.options, "offset"));
  }
  const auto channels = static_cast<std::size_t>(input[input.rank() - 1]);
  const std::string wanted = "one number or " + std::to_string(channels);
  if (scale.size() != 1 && scale.size() != channels) return context.options.wrong("scale", wanted);
  if (offset.size() != 1 && offset.size() != channels) {
    return context.options.wrong("offset", wanted);
  }
  return add_along(context, x, {}, scale, offset);
}

}  // namespace tinysplit::keras
