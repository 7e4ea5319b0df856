// What the translation of several operations has in common.
#include "formats/keras/op_export.h"

#include <algorithm>
#include <cmath>

namespace tinysplit::keras {
namespace {

Json list_of(std::span<const std::int64_t> numbers) {
  Json list = Json::array();
  for (const std::int64_t number : numbers) list.push_back(number);
  return list;
}

bool all_equal(std::span<const float> numbers) {
  return std::ranges::all_of(numbers, [&](float each) { return each == numbers.front(); });
}

// Borders of one kind of layer: ZeroPadding and Cropping of one to three axes.
struct BorderLayer {
  const char* name;
  const char* option;
  int sign;  // of what a border adds to an axis
};
constexpr BorderLayer kZeroPadding{"ZeroPadding", "padding", 1};
constexpr BorderLayer kCropping{"Cropping", "cropping", -1};

bool has_border(const std::vector<std::int64_t>& before, const std::vector<std::int64_t>& after,
                int axis) {
  return before[static_cast<std::size_t>(axis)] != 0 || after[static_cast<std::size_t>(axis)] != 0;
}

Shape with_border(const Shape& shape, const std::vector<std::int64_t>& before,
                  const std::vector<std::int64_t>& after, int sign) {
  Shape to = shape;
  for (int axis = 0; axis < to.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    to[axis] += sign * (before[i] + after[i]);
  }
  return to;
}

// One layer for all spatial axes of [N,...,C].
KerasTensor add_border(ExportContext& context, const BorderLayer& layer, const KerasTensor& x,
                       const std::vector<std::int64_t>& before,
                       const std::vector<std::int64_t>& after) {
  const int axes = x.shape.rank() - 2;
  Json sides = Json::array();
  for (int axis = 1; axis <= axes; ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    sides.push_back(list_of(std::vector<std::int64_t>{before[i], after[i]}));
  }
  if (axes == 1) sides = Json(sides.front());
  Json options = Json::object();
  options[layer.option] = std::move(sides);
  if (axes > 1) options["data_format"] = "channels_last";
  return context.add(layer.name + std::to_string(axes) + "D", std::move(options), x,
                     with_border(x.shape, before, after, layer.sign));
}

Exported add_borders(ExportContext& context, const BorderLayer& layer, KerasTensor x,
                     const std::vector<std::int64_t>& before,
                     const std::vector<std::int64_t>& after) {
  const int rank = x.shape.rank();
  if (has_border(before, after, 0)) return unimplemented("it changes the batch");
  bool any = false;
  for (int axis = 1; axis < rank; ++axis) any = any || has_border(before, after, axis);
  if (!any) return x;
  if (rank >= 3 && rank <= 5 && !has_border(before, after, rank - 1)) {
    return add_border(context, layer, x, before, after);
  }
  // Any one axis is the middle one of a matrix of rows.
  for (int axis = 1; axis < rank; ++axis) {
    if (!has_border(before, after, axis)) continue;
    const auto i = static_cast<std::size_t>(axis);
    const Shape whole = x.shape;
    std::int64_t outer = 1, inner = 1;
    for (int k = 1; k < axis; ++k) outer *= whole[k];
    for (int k = axis + 1; k < rank; ++k) inner *= whole[k];
    TINYSPLIT_ASSIGN_OR_RETURN(KerasTensor rows,
                               context.reshape(x, Shape{1, outer, whole[axis], inner}));
    rows = add_border(context, layer, rows, {0, 0, before[i], 0}, {0, 0, after[i], 0});
    Shape to = whole;
    to[axis] = rows.shape[2];
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(rows, to));
  }
  return x;
}

}  // namespace

Exported ExportContext::input(std::size_t i) const {
  const Value& value = input_value(i);
  if (value.is_constant()) {
    return unimplemented("its input " + std::to_string(i) + " is a constant " +
                         value.shape.to_string() + ", where layers of Keras take tensors");
  }
  const ExportedValue& exported = raw_input(i);
  if (exported.reversed || exported.cell) {
    return unimplemented("it reads the steps of a recurrent layer in an order of its own");
  }
  return exported.tensor;
}

Result<const Tensor*> ExportContext::constant(std::size_t i) const {
  const Value& value = input_value(i);
  if (value.is_constant() && value.dtype == DType::kFloat32) return value.data.get();
  return unimplemented("its input " + std::to_string(i) +
                       " is computed, where layers of Keras have weights");
}

bool ExportContext::only_read_as_index() const {
  if (std::ranges::count(graph_.outputs(), node_.output) > 0) return false;
  return std::ranges::all_of(graph_.nodes(), [&](const Node& reader) {
    if (std::ranges::count(reader.inputs, node_.output) == 0) return true;
    return std::holds_alternative<GatherOp>(reader.op) && reader.inputs[0] != node_.output;
  });
}

bool ExportContext::input_is_positive() const {
  ValueId value = node_.inputs[0];
  while (graph_.producer(value) >= 0) {
    const Node& made_by = graph_.nodes()[static_cast<std::size_t>(graph_.producer(value))];
    const auto* activation = std::get_if<ActivationOp>(&made_by.op);
    if (activation != nullptr) {
      return (activation->kind == ActivationKind::kClip && activation->alpha >= 0.0f) ||
             activation->kind == ActivationKind::kSigmoid;
    }
    if (!std::holds_alternative<ReshapeOp>(made_by.op)) return false;
    value = made_by.inputs[0];
  }
  return false;
}

Exported ExportContext::reshape(const KerasTensor& x, const Shape& to) {
  if (x.shape == to) return x;
  if (to.rank() == 0 || to[0] != 1) {
    return unimplemented("it makes " + to.to_string() + ", which has no batch of 1 in front");
  }
  if (to.rank() == 2 && x.shape.rank() > 2) return add("Flatten", Json::object(), x, to);
  return add("Reshape", Json::object({{"target_shape", list_of(to.dims().subspan(1))}}), x, to);
}

KerasTensor ExportContext::rescale(const KerasTensor& x, float scale, float offset) {
  return add("Rescaling", {{"scale", scale}, {"offset", offset}}, x, x.shape);
}

Exported ExportContext::scale_and_shift(const KerasTensor& x, int axis,
                                        std::span<const float> scale,
                                        std::span<const float> shift) {
  const bool finite = std::ranges::all_of(scale, [](float v) { return std::isfinite(v); }) &&
                      std::ranges::all_of(shift, [](float v) { return std::isfinite(v); });
  if (axis == x.shape.rank() - 1 && finite && all_equal(scale) && all_equal(shift)) {
    return rescale(x, scale.front(), shift.front());
  }
  if (x.shape.rank() < 2 || axis < 1) return unimplemented("it has no channels to scale");
  const Shape channels{x.shape[axis]};
  const auto filled = [&](std::span<const float> values) -> const Tensor& {
    Tensor tensor(DType::kFloat32, channels);
    const std::span<float> places = tensor.as<float>();
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = values[i % values.size()];
    return model.keep(std::move(tensor));
  };
  const float zero = 0.0f, one = 1.0f;
  const Json options{{"axis", axis}, {"epsilon", 0.0}, {"center", true}, {"scale", true}};
  return add("BatchNormalization", options, x, x.shape,
             {{"gamma", filled(scale).view()},
              {"beta", filled(shift).view()},
              {"moving_mean", filled({&zero, 1}).view()},
              {"moving_variance", filled({&one, 1}).view()}});
}

Exported ExportContext::pad(const KerasTensor& x, const std::vector<std::int64_t>& before,
                            const std::vector<std::int64_t>& after) {
  return add_borders(*this, kZeroPadding, x, before, after);
}

Exported ExportContext::crop(const KerasTensor& x, const std::vector<std::int64_t>& before,
                             const std::vector<std::int64_t>& after) {
  return add_borders(*this, kCropping, x, before, after);
}

}  // namespace tinysplit::keras
