#include "training/pixel_scale.h"

#include <variant>

namespace tinysplit::training {
namespace {

// Whether an operation on x * factor gives the same as on x, times factor, for a factor above 0.
bool keeps_factors(const TrainingOp& op) {
  if (const auto* const pad = std::get_if<PadOp>(&op)) return pad->value == 0.0F;
  return std::holds_alternative<ReshapeOp>(op) || std::holds_alternative<Pool2dOp>(op) ||
         std::holds_alternative<GlobalPoolOp>(op) || std::holds_alternative<DropoutOp>(op);
}

bool has_kernel(const TrainingOp& op) {
  return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op);
}

bool normalizes(const TrainingOp& op) {
  return std::holds_alternative<RescaleOp>(op) || std::holds_alternative<BatchNormOp>(op);
}

// The only operation that reads `value`; null if there are several.
const Operation* only_reader(const Architecture& architecture, std::size_t value) {
  const Operation* reader = nullptr;
  for (const Operation& operation : architecture.operations) {
    for (const std::size_t input : operation.inputs) {
      if (input != value) continue;
      if (reader != nullptr) return nullptr;
      reader = &operation;
    }
  }
  return reader;
}

// The first operation that does more than to keep factors.
Result<const Operation*> first_operation(const Architecture& architecture) {
  const Operation* operation = only_reader(architecture, architecture.inputs.front());
  while (operation != nullptr && keeps_factors(operation->op)) {
    operation = only_reader(architecture, operation->output);
  }
  if (operation != nullptr && (has_kernel(operation->op) || normalizes(operation->op))) {
    return operation;
  }
  return unimplemented(
      "the network has to begin with a Rescaling layer, or with one convolution or dense layer "
      "that the scale of the pixels can be put into");
}

}  // namespace

Result<PixelScale> pixel_scale_of(const Architecture& architecture) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Operation* const first, first_operation(architecture));
  if (normalizes(first->op)) return PixelScale{};
  return PixelScale{{1.0F / 255.0F, 0.0F}, first->parameters.front()};
}

}  // namespace tinysplit::training
