#include "formats/keras/layer_context.h"

#include <algorithm>

#include "graph/shape_inference.h"
#include "graph/type_inference.h"
#include "kernels/evaluate.h"

namespace tinysplit::keras {

Result<ValueId> LayerContext::single_input() const {
  if (inputs.size() == 1) return inputs.front();
  return invalid_argument("it is called on " + std::to_string(inputs.size()) +
                          " tensors, it takes one");
}

Result<ValueId> LayerContext::spatial_input(int axes) const {
  static constexpr const char* kForms[] = {"[N,W,C]", "[N,H,W,C]", "[N,D,H,W,C]"};
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, single_input());
  if (shape(x).rank() == axes + 2) return x;
  return invalid_argument("its input has shape " + shape(x).to_string() + ", it takes " +
                          kForms[axes - 1]);
}

Result<ValueId> LayerContext::image_input(int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, spatial_input(axes));
  if (axes != 1) return x;
  const Shape& in = shape(x);
  return reshape_dims(x, {in[0], 1, in[1], in[2]});
}

Result<ValueId> LayerContext::from_image(ValueId image, int axes) {
  if (axes != 1) return image;
  const Shape& in = shape(image);
  return reshape_dims(image, {in[0], in[1] * in[2], in[3]});
}

std::vector<ValueId> LayerContext::take_named(const std::string& key) {
  const auto found = named_.find(key);
  if (found == named_.end()) return {};
  std::vector<ValueId> values = std::move(found->second);
  named_.erase(found);
  return values;
}

std::optional<Json> LayerContext::take_argument(const std::string& key) {
  const auto found = arguments.find(key);
  if (found == arguments.end()) return {};
  Json value = std::move(found->second);
  arguments.erase(found);
  return value;
}

Result<std::optional<ValueId>> LayerContext::take_mask(bool only_input) {
  const std::vector<ValueId> given = take_named("mask");
  if (given.empty() && !only_input && keras_major == 3) return std::optional<ValueId>();
  if (given.empty()) return state_.masks.find(*this, inputs.front());
  const Shape& steps = shape(inputs.front());
  const bool fits = given.size() == 1 && value(given.front()).dtype == DType::kBool &&
                    steps.rank() >= 2 && shape(given.front()) == Shape{steps[0], steps[1]};
  if (!fits) return unimplemented("its argument mask is not one of bool for each step");
  return std::optional(given.front());
}

Status LayerContext::expect_no_more_arguments() const {
  std::string key;
  if (!named_.empty()) key = named_.begin()->first;
  if (!arguments.empty()) key = arguments.begin()->first;
  if (named_.empty() && arguments.empty()) return ok_status();
  return unimplemented("it is called with the argument " + key.substr(0, 64) +
                       ", which is not supported");
}

Result<ValueId> LayerContext::weight(const Shape& shape, const char* what,
                                     const std::optional<Shape>& as) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, weights.take(shape, what, as));
  const auto [known, is_new] = state_.weights.try_emplace(tensor.get(), -1);
  if (is_new) known->second = state_.builder.add_constant(tensor);
  return known->second;
}

Result<ValueId> LayerContext::compute(Op op, std::vector<ValueId> operands) {
  std::vector<const Value*> values;
  for (const ValueId id : operands) values.push_back(&value(id));
  const bool constant = std::ranges::all_of(values, &Value::is_constant);
  if (!constant) return add(std::move(op), std::move(operands));
  TINYSPLIT_ASSIGN_OR_RETURN(const Value made, infer_output(op, values, std::nullopt));
  TINYSPLIT_RETURN_IF_ERROR(spend_constants(made.shape.num_elements()));
  if (count_macs(op, values, made.shape) > limits::kMaxFoldedMacs) {
    return resource_exhausted("an operation on constants multiplies more than " +
                              std::to_string(limits::kMaxFoldedMacs) + " times");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor result, evaluate(op, values));
  return state_.builder.add_constant(std::move(result));
}

Status LayerContext::spend_constants(std::int64_t elements) {
  state_.constants_left -= elements;
  if (state_.constants_left >= 0) return ok_status();
  return resource_exhausted("the configuration of the model asks for more than " +
                            std::to_string(limits::kMaxConfigConstants) + " constants");
}

Result<ValueId> LayerContext::filled(const Shape& shape, float number) {
  TINYSPLIT_RETURN_IF_ERROR(spend_constants(shape.num_elements()));
  Tensor tensor(DType::kFloat32, shape);
  std::ranges::fill(tensor.as<float>(), number);
  return constant(std::move(tensor));
}

Result<ValueId> LayerContext::add_affine(ValueId x, const std::function<double(std::size_t)>& scale,
                                         const std::function<double(std::size_t)>& shift) {
  const Shape channels{shape(x)[shape(x).rank() - 1]};
  TINYSPLIT_RETURN_IF_ERROR(spend_constants(2 * channels[0]));
  Tensor scales(DType::kFloat32, channels);
  Tensor shifts(DType::kFloat32, channels);
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels[0]); ++c) {
    scales.as<float>()[c] = static_cast<float>(scale(c));
    shifts.as<float>()[c] = static_cast<float>(shift(c));
  }
  const ValueId scale_id = constant(std::move(scales));
  const ValueId shift_id = constant(std::move(shifts));
  return add(ChannelAffineOp{}, {x, scale_id, shift_id});
}

Result<ValueId> LayerContext::reshape(ValueId x, const Shape& to) {
  if (shape(x) == to) return x;
  return add(ReshapeOp{to}, {x});
}

Result<ValueId> LayerContext::reshape_dims(ValueId x, const std::vector<std::int64_t>& dims) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return reshape(x, to);
}

}  // namespace tinysplit::keras
