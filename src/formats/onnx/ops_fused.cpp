#include "core/numeric.h"
#include "formats/onnx/activations.h"
#include "formats/onnx/common_operands.h"
#include "formats/onnx/inner_node.h"
#include "formats/onnx/ops.h"

// Operators of com.microsoft that ONNX Runtime's optimiser makes of several.
namespace tinysplit::onnx_format {
namespace {

Result<ActivationOp> activation_named(const std::string& name, const std::vector<float>& given) {
  const auto parameter = [&](std::size_t i, float fallback) {
    return i < given.size() ? given[i] : fallback;
  };
  if (name == "Clip")
    return ActivationOp{ActivationKind::kClip, parameter(0, -kInfinity), parameter(1, kInfinity)};
  const ActivationDefaults* defaults = find_activation(name);
  if (defaults == nullptr) return unimplemented("its activation \"" + name + "\" is not supported");
  return make_activation(*defaults, parameter(0, defaults->alpha), parameter(1, defaults->beta));
}

Status set_activated(NodeContext& context, const FileTensor& like, Operand y,
                     const std::string& name, const std::vector<float>& parameters) {
  if (!name.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ActivationOp op, activation_named(name, parameters));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {y}));
  }
  set_output_like(context, like, std::move(y));
  return ok_status();
}

std::vector<FileTensor*> tensors_of(const NodeContext& context, int count) {
  std::vector<FileTensor*> tensors;
  for (int i = 0; i < count && i < context.num_inputs(); ++i) tensors.push_back(context.tensor(i));
  return tensors;
}

// The sum of those of the inputs that there are.
Result<Operand> sum_of(NodeContext& context, std::initializer_list<int> inputs) {
  Operand sum;
  for (const int i : inputs) {
    if (!context.has_input(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand term, context.input(i));
    if (!sum.exists()) {
      sum = term;
      continue;
    }
    TINYSPLIT_ASSIGN_OR_RETURN(sum, context.add(BinaryOp{BinaryKind::kAdd}, {sum, term}));
  }
  return sum;
}

// A matrix operand, its first axis put in front of its last where the node asks for it.
Result<Operand> batch_first(NodeContext& context, int input, bool exchange) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(input));
  const int rank = context.shape(x).rank();
  if (!exchange || rank < 3) return x;
  std::vector<int> permutation;
  for (int axis = 1; axis < rank - 1; ++axis) permutation.push_back(axis);
  permutation.push_back(0);
  permutation.push_back(rank - 1);
  return context.graph().transpose(x, permutation);
}

}  // namespace

// A convolution; then a sum with input 3, and an activation, where it has them.
Status translate_fused_conv(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 4));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string name, context.attributes.word("activation", ""));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> parameters,
                             context.attributes.reals("activation_params"));
  TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor sum,
                             run_inner(context, "Conv", context.opset, tensors_of(context, 3),
                                       {"activation", "activation_params"}));
  Operand y = existing_operand(sum);
  if (context.has_input(3)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand other, context.input(3, existing_layout(sum)));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {y, other}));
  }
  return set_activated(context, sum, std::move(y), name, parameters);
}

Status translate_fused_gemm(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string name, context.attributes.word("activation", ""));
  std::vector<float> parameters;
  for (const char* parameter : {"activation_alpha", "activation_beta"}) {
    if (!context.attributes.has(parameter)) break;
    TINYSPLIT_ASSIGN_OR_RETURN(parameters.emplace_back(), context.attributes.real(parameter, 0.0f));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      const FileTensor y,
      run_inner(context, "Gemm", context.opset, tensors_of(context, 3),
                {"activation", "activation_alpha", "activation_beta", "activation_gamma"}));
  return set_activated(context, y, existing_operand(y), name, parameters);
}

// alpha * a * b, each with its last two axes exchanged where the attributes say so.
Status translate_fused_matmul(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, context.attributes.real("alpha", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_a, context.attributes.flag("transA", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_b, context.attributes.flag("transB", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool batch_a, context.attributes.flag("transBatchA", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool batch_b, context.attributes.flag("transBatchB", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, batch_first(context, 0, batch_a));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand b, batch_first(context, 1, batch_b));
  Operand y;
  if (!transpose_a && b.is_constant() && context.shape(b).rank() == 2) {
    if (transpose_b) {
      TINYSPLIT_ASSIGN_OR_RETURN(b, context.graph().transpose(b, {1, 0}));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(y, multiply_matrices(context, a, b));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(MatmulOp{transpose_a, transpose_b}, {a, b}));
  }
  if (alpha != 1.0f) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, linear(context, y, alpha, 0.0f));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

// BiasGelu, FastGelu: of x + bias. QuickGelu: x * sigmoid(alpha * x).
Status translate_gelu_variant(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, sum_of(context, {0, 1}));
  Operand y;
  if (context.kind() == "QuickGelu") {
    TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, context.attributes.real("alpha", 1.702f));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand scaled, linear(context, x, alpha, 0.0f));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand gate,
                               context.add(ActivationOp{ActivationKind::kSigmoid}, {scaled}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kMultiply}, {x, gate}));
  } else {
    const bool fast = context.kind() == "FastGelu";
    TINYSPLIT_ASSIGN_OR_RETURN(
        y, context.add(ActivationOp{fast ? ActivationKind::kGeluTanh : ActivationKind::kGeluErf},
                       {x}));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

// Normalises input + skip + bias over the last axis; output 3 is that sum.
Status translate_skip_normalization(NodeContext& context) {
  const bool simplified = context.kind() == "SkipSimplifiedLayerNormalization";
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, simplified ? 4 : 5));
  TINYSPLIT_ASSIGN_OR_RETURN(const float epsilon,
                             context.attributes.real("epsilon", simplified ? 1e-5f : 1e-12f));
  for (const int i : {1, 2}) {
    if (context.wants_output(i)) {
      return unimplemented("its output " + std::to_string(i) + " is not supported");
    }
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand sum, sum_of(context, {0, 1, simplified ? 3 : 4}));
  const int last = context.shape(sum).rank() - 1;
  if (last < 0) return invalid_argument("normalises a scalar");
  const NormalizeKind kind =
      simplified ? NormalizeKind::kRootMeanSquare : NormalizeKind::kMeanVariance;
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(NormalizeOp{kind, {last}, epsilon}, {sum}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand scale, context.input(2));
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kMultiply}, {y, scale}));
  if (!simplified && context.has_input(3)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand shift, context.input(3));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {y, shift}));
  }
  context.set_output(0, std::move(y));
  if (context.wants_output(3)) context.set_output(3, sum);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
