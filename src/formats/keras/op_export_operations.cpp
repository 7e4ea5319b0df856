// What Keras has no layer for, but an operation of keras.ops.
#include "formats/keras/op_export_operations.h"

#include <cmath>

namespace tinysplit::keras {
namespace {

constexpr std::int64_t kMostConstants = 1 << 16;  // elements that a configuration lists

template <typename T>
Status list_numbers(std::span<const T> values, const Shape& shape, int axis, std::size_t& next,
                    Json& list) {
  for (std::int64_t i = 0; i < shape[axis]; ++i) {
    if (axis + 1 < shape.rank()) {
      Json inner = Json::array();
      TINYSPLIT_RETURN_IF_ERROR(list_numbers(values, shape, axis + 1, next, inner));
      list.push_back(std::move(inner));
      continue;
    }
    const T value = values[next++];
    if constexpr (std::is_same_v<T, float>) {
      if (!std::isfinite(value)) return unimplemented("a constant is no finite number");
    }
    list.push_back(value);
  }
  return ok_status();
}

template <typename T>
Result<Json> listed(const Tensor& tensor) {
  Json list = Json::array();
  std::size_t next = 0;
  TINYSPLIT_RETURN_IF_ERROR(list_numbers(tensor.as<T>(), tensor.shape(), 0, next, list));
  return list;
}

Result<Json> values_of(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return listed<float>(tensor);
    case DType::kInt8:
      return listed<std::int8_t>(tensor);
    case DType::kUint8:
      return listed<std::uint8_t>(tensor);
    case DType::kInt16:
      return listed<std::int16_t>(tensor);
    case DType::kInt32:
      return listed<std::int32_t>(tensor);
    case DType::kInt64:
      return listed<std::int64_t>(tensor);
    case DType::kBool:
      return listed<bool>(tensor);
    default:
      return unimplemented("it reads a constant of " + std::string(dtype_name(tensor.dtype())));
  }
}

struct NamedOperation {
  const char* class_name;
  const char* module;
};

std::optional<NamedOperation> operation_of(UnaryKind kind) {
  using enum UnaryKind;
  switch (kind) {
    case kAbs:
      return NamedOperation{"Absolute", "numpy"};
    case kNegate:
      return NamedOperation{"Negative", "numpy"};
    case kSign:
      return NamedOperation{"Sign", "numpy"};
    case kSquare:
      return NamedOperation{"Square", "numpy"};
    case kSqrt:
      return NamedOperation{"Sqrt", "numpy"};
    case kReciprocalSqrt:
      return NamedOperation{"Rsqrt", "math"};
    case kReciprocal:
      return NamedOperation{"Reciprocal", "numpy"};
    case kLog:
      return NamedOperation{"Log", "numpy"};
    case kErf:
      return NamedOperation{"Erf", "math"};
    case kFloor:
      return NamedOperation{"Floor", "numpy"};
    case kCeil:
      return NamedOperation{"Ceil", "numpy"};
    case kRound:
      return NamedOperation{"Round", "numpy"};
    case kSin:
      return NamedOperation{"Sin", "numpy"};
    case kCos:
      return NamedOperation{"Cos", "numpy"};
    case kTan:
      return NamedOperation{"Tan", "numpy"};
    case kAsin:
      return NamedOperation{"Arcsin", "numpy"};
    case kAcos:
      return NamedOperation{"Arccos", "numpy"};
    case kAtan:
      return NamedOperation{"Arctan", "numpy"};
    case kSinh:
      return NamedOperation{"Sinh", "numpy"};
    case kCosh:
      return NamedOperation{"Cosh", "numpy"};
    case kAsinh:
      return NamedOperation{"Arcsinh", "numpy"};
    case kAcosh:
      return NamedOperation{"Arccosh", "numpy"};
    case kAtanh:
      return NamedOperation{"Arctanh", "numpy"};
    case kNot:
      return NamedOperation{"LogicalNot", "numpy"};
    case kIsNan:
      return NamedOperation{"Isnan", "numpy"};
    case kIsInf:
      return NamedOperation{"Isinf", "numpy"};
  }
  return {};
}

const char* operation_of(BinaryKind kind, bool real) {
  using enum BinaryKind;
  switch (kind) {
    case kAdd:
      return "Add";
    case kSubtract:
      return "Subtract";
    case kMultiply:
      return "Multiply";
    case kDivide:
      return real ? "Divide" : nullptr;  // of integers towards zero, which Keras does not
    case kMaximum:
      return "Maximum";
    case kMinimum:
      return "Minimum";
    case kPower:
      return "Power";
    case kFloorDivide:
      return "FloorDivide";
    case kFloorModulo:
      return "Mod";
    case kEqual:
      return "Equal";
    case kLess:
      return "Less";
    case kLessEqual:
      return "LessEqual";
    case kGreater:
      return "Greater";
    case kGreaterEqual:
      return "GreaterEqual";
    case kAnd:
      return "LogicalAnd";
    case kOr:
      return "LogicalOr";
    case kXor:
      return "LogicalXor";
    case kSquaredDifference:
    case kRemainder:
      return nullptr;
  }
  return nullptr;
}

std::optional<NamedOperation> operation_of(ReduceKind kind) {
  using enum ReduceKind;
  switch (kind) {
    case kMean:
      return NamedOperation{"Mean", "numpy"};
    case kSum:
      return NamedOperation{"Sum", "numpy"};
    case kMax:
      return NamedOperation{"Max", "numpy"};
    case kMin:
      return NamedOperation{"Min", "numpy"};
    case kProduct:
      return NamedOperation{"Prod", "numpy"};
    case kLogSumExp:
      return NamedOperation{"Logsumexp", "math"};
    case kL2:
      return NamedOperation{"Norm", "linalg"};
    default:
      return {};
  }
}

Exported add(ExportContext& context, OperationCall call) {
  return context.model.add_operation(std::move(call), context.output(),
                                     context.output_value().dtype);
}

Status expect_batch_apart(const std::vector<int>& axes) {
  if (axes.empty() || axes.front() == 0) return unimplemented("it works along the batch");
  return ok_status();
}

}  // namespace

Result<OperationArgument> ExportContext::argument(std::size_t i) const {
  const Value& value = input_value(i);
  if (!value.is_constant()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor tensor, input(i));
    return OperationArgument(tensor);
  }
  if (value.shape.num_elements() > kMostConstants) {
    return unimplemented("it reads a constant " + value.shape.to_string() +
                         ", too large for a configuration");
  }
  if (value.shape.rank() == 0) return unimplemented("it reads a constant without axes");
  TINYSPLIT_ASSIGN_OR_RETURN(Json values, values_of(*value.data));
  return OperationArgument(
      Json{{"class_name", "__tensor__"},
           {"config", {{"value", std::move(values)}, {"dtype", dtype_name(value.dtype)}}}});
}

Exported export_as_operation(const UnaryOp& op, ExportContext& context) {
  const auto named = operation_of(op.kind);
  TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument x, context.argument(0));
  return add(context, {named->class_name, named->module, Json::object(), {x}});
}

Exported export_as_operation(const BinaryOp& op, ExportContext& context) {
  const bool real = context.input_value(0).dtype == DType::kFloat32;
  TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument a, context.argument(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument b, context.argument(1));
  if (op.kind == BinaryKind::kSquaredDifference) {
    TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor difference,
                               add(context, {"Subtract", "numpy", Json::object(), {a, b}}));
    return add(context, {"Square", "numpy", Json::object(), {difference}});
  }
  const char* name = operation_of(op.kind, real);
  if (name == nullptr) return unimplemented("no operation of Keras joins two tensors like this");
  return add(context, {name, "numpy", Json::object(), {a, b}});
}

Exported export_op(const SelectOp&, ExportContext& context) {
  OperationCall call{"Where", "numpy", Json::object(), {}};
  for (std::size_t i = 0; i < 3; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument argument, context.argument(i));
    call.arguments.push_back(argument);
  }
  return add(context, std::move(call));
}

Exported export_as_operation(const CastOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  return add(context, {"Cast", "core", Json::object({{"dtype", dtype_name(op.to)}}), {x}});
}

Exported export_as_operation(const ReduceOp& op, ExportContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(expect_batch_apart(op.axes));
  const auto named = operation_of(op.kind);
  if (!named) return unimplemented("no operation of Keras reduces like this");
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  Json options{{"axis", op.axes}, {"keepdims", op.keep_dims}};
  if (op.kind == ReduceKind::kL2) {
    // Of two axes it would be that of a matrix.
    if (op.axes.size() != 1) return unimplemented("Keras takes norms along one axis");
    options["axis"] = op.axes.front();
    options["ord"] = nullptr;
  }
  return add(context, {named->class_name, named->module, std::move(options), {x}});
}

Exported export_op(const ArgReduceOp& op, ExportContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(expect_batch_apart({op.axis}));
  if (op.last) return unimplemented("Keras finds the first of equals");
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const KerasTensor found =
      context.model.add_operation({op.smallest ? "Argmin" : "Argmax",
                                   "numpy",
                                   {{"axis", op.axis}, {"keepdims", op.keep_dims}},
                                   {x}},
                                  context.output(), DType::kInt32);
  if (op.index_dtype == DType::kInt32) return found;
  return add(context, {"Cast", "core", Json::object({{"dtype", "int64"}}), {found}});
}

Exported export_op(const CumulativeSumOp& op, ExportContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(expect_batch_apart({op.axis}));
  if (op.exclusive || op.reverse) return unimplemented("Keras adds up forwards, itself included");
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  return add(context, {"Cumsum", "numpy", {{"axis", op.axis}, {"dtype", nullptr}}, {x}});
}

Exported export_as_operation(const PadOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.before[0] != 0 || op.after[0] != 0) return unimplemented("it changes the batch");
  Json widths = Json::array();
  for (std::size_t i = 0; i < op.before.size(); ++i) {
    widths.push_back({op.before[i], op.after[i]});
  }
  const char* mode = op.mode == PadMode::kReflect     ? "reflect"
                     : op.mode == PadMode::kSymmetric ? "symmetric"
                     : op.mode == PadMode::kConstant  ? "constant"
                                                      : nullptr;
  if (mode == nullptr) return unimplemented("Keras does not repeat the border");
  OperationCall call{"Pad", "numpy", {{"pad_width", std::move(widths)}, {"mode", mode}}, {x}};
  if (op.mode == PadMode::kConstant) {
    if (!std::isfinite(op.value)) return unimplemented("it pads with no finite number");
    call.arguments.push_back(Json(op.value));
  }
  return add(context, std::move(call));
}

Exported export_as_operation(const SliceOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  Json key = Json::array();
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const bool whole = op.stride[i] == 1 && op.begin[i] == 0 && op.size[i] == x.shape[axis];
    if (axis == 0 && !whole) return unimplemented("it takes a part of the batch");
    const std::int64_t stride = op.size[i] == 1 ? 1 : op.stride[i];
    const std::int64_t end = op.begin[i] + op.size[i] * stride;
    Json range{{"start", whole ? Json() : Json(op.begin[i])},
               {"stop", whole || end < 0 ? Json() : Json(end)},
               {"step", stride}};
    key.push_back({{"class_name", "__slice__"}, {"config", std::move(range)}});
  }
  return add(context, {"GetItem", "numpy", Json::object(), {x, std::move(key)}});
}

Exported export_as_operation(const GatherOp& op, ExportContext& context) {
  if (op.axis == 0 && !context.is_constant(0)) return unimplemented("it picks from the batch");
  if (op.axis != 0 && !context.is_constant(1)) {
    return unimplemented("Keras picks the same places of every sample only");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument x, context.argument(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const OperationArgument indices, context.argument(1));
  return add(context, {"Take", "numpy", Json::object({{"axis", op.axis}}), {x, indices}});
}

Exported export_as_operation(const TileOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.repeats.front() != 1) return unimplemented("Keras does not repeat the batch");
  return add(context, {"Tile", "numpy", Json::object({{"repeats", op.repeats}}), {x}});
}

// Products of matrices along all axes in front.
Exported export_as_operation(const MatmulOp& op, ExportContext& context) {
  OperationCall call{"Matmul", "numpy", Json::object(), {}};
  for (const std::size_t i : {0, 1}) {
    TINYSPLIT_ASSIGN_OR_RETURN(OperationArgument x, context.argument(i));
    if (i == 0 ? op.transpose_a : op.transpose_b) {
      Shape turned = context.input_value(i).shape;
      std::swap(turned[turned.rank() - 2], turned[turned.rank() - 1]);
      x = context.model.add_operation({"Swapaxes", "numpy", {{"axis1", -2}, {"axis2", -1}}, {x}},
                                      turned, DType::kFloat32);
    }
    call.arguments.push_back(std::move(x));
  }
  if (context.input_value(0).shape.rank() < 3 && !context.is_constant(0)) {
    return unimplemented("it multiplies a matrix whose rows are the batch");
  }
  return add(context, std::move(call));
}

Exported export_as_operation(const ActivationOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  switch (op.kind) {
    case ActivationKind::kGeluTanh:
      return add(context, {"Gelu", "nn", Json::object({{"approximate", true}}), {x}});
    case ActivationKind::kCelu:
      return add(context, {"Celu", "nn", Json::object({{"alpha", op.alpha}}), {x}});
    case ActivationKind::kClip:
      if (!std::isfinite(op.alpha) && std::isfinite(op.beta)) {
        return add(context, {"Minimum", "numpy", Json::object(), {x, Json(op.beta)}});
      }
      if (std::isfinite(op.alpha) && std::isfinite(op.beta)) {
        return add(context, {"Clip", "numpy", {{"x_min", op.alpha}, {"x_max", op.beta}}, {x}});
      }
      [[fallthrough]];
    default:
      return unimplemented("neither a layer nor an operation of Keras applies this activation");
  }
}

Exported export_as_operation(const SoftmaxOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  return add(
      context,
      {op.logarithm ? "LogSoftmax" : "Softmax", "nn", Json::object({{"axis", op.axis}}), {x}});
}

Exported export_as_operation(const NormalizeOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.kind != NormalizeKind::kL2 || op.axes.size() != 1) {
    return unimplemented("neither a layer nor an operation of Keras normalises like this");
  }
  return add(context,
             {"Normalize",
              "nn",
              {{"axis", op.axes.front()}, {"order", 2}, {"epsilon", std::sqrt(double{op.epsilon})}},
              {x}});
}

}  // namespace tinysplit::keras
