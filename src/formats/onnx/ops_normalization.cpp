#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/onnx/common_operands.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

Operand vector_operand(const std::vector<float>& values) {
  Tensor tensor(DType::kFloat32, Shape{static_cast<std::int64_t>(values.size())});
  std::ranges::copy(values, tensor.as<float>().begin());
  return operand_of(std::move(tensor));
}

Status check_count(const std::vector<float>& values, std::int64_t channels, const char* what) {
  if (static_cast<std::int64_t>(values.size()) == channels) return ok_status();
  return invalid_argument(std::string(what) + " has " + std::to_string(values.size()) +
                          " entries for " + std::to_string(channels) + " channels");
}

std::vector<int> range_of(int begin, int end) {
  std::vector<int> axes(static_cast<std::size_t>(std::max(end - begin, 0)));
  std::iota(axes.begin(), axes.end(), begin);
  return axes;
}

}  // namespace

Status translate_batch_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(5, 5));
  for (const char* name : {"momentum", "is_test"}) context.attributes.ignore(name);
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.attributes.real("epsilon", 1e-5f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool training, context.attributes.flag("training_mode", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool spatial, context.attributes.flag("spatial", true));
  if (training) return context.attributes.unsupported("training_mode");
  if (!spatial) return context.attributes.unsupported("spatial");
  const Shape shape = context.shape(0);
  if (shape.rank() < 2 || shape.rank() > 5) {
    return unimplemented("its input has shape " + shape.to_string() +
                         "; 2 to 5 axes are supported");
  }
  std::vector<std::vector<float>> parameters;
  for (int i = 1; i < 5; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::vector<float> values, context.reals(i, "a parameter"));
    TINYSPLIT_RETURN_IF_ERROR(check_count(values, shape[1], "a parameter"));
    parameters.push_back(std::move(values));
  }
  std::vector<float> scale, shift;
  for (std::size_t c = 0; c < parameters[0].size(); ++c) {
    const double factor = parameters[0][c] / std::sqrt(double{parameters[3][c]} + epsilon);
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(parameters[1][c] - parameters[2][c] * factor));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y, context.add(ChannelAffineOp{}, {x, vector_operand(scale), vector_operand(shift)}));
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

Status translate_instance_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.attributes.real("epsilon", 1e-5f));
  const Shape shape = context.shape(0);
  if (!has_channels_last(shape.rank())) {
    return unimplemented("its input has shape " + shape.to_string() +
                         "; 3 to 5 axes are supported");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> scale, context.reals(1, "its scale"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> shift, context.reals(2, "its bias"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  const int last = context.shape(x).rank() - 1;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand normal,
      context.add(NormalizeOp{NormalizeKind::kMeanVariance, range_of(1, last), epsilon}, {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y,
      context.add(ChannelAffineOp{}, {normal, vector_operand(scale), vector_operand(shift)}));
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

namespace {

// Mean and 1 / sqrt(variance + epsilon), with the axes kept.
Status set_statistics(NodeContext& context, const Operand& x, const std::vector<int>& axes,
                      float epsilon) {
  if (!context.wants_output(1) && !context.wants_output(2)) return ok_status();
  const ReduceOp mean_op{ReduceKind::kMean, axes, true};
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand mean, context.add(mean_op, {x}));
  if (context.wants_output(1)) context.set_output(1, mean);
  if (!context.wants_output(2)) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand distance,
                             context.add(BinaryOp{BinaryKind::kSquaredDifference}, {x, mean}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand variance, context.add(mean_op, {distance}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand raised, linear(context, variance, 1.0f, epsilon));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand inverse,
                             context.add(UnaryOp{UnaryKind::kReciprocalSqrt}, {raised}));
  context.set_output(2, std::move(inverse));
  return ok_status();
}

}  // namespace

Status translate_layer_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.attributes.real("epsilon", 1e-5f));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", -1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t stash, context.attributes.integer("stash_type", 1));
  if (stash != 1) return context.attributes.unsupported("stash_type");
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, rank));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y,
      context.add(NormalizeOp{NormalizeKind::kMeanVariance, range_of(axis, rank), epsilon}, {x}));
  for (int i = 1; i <= 2; ++i) {
    if (!context.has_input(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand parameter, context.input(i));
    const BinaryKind kind = i == 1 ? BinaryKind::kMultiply : BinaryKind::kAdd;
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{kind}, {y, parameter}));
  }
  context.set_output(0, std::move(y));
  return set_statistics(context, x, range_of(axis, rank), epsilon);
}

// x / sqrt(mean of squares + epsilon) * scale.
Status translate_rms_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  context.attributes.ignore("stash_type");
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.attributes.real("epsilon", 1e-5f));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", -1));
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, rank));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand scale, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand normal,
      context.add(NormalizeOp{NormalizeKind::kRootMeanSquare, range_of(axis, rank), epsilon}, {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             context.add(BinaryOp{BinaryKind::kMultiply}, {normal, scale}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_group_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  context.attributes.ignore("stash_type");
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon, context.attributes.real("epsilon", 1e-5f));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups,
                             context.attributes.integer("num_groups", 0));
  const Shape shape = context.shape(0);
  if (shape.rank() < 3 || groups < 1 || shape[1] % groups != 0) {
    return invalid_argument("cannot make " + std::to_string(groups) + " groups of " +
                            shape.to_string());
  }
  const std::int64_t size = shape.num_elements() / (shape[0] * groups);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand grouped,
                             context.graph().reshape(x, Shape{shape[0], groups, size}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand normal,
      context.add(NormalizeOp{NormalizeKind::kMeanVariance, {2}, epsilon}, {grouped}));
  // One scale for each group up to operator set 20, for each channel after that.
  const std::int64_t entries = context.shape(1).num_elements();
  Operand y = normal;
  Shape parameter_shape{1, groups, 1};
  if (context.opset >= 21) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().reshape(y, shape));
    parameter_shape = shape;
    for (int i = 0; i < shape.rank(); ++i) parameter_shape[i] = i == 1 ? shape[1] : 1;
  }
  if (entries != parameter_shape.num_elements()) {
    return invalid_argument("has " + std::to_string(entries) + " scales, needs " +
                            std::to_string(parameter_shape.num_elements()));
  }
  for (int i = 1; i <= 2; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(Operand parameter, context.input(i));
    TINYSPLIT_ASSIGN_OR_RETURN(parameter, context.graph().reshape(parameter, parameter_shape));
    const BinaryKind kind = i == 1 ? BinaryKind::kMultiply : BinaryKind::kAdd;
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{kind}, {y, parameter}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().reshape(y, shape));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_lp_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", -1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t p, context.attributes.integer("p", 2));
  if (p != 1 && p != 2) return context.attributes.unsupported("p");
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, context.shape(0).rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  const int there = x.layout == Layout::kFile ? axis : axis_in_channels_last(axis, x.rank);
  const ReduceKind kind = p == 1 ? ReduceKind::kL1 : ReduceKind::kL2;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand norm,
                             context.add(ReduceOp{kind, {there}, true}, x.operands));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             context.add(BinaryOp{BinaryKind::kDivide}, {x.operands[0], norm}));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

Status translate_mean_variance_normalization(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> given, context.attributes.integers("axes"));
  if (given.empty()) given = {0, 2, 3};
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> axes, context.axes(given, context.shape(0).rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  if (x.layout == Layout::kChannelsLast) {
    for (int& axis : axes) axis = axis_in_channels_last(axis, x.rank);
    std::ranges::sort(axes);
  }
  // The reference adds 1e-9 to the deviation; so small a variance of the operation is the same.
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y, context.add(NormalizeOp{NormalizeKind::kMeanVariance, axes, 1e-18f}, x.operands));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

// y = x * (bias + alpha * mean of x^2 over `size` channels around) ^ -beta: the mean is a pooling
// of the image whose rows are the channels.
Status translate_lrn(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, context.attributes.real("alpha", 1e-4f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float beta, context.attributes.real("beta", 0.75f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float bias, context.attributes.real("bias", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t size, context.attributes.integer("size", 0));
  const Shape shape = context.shape(0);
  if (shape.rank() < 2 || size < 1 || size > 1024) {
    return invalid_argument("attribute \"size\" or its input is out of range");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand square, context.add(UnaryOp{UnaryKind::kSquare}, {x}));
  const std::int64_t inner = shape.num_elements() / (shape[0] * shape[1]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand image,
                             context.graph().reshape(square, Shape{shape[0], shape[1], 1, inner}));
  Pool2dOp pool{PoolKind::kAverage, {size, 1}, {}, true};
  pool.spatial.pad_before[0] = (size - 1) / 2;
  pool.spatial.pad_after[0] = size - 1 - (size - 1) / 2;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand mean, context.add(pool, {image}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand base, linear(context, mean, alpha, bias));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand factor, context.add(BinaryOp{BinaryKind::kPower},
                                                               {base, scalar_operand(-beta)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand shaped, context.graph().reshape(factor, shape));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(BinaryOp{BinaryKind::kMultiply}, {x, shaped}));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
