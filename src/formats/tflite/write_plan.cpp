#include "formats/tflite/write_plan.h"

#include <cmath>

#include "formats/tflite/write_patterns.h"
#include "graph/fusion.h"

namespace tinysplit::tflite {
namespace {

// TRANSPOSE_CONV took an activation late, and older runtimes for microcontrollers, which do not
// look at the version, leave it out without a word.
bool takes_activation(const Op& op) {
  if (std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op) ||
      std::holds_alternative<Pool2dOp>(op)) {
    return true;
  }
  const auto* binary = std::get_if<BinaryOp>(&op);
  if (binary == nullptr) return false;
  return binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSubtract ||
         binary->kind == BinaryKind::kMultiply || binary->kind == BinaryKind::kDivide;
}

bool computes_on_reals(const Value& value) {
  return value.dtype == DType::kFloat32 || value.quantization.has_value();
}

class Planner {
 public:
  explicit Planner(const Graph& graph)
      : graph_(graph),
        readers_(count_readers(graph)),
        roots_(find_fusion_roots(graph)),
        step_of_value_(graph.values().size(), -1) {}

  std::vector<WriteStep> run() {
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
      const int index = static_cast<int>(i);
      if (joins_step(index)) continue;
      if (const auto pattern = match_pattern(graph_, readers_, index)) {
        steps_.push_back(*pattern);
        i += static_cast<std::size_t>(pattern->nodes) - 1;
        continue;
      }
      WriteStep step;
      step.node = index;
      step.output = graph_.nodes()[i].output;
      step_of_value_[static_cast<std::size_t>(step.output)] = static_cast<int>(steps_.size());
      steps_.push_back(step);
    }
    return std::move(steps_);
  }

 private:
  bool joins_step(int index) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(index)];
    const std::size_t input = static_cast<std::size_t>(node.inputs[0]);
    if (step_of_value_[input] < 0 || readers_[input] != 1) return false;
    WriteStep& step = steps_[static_cast<std::size_t>(step_of_value_[input])];
    const Node& root = graph_.nodes()[static_cast<std::size_t>(step.node)];
    if (step.activation != schema::Activation::NONE) return false;
    if (std::holds_alternative<ChannelAffineOp>(node.op)) {
      if (roots_[static_cast<std::size_t>(index)] != step.node) return false;
      step.affine = index;
    } else {
      const auto* clip = std::get_if<ActivationOp>(&node.op);
      if (clip == nullptr || clip->kind != ActivationKind::kClip || !takes_activation(root.op) ||
          !computes_on_reals(graph_.value(node.output)) ||
          !have_same_type(graph_.value(node.inputs[0]), graph_.value(node.output))) {
        return false;
      }
      const schema::Activation activation = activation_of(clip->alpha, clip->beta);
      if (activation == schema::Activation::NONE) return false;
      step.activation = activation;
    }
    step.output = node.output;
    step_of_value_[static_cast<std::size_t>(node.output)] = step_of_value_[input];
    return true;
  }

  const Graph& graph_;
  const std::vector<int> readers_;
  const std::vector<int> roots_;
  std::vector<int> step_of_value_;  // -1 for none
  std::vector<WriteStep> steps_;
};

}  // namespace

std::vector<WriteStep> plan_operators(const Graph& graph) { return Planner(graph).run(); }

schema::Activation activation_of(float low, float high) {
  if (low == 0.0f && std::isinf(high)) return schema::Activation::RELU;
  if (low == 0.0f && high == 6.0f) return schema::Activation::RELU6;
  if (low == -1.0f && high == 1.0f) return schema::Activation::RELU_N1_TO_1;
  return schema::Activation::NONE;
}

bool have_same_type(const Value& a, const Value& b) {
  if (a.dtype != b.dtype || a.quantization.has_value() != b.quantization.has_value()) return false;
  return !a.quantization || (a.quantization->scale == b.quantization->scale &&
                             a.quantization->zero_point == b.quantization->zero_point);
}

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values().size(), 0);
  for (const Node& node : graph.nodes()) {
    for (const ValueId input : node.inputs) ++readers[static_cast<std::size_t>(input)];
  }
  for (const ValueId output : graph.outputs()) ++readers[static_cast<std::size_t>(output)];
  return readers;
}

}  // namespace tinysplit::tflite
