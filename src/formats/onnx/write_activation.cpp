#include <cmath>

#include "core/numeric.h"
#include "formats/onnx/activations.h"
#include "formats/onnx/node_writer.h"

namespace tinysplit::onnx_format {
namespace {

std::string clip(NodeWriter& node, const std::string& x, float low, float high) {
  if (low == 0.0f && high == kInfinity) return node.file.add("Relu", {x});
  return node.file.add("Clip", {x, low == -kInfinity ? std::string() : node.file.scalar(low),
                                high == kInfinity ? std::string() : node.file.scalar(high)});
}

// x >= gamma ? min(x, beta) : alpha * (x - gamma).
std::string threshold(NodeWriter& node, const ActivationOp& op, const std::string& x) {
  const bool open = op.beta == kInfinity;
  if (op.gamma == 0.0f && op.alpha == 0.0f) return clip(node, x, 0.0f, op.beta);
  if (op.gamma == 0.0f && (open || (op.beta >= 0.0f && op.alpha >= 0.0f))) {
    const std::string y = node.file.add("LeakyRelu", {x}, {attribute("alpha", op.alpha)});
    return open ? y : clip(node, y, -kInfinity, op.beta);
  }
  if (op.alpha == 0.0f && open) {
    // ONNX has 0 at its threshold itself.
    return node.file.add("ThresholdedRelu", {x},
                         {attribute("alpha", std::nextafter(op.gamma, -kInfinity))});
  }
  const std::string limit = node.file.scalar(op.gamma);
  const std::string above = open ? x : clip(node, x, -kInfinity, op.beta);
  const std::string below =
      node.binary("Mul", node.binary("Sub", x, limit), node.file.scalar(op.alpha));
  return node.file.add("Where", {node.binary("GreaterOrEqual", x, limit), above, below});
}

// x/2 * (1 + erf(x / sqrt(2))).
std::string gelu_erf(NodeWriter& node, const std::string& x) {
  const std::string scaled = node.scaled(x, 0.707106781f, 0.0f);
  const std::string gate = node.scaled(node.file.add("Erf", {scaled}), 1.0f, 1.0f);
  return node.binary("Mul", node.scaled(x, 0.5f, 0.0f), gate);
}

// x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).
std::string gelu_tanh(NodeWriter& node, const std::string& x) {
  const std::string cube = node.binary("Mul", node.binary("Mul", x, x), x);
  const std::string sum = node.binary("Add", x, node.scaled(cube, 0.044715f, 0.0f));
  const std::string wave = node.file.add("Tanh", {node.scaled(sum, 0.797884561f, 0.0f)});
  return node.binary("Mul", node.scaled(x, 0.5f, 0.0f), node.scaled(wave, 1.0f, 1.0f));
}

std::string activated(NodeWriter& node, const ActivationOp& op, const std::string& x) {
  switch (op.kind) {
    case ActivationKind::kClip:
      return clip(node, x, op.alpha, op.beta);
    case ActivationKind::kSigmoid:
      return node.file.add("Sigmoid", {x});
    case ActivationKind::kTanh:
      return node.file.add("Tanh", {x});
    case ActivationKind::kElu:
      return node.file.add("Elu", {x}, {attribute("alpha", op.alpha)});
    case ActivationKind::kSelu:
      return node.file.add("Selu", {x});
    case ActivationKind::kScaledSelu:
      return node.file.add("Selu", {x},
                           {attribute("alpha", op.alpha), attribute("gamma", op.beta)});
    case ActivationKind::kCelu:
      return node.file.add("Celu", {x}, {attribute("alpha", op.alpha)});
    case ActivationKind::kGeluErf:
      return gelu_erf(node, x);
    case ActivationKind::kGeluTanh:
      return gelu_tanh(node, x);
    case ActivationKind::kSwish:
      return node.binary("Mul", x, node.file.add("Sigmoid", {x}));
    case ActivationKind::kHardSigmoid:
      return node.file.add("HardSigmoid", {x},
                           {attribute("alpha", op.alpha), attribute("beta", op.beta)});
    case ActivationKind::kHardSwish:
      return node.file.add("HardSwish", {x});
    case ActivationKind::kSoftplus:
      return node.file.add("Softplus", {x});
    case ActivationKind::kExp:
      return node.file.add("Exp", {x});
    case ActivationKind::kThresholdRelu:
      return threshold(node, op, x);
    case ActivationKind::kSoftsign:
      return node.file.add("Softsign", {x});
    case ActivationKind::kMish:
      return node.binary("Mul", x, node.file.add("Tanh", {node.file.add("Softplus", {x})}));
    case ActivationKind::kScaledTanh:
      return node.scaled(node.file.add("Tanh", {node.scaled(x, op.beta, 0.0f)}), op.alpha, 0.0f);
    case ActivationKind::kLinear:
      return op.alpha == 1.0f && op.beta == 0.0f ? node.file.add("Identity", {x})
                                                 : node.scaled(x, op.alpha, op.beta);
  }
  return x;
}

}  // namespace

Status write(NodeWriter& node, const ActivationOp& op) {
  const Order order = node.common_order();
  // A bound on stored numbers is one on the real numbers that they were rounded from.
  const bool bounds = op.kind == ActivationKind::kClip && node.value(0).quantization &&
                      same_numbers(node.value(0), node.output());
  const std::string x = bounds ? node.before_rounding(0, order) : node.real(0, order);
  if (!node.value(0).quantization && node.value(0).dtype != DType::kFloat32) {
    return unimplemented("is an activation of " + std::string(dtype_name(node.value(0).dtype)));
  }
  const bool linear = op.kind == ActivationKind::kLinear || op.kind == ActivationKind::kScaledTanh;
  if (linear && (!std::isfinite(op.alpha) || !std::isfinite(op.beta))) {
    return unimplemented("scales by what is no finite number");
  }
  node.set(activated(node, op, x), order);
  return ok_status();
}

Status write(NodeWriter& node, const PreluOp&) {
  const Order order = node.common_order();
  const std::string x = node.real(0, order);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string slope, node.operand(1, order));
  node.set(node.file.add("PRelu", {x, slope}), order);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
