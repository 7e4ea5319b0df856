#include "quantization/treatment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/steps.h"
#include "graph/op_traits.h"
#include "kernels/native_kernels.h"
#include "quantization/fold_plan.h"

namespace tinysplit {
namespace {

using Kind = TreatmentKind;

Treatment in_float(std::string reason) { return {Kind::kFloat, std::nullopt, std::move(reason)}; }
Treatment like(Kind kind) { return {kind, std::nullopt, ""}; }
Treatment fixed(float scale, std::int32_t zero_point) {
  return {Kind::kFixed, ElementType(DType::kInt8, Quantization{{scale}, {zero_point}, -1}), ""};
}
Treatment no_arithmetic() { return in_float("TensorFlow Lite has no int8 arithmetic for it"); }

bool is_one_of(float number, std::initializer_list<float> list) {
  return std::ranges::find(list, number) != list.end();
}

Treatment of_activation(const ActivationOp& op) {
  switch (op.kind) {
    case ActivationKind::kSigmoid:
      return fixed(1.0f / 256, -128);
    case ActivationKind::kTanh:
      return fixed(1.0f / 128, 0);
    case ActivationKind::kClip: {
      const bool named =
          (op.alpha == 0.0f && (std::isinf(op.beta) || is_one_of(op.beta, {1, 6}))) ||
          (op.alpha == -1.0f && op.beta == 1.0f);
      return named ? like(Kind::kFree) : in_float("TensorFlow Lite has no clip with its bounds");
    }
    case ActivationKind::kElu:
      return op.alpha == 1.0f ? like(Kind::kFree) : no_arithmetic();
    case ActivationKind::kThresholdRelu:
      return op.gamma == 0.0f && std::isinf(op.beta) ? like(Kind::kFree) : no_arithmetic();
    case ActivationKind::kGeluErf:
    case ActivationKind::kGeluTanh:
    case ActivationKind::kHardSwish:
    case ActivationKind::kExp:
      return like(Kind::kFree);
    default:
      return no_arithmetic();
  }
}

Treatment of_binary(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
    case BinaryKind::kSubtract:
    case BinaryKind::kMultiply:
    case BinaryKind::kSquaredDifference:
      return like(Kind::kFree);
    case BinaryKind::kMaximum:
    case BinaryKind::kMinimum:
      return like(Kind::kJoin);
    default:
      return no_arithmetic();
  }
}

Treatment of_reduction(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kMean:
    case ReduceKind::kSum:
      return like(Kind::kFree);
    case ReduceKind::kMax:
    case ReduceKind::kMin:
      return like(Kind::kSame);
    default:
      return no_arithmetic();
  }
}

Treatment of_op(const Graph& graph, const Node& node) {
  const Op& op = node.op;
  if (traits_of(op).has_weights) {
    const auto* transposed = std::get_if<ConvTranspose2dOp>(&op);
    if (!has_foldable_weights(graph, node)) return in_float("its weights are no constants");
    if (transposed != nullptr && transposed->groups != 1) return no_arithmetic();
    return like(Kind::kFree);
  }
  if (const auto* activation = std::get_if<ActivationOp>(&op)) return of_activation(*activation);
  if (const auto* binary = std::get_if<BinaryOp>(&op)) return of_binary(binary->kind);
  if (const auto* reduce = std::get_if<ReduceOp>(&op)) return of_reduction(reduce->kind);
  if (const auto* softmax = std::get_if<SoftmaxOp>(&op)) {
    const int last = graph.value(node.output).shape.rank() - 1;
    const bool plain = !softmax->logarithm && (softmax->axis < 0 || softmax->axis == last);
    return plain ? fixed(1.0f / 256, -128) : no_arithmetic();
  }
  if (const auto* normalize = std::get_if<NormalizeOp>(&op)) {
    return normalize->kind == NormalizeKind::kL2 ? fixed(1.0f / 128, 0) : no_arithmetic();
  }
  if (const auto* pool = std::get_if<GlobalPoolOp>(&op)) {
    return like(pool->kind == PoolKind::kAverage ? Kind::kFree : Kind::kSame);
  }
  if (const auto* pad = std::get_if<PadOp>(&op)) {
    return pad->mode == PadMode::kEdge ? no_arithmetic() : like(Kind::kSame);
  }
  if (std::holds_alternative<MatmulOp>(op) || std::holds_alternative<PreluOp>(op)) {
    return like(Kind::kFree);
  }
  if (std::holds_alternative<ConcatOp>(op)) return like(Kind::kJoin);
  if (std::holds_alternative<ArgReduceOp>(op)) return like(Kind::kIndex);
  const bool picks = std::holds_alternative<Pool2dOp>(op) || std::holds_alternative<ResizeOp>(op);
  if (traits_of(op).moves || picks) return like(Kind::kSame);
  return no_arithmetic();
}

// Whether a kernel computes the node on int8 numbers of any one scale. What has weights always has
// one.
bool has_kernel(const Graph& graph, const Node& node, const Treatment& treatment) {
  if (traits_of(node.op).has_weights) return true;
  const ElementType type(DType::kInt8, Quantization{{0.5f}, {0}, -1});
  std::vector<Value> values;
  for (const ValueId id : node.inputs) {
    Value value = graph.value(id);
    if (value.dtype == DType::kFloat32) {
      value.dtype = type.dtype;
      value.quantization = type.quantization;
    }
    values.push_back(std::move(value));
  }
  Value output = graph.value(node.output);
  if (treatment.kind != Kind::kIndex) {
    const ElementType& made = treatment.fixed ? *treatment.fixed : type;
    output.dtype = made.dtype;
    output.quantization = made.quantization;
  }
  KernelSpec spec;
  spec.op = &node.op;
  for (const Value& value : values) spec.inputs.push_back(&value);
  spec.output = &output;
  return make_native_kernel(spec).ok();
}

}  // namespace

Treatment treatment_of(const Graph& graph, const Layer& layer) {
  const Node& node = graph.nodes()[static_cast<std::size_t>(layer.first_node)];
  const Value& first = graph.value(node.inputs[0]);
  if (first.dtype != DType::kFloat32) {
    return in_float("it computes on " + std::string(dtype_name(first.dtype)));
  }
  if (first.is_constant() && !std::holds_alternative<BinaryOp>(node.op)) {
    return in_float("its first operand is a constant");
  }
  Treatment treatment = of_op(graph, node);
  if (treatment.kind != Kind::kFloat && !has_kernel(graph, node, treatment)) {
    return in_float("there is no int8 kernel for it with its options");
  }
  return treatment;
}

}  // namespace tinysplit
