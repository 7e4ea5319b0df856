// Operations that work element by element, scale, or normalise.
#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "formats/keras/op_export.h"
#include "formats/keras/op_export_operations.h"

namespace tinysplit::keras {
namespace {

KerasTensor add_relu(ExportContext& context, const KerasTensor& x, float most, float slope = 0.0f,
                     float threshold = 0.0f) {
  Json options{{"max_value", nullptr}, {"negative_slope", slope}, {"threshold", threshold}};
  if (most != kInfinity) options["max_value"] = most;
  return context.add("ReLU", std::move(options), x, x.shape);
}

// Between any two bounds: moved to begin at zero and back.
Exported add_clip(ExportContext& context, const KerasTensor& x, float least, float most) {
  if (least == 0.0f && most >= 0.0f) return add_relu(context, x, most);
  const KerasTensor moved = context.rescale(x, 1.0f, -least);
  return context.rescale(add_relu(context, moved, most - least), 1.0f, least);
}

Exported add_named(ExportContext& context, const KerasTensor& x, const std::string& name) {
  return context.add("Activation", Json::object({{"activation", name}}), x, x.shape);
}

const char* merge_class(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return "Add";
    case BinaryKind::kSubtract:
      return "Subtract";
    case BinaryKind::kMultiply:
      return "Multiply";
    case BinaryKind::kMaximum:
      return "Maximum";
    case BinaryKind::kMinimum:
      return "Minimum";
    default:
      return nullptr;
  }
}

// The one axis along which a constant that is broadcast to `shape` differs; none if it differs
// along several, the rank if it is one number.
std::optional<int> axis_of(const Shape& constant, const Shape& shape) {
  if (constant.num_elements() == 1) return shape.rank();
  std::optional<int> axis;
  for (int i = 0; i < constant.rank(); ++i) {
    if (constant[i] == 1) continue;
    const int own = i + shape.rank() - constant.rank();
    if (axis || own < 1 || constant[i] != shape[own]) return std::nullopt;
    axis = own;
  }
  return axis;
}

// x op c, or c op x where `first`.
Exported add_with_constant(ExportContext& context, BinaryKind kind, const KerasTensor& x,
                           const Tensor& constant, bool first) {
  const auto values = constant.as<float>();
  const std::optional<int> axis = axis_of(constant.shape(), x.shape);
  if (!axis || !(context.output() == x.shape)) {
    return export_as_operation(BinaryOp{kind}, context);
  }
  std::vector<float> scale(values.size(), 1.0f), shift(values.size(), 0.0f);
  switch (kind) {
    case BinaryKind::kAdd:
      shift.assign(values.begin(), values.end());
      break;
    case BinaryKind::kMultiply:
      scale.assign(values.begin(), values.end());
      break;
    case BinaryKind::kSubtract:
      for (std::size_t i = 0; i < values.size(); ++i) shift[i] = first ? values[i] : -values[i];
      if (first) scale.assign(values.size(), -1.0f);
      break;
    case BinaryKind::kDivide:
      if (first || *axis < x.shape.rank()) return export_as_operation(BinaryOp{kind}, context);
      break;
    case BinaryKind::kMaximum:
      if (values[0] == 0.0f && values.size() == 1) return add_relu(context, x, kInfinity);
      [[fallthrough]];
    default:
      return export_as_operation(BinaryOp{kind}, context);
  }
  if (*axis == x.shape.rank() && !(first && kind == BinaryKind::kSubtract)) {
    // By a number, an operation on tensors, which is exact and folded into nothing.
    const char* name = kind == BinaryKind::kDivide ? "Divide" : merge_class(kind);
    return context.model.add_operation(
        {name, "numpy", Json::object(), {x, Json(double{values[0]})}}, x.shape, DType::kFloat32);
  }
  return context.scale_and_shift(x, std::min(*axis, x.shape.rank() - 1), scale, shift);
}

Json axis_list(const std::vector<int>& axes) {
  Json list = Json::array();
  for (const int axis : axes) list.push_back(axis);
  return list;
}

}  // namespace

std::optional<std::string> activation_name(const ActivationOp& op) {
  using enum ActivationKind;
  switch (op.kind) {
    case kClip:
      if (op.alpha != 0.0f) return {};
      if (op.beta == kInfinity) return "relu";
      return op.beta == 6.0f ? std::optional<std::string>("relu6") : std::nullopt;
    case kSigmoid:
      return "sigmoid";
    case kTanh:
      return "tanh";
    case kElu:
      return op.alpha == 1.0f ? std::optional<std::string>("elu") : std::nullopt;
    case kSelu:
      return "selu";
    case kGeluErf:
      return "gelu";
    case kSwish:
      return "silu";
    case kHardSigmoid:
      if (op.alpha == 1.0f / 6.0f && op.beta == 0.5f) return "hard_sigmoid";
      return {};
    case kHardSwish:
      return "hard_silu";
    case kSoftplus:
      return "softplus";
    case kSoftsign:
      return "softsign";
    case kMish:
      return "mish";
    case kExp:
      return "exponential";
    case kLinear:
      if (op.alpha == 1.0f && op.beta == 0.0f) return "linear";
      return {};
    default:
      return {};
  }
}

Exported export_op(const ActivationOp& op, ExportContext& context) {
  using enum ActivationKind;
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.kind == kClip && std::isfinite(op.alpha) && op.beta >= op.alpha) {
    return add_clip(context, x, op.alpha, op.beta);
  }
  if (const auto name = activation_name(op)) return add_named(context, x, *name);
  switch (op.kind) {
    case kElu:
      return context.add("ELU", Json::object({{"alpha", op.alpha}}), x, x.shape);
    case kThresholdRelu:
      if (op.gamma == 0.0f && op.beta == kInfinity) {
        return context.add("LeakyReLU", Json::object({{"negative_slope", op.alpha}}), x, x.shape);
      }
      // The threshold is the number before the first that passes, see parse_relu().
      return add_relu(context, x, op.beta, op.alpha,
                      op.gamma == 0.0f ? 0.0f : std::nextafter(op.gamma, -kInfinity));
    case kHardSigmoid:
      return add_relu(context, context.rescale(x, op.alpha, op.beta), 1.0f);
    case kLinear:
      return context.rescale(x, op.alpha, op.beta);
    case kScaledTanh: {
      TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor y,
                                 add_named(context, context.rescale(x, op.beta, 0.0f), "tanh"));
      return context.rescale(y, op.alpha, 0.0f);
    }
    default:
      return export_as_operation(op, context);
  }
}

Exported export_op(const PreluOp&, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* slope, context.constant(1));
  const Shape& own = slope->shape();
  std::vector<std::int64_t> dims(static_cast<std::size_t>(x.shape.rank()), 1);
  for (int i = 0; i < own.rank(); ++i) {
    dims[static_cast<std::size_t>(i + x.shape.rank() - own.rank())] = own[i];
  }
  dims.erase(dims.begin());
  Json shared = Json::array();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) shared.push_back(i + 1);
  }
  SavedWeight alpha{"alpha", slope->view()};
  TINYSPLIT_ASSIGN_OR_RETURN(alpha.value.shape, Shape::create(dims));
  return context.add("PReLU", Json::object({{"shared_axes", std::move(shared)}}), x, x.shape,
                     {alpha});
}

Exported export_op(const UnaryOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const bool real = context.input_value(0).dtype == DType::kFloat32;
  if (op.kind == UnaryKind::kNegate && real) return context.rescale(x, -1.0f, 0.0f);
  if (op.kind == UnaryKind::kSquare && real) {
    return context.model.add("Multiply", Json::object(), {x, x}, x.shape);
  }
  return export_as_operation(op, context);
}

Exported export_op(const BinaryOp& op, ExportContext& context) {
  if (context.input_value(0).dtype != DType::kFloat32) return export_as_operation(op, context);
  for (const std::size_t i : {0, 1}) {
    if (!context.is_constant(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* constant, context.constant(i));
    TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(1 - i));
    return add_with_constant(context, op.kind, x, *constant, i == 0);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor b, context.input(1));
  const char* name = merge_class(op.kind);
  // Layers line tensors of unlike ranks up at the batch, operations at the last axis.
  if (name == nullptr || a.shape.rank() != b.shape.rank()) return export_as_operation(op, context);
  return context.model.add(name, Json::object(), {a, b}, context.output());
}

Exported export_op(const CastOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const bool number = context.input_value(0).dtype != DType::kBool;
  if (op.to == DType::kFloat32 && number) return context.rescale(x, 1.0f, 0.0f);
  // Tables are looked up by numbers of any type.
  if (op.to == DType::kInt32 && context.only_read_as_index()) return x;
  return export_as_operation(op, context);
}

Exported export_op(const ChannelAffineOp&, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* scale, context.constant(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* shift, context.constant(2));
  return context.scale_and_shift(x, x.shape.rank() - 1, scale->as<float>(), shift->as<float>());
}

Exported export_op(const NormalizeOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.axes.empty() || op.axes.front() == 0) {
    return unimplemented("Keras does not normalise over the batch");
  }
  const Json axes = axis_list(op.axes);
  switch (op.kind) {
    case NormalizeKind::kMeanVariance:
      return context.add(
          "LayerNormalization",
          {{"axis", axes}, {"epsilon", op.epsilon}, {"center", false}, {"scale", false}}, x,
          x.shape);
    case NormalizeKind::kL2: {
      constexpr float kBound = 1e-24f;  // of the sum of squares; Keras bounds its root by 1e-12
      if (op.epsilon != kBound) return export_as_operation(op, context);
      return context.add("UnitNormalization", Json::object({{"axis", axes}}), x, x.shape);
    }
    default:
      break;
  }
  std::vector<std::int64_t> dims;
  for (const int axis : op.axes) dims.push_back(x.shape[axis]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  Tensor ones(DType::kFloat32, shape);
  std::ranges::fill(ones.as<float>(), 1.0f);
  return context.add("RMSNormalization", {{"axis", axes}, {"epsilon", op.epsilon}}, x, x.shape,
                     {{"scale", context.model.keep(std::move(ones)).view()}});
}

Exported export_op(const SoftmaxOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.axis == 0) return unimplemented("Keras takes no softmax over the batch");
  if (!op.logarithm) return context.add("Softmax", Json::object({{"axis", op.axis}}), x, x.shape);
  if (op.axis + 1 == x.shape.rank()) return add_named(context, x, "log_softmax");
  return export_as_operation(op, context);
}

}  // namespace tinysplit::keras
