#include "training/fusion.h"

#include <algorithm>

namespace tinysplit::training {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

class Fusion {
 public:
  explicit Fusion(const Architecture& architecture)
      : operations_(architecture.operations),
        readers_(architecture.values.size()),
        fused_into_(architecture.operations.size(), kNone) {
    for (std::size_t o = 0; o < operations_.size(); ++o) {
      for (const std::size_t input : operations_[o].inputs) readers_[input].push_back(o);
    }
    // The output has a reader that is no operation.
    readers_[architecture.output].push_back(kNone);
  }

  std::vector<FusedOperation> run() {
    // Each stands where the last value that it reads has been made.
    std::vector<std::vector<FusedOperation>> places(operations_.size());
    for (std::size_t o = 0; o < operations_.size(); ++o) {
      if (fused_into_[o] != kNone) continue;
      std::size_t place = o;
      FusedOperation fused = start_at(o, place);
      places[place].push_back(std::move(fused));
    }
    std::vector<FusedOperation> result;
    for (const auto& place : places) result.insert(result.end(), place.begin(), place.end());
    return result;
  }

 private:
  FusedOperation start_at(std::size_t o, std::size_t& place) {
    FusedOperation fused;
    fused.operation = &operations_[o];
    fused.output = operations_[o].output;
    const TrainingOp& op = operations_[o].op;
    const bool is_norm = std::holds_alternative<BatchNormOp>(op);
    if (is_norm) take_addition(o, fused, place);
    if (is_norm || std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op) ||
        std::holds_alternative<AddOp>(op)) {
      take_clip(o, fused);
    }
    return fused;
  }

  // The only operation that reads the result so far.
  std::size_t only_reader(const FusedOperation& fused) const {
    const std::vector<std::size_t>& readers = readers_[fused.output];
    return readers.size() == 1 ? readers.front() : kNone;
  }

  void take_addition(std::size_t norm, FusedOperation& fused, std::size_t& place) {
    const std::size_t o = only_reader(fused);
    if (o == kNone || fused_into_[o] != kNone) return;
    if (!std::holds_alternative<AddOp>(operations_[o].op)) return;
    const std::vector<std::size_t>& inputs = operations_[o].inputs;
    if (inputs.size() != 2) return;
    fused.addend = inputs[0] == fused.output ? inputs[1] : inputs[0];
    place = o;
    fused.output = operations_[o].output;
    fused_into_[o] = norm;
  }

  void take_clip(std::size_t first, FusedOperation& fused) {
    const std::size_t o = only_reader(fused);
    if (o == kNone) return;
    const auto* activation = std::get_if<ActivationOp>(&operations_[o].op);
    if (activation == nullptr || activation->kind != ActivationKind::kClip) return;
    fused.clip = ClipBounds{activation->alpha, activation->beta};
    fused.output = operations_[o].output;
    fused_into_[o] = first;
  }

  const std::vector<Operation>& operations_;
  std::vector<std::vector<std::size_t>> readers_;  // operations, by value
  std::vector<std::size_t> fused_into_;            // by operation
};

}  // namespace

std::vector<FusedOperation> fuse_operations(const Architecture& architecture) {
  return Fusion(architecture).run();
}

}  // namespace tinysplit::training
