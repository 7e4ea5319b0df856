#include "formats/onnx/activations.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/numeric.h"

namespace tinysplit::onnx_format {
namespace {

// Defaults of https://onnx.ai/onnx/operators.
constexpr std::array<ActivationDefaults, 18> kActivations{{
    {"Relu", ActivationKind::kClip, nullptr, nullptr, 0.0f, 0.0f},
    {"LeakyRelu", ActivationKind::kThresholdRelu, "alpha", nullptr, 0.01f, 0.0f},
    {"ThresholdedRelu", ActivationKind::kThresholdRelu, "alpha", nullptr, 1.0f, 0.0f},
    {"Elu", ActivationKind::kElu, "alpha", nullptr, 1.0f, 0.0f},
    {"Selu", ActivationKind::kScaledSelu, "alpha", "gamma", 1.67326319217681884765625f,
     1.05070102214813232421875f},
    {"Celu", ActivationKind::kCelu, "alpha", nullptr, 1.0f, 0.0f},
    {"Sigmoid", ActivationKind::kSigmoid, nullptr, nullptr, 0.0f, 0.0f},
    {"HardSigmoid", ActivationKind::kHardSigmoid, "alpha", "beta", 0.2f, 0.5f},
    {"HardSwish", ActivationKind::kHardSwish, nullptr, nullptr, 0.0f, 0.0f},
    {"Swish", ActivationKind::kSwish, "alpha", nullptr, 1.0f, 0.0f},
    {"Tanh", ActivationKind::kTanh, nullptr, nullptr, 0.0f, 0.0f},
    {"Softplus", ActivationKind::kSoftplus, nullptr, nullptr, 0.0f, 0.0f},
    {"Softsign", ActivationKind::kSoftsign, nullptr, nullptr, 0.0f, 0.0f},
    {"Mish", ActivationKind::kMish, nullptr, nullptr, 0.0f, 0.0f},
    {"Gelu", ActivationKind::kGeluErf, nullptr, nullptr, 0.0f, 0.0f},
    {"Exp", ActivationKind::kExp, nullptr, nullptr, 0.0f, 0.0f},
    {"ScaledTanh", ActivationKind::kScaledTanh, nullptr, nullptr, 1.0f, 1.0f},
    {"Affine", ActivationKind::kLinear, nullptr, nullptr, 1.0f, 0.0f},
}};

}  // namespace

const ActivationDefaults* find_activation(std::string_view name) {
  const auto found = std::ranges::find(kActivations, name, &ActivationDefaults::name);
  return found == kActivations.end() ? nullptr : &*found;
}

ActivationOp make_activation(const ActivationDefaults& defaults, float alpha, float beta) {
  ActivationOp op{defaults.kind, alpha, beta};
  if (defaults.name == "Relu") op = {ActivationKind::kClip, 0.0f, kInfinity};
  if (defaults.name == "LeakyRelu") op = {ActivationKind::kThresholdRelu, alpha, kInfinity, 0.0f};
  if (defaults.name == "ThresholdedRelu") {
    // ONNX has 0 at the threshold itself, the operation what lies on it.
    op = {ActivationKind::kThresholdRelu, 0.0f, kInfinity, std::nextafter(alpha, kInfinity)};
  }
  return op;
}

}  // namespace tinysplit::onnx_format
