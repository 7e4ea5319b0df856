#include "training/fake_quantization.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "graph/op.h"

namespace tinysplit::training {
namespace {

constexpr float kLowest = -128.0f, kHighest = 127.0f;
constexpr float kWeightLimit = 127.0f;

bool is_clip(const TrainingOp& op) {
  const auto* activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && activation->kind == ActivationKind::kClip;
}

// Whether the output has a grid of its own that ranges decide.
bool has_grid(const TrainingOp& op) {
  if (const auto* activation = std::get_if<ActivationOp>(&op)) {
    return activation->kind != ActivationKind::kSigmoid &&
           activation->kind != ActivationKind::kTanh;
  }
  return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op) ||
         std::holds_alternative<BatchNormOp>(op) || std::holds_alternative<AddOp>(op) ||
         std::holds_alternative<ConcatOp>(op) || std::holds_alternative<RescaleOp>(op) ||
         std::holds_alternative<GlobalPoolOp>(op);
}

// Whether `next` is computed together with `op`, so that what lies between is
// never int8.
bool is_joined(const TrainingOp& op, const TrainingOp& next) {
  const bool kernel = std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op);
  if (std::holds_alternative<BatchNormOp>(next)) return kernel;
  if (!is_clip(next)) return false;
  return kernel || std::holds_alternative<BatchNormOp>(op) || std::holds_alternative<AddOp>(op);
}

// The word that graph/op.h has for the operation; empty where it knows none.
std::string name_of(const TrainingOp& op) {
  return std::visit(
      [](const auto& one) {
        if constexpr (std::is_constructible_v<Op, decltype(one)>) {
          return std::string(op_name(Op(one)));
        } else {
          return std::string();
        }
      },
      op);
}

// `base`, with a number behind it where something has that name.
std::string claim(std::unordered_set<std::string>& taken, const std::string& base) {
  std::string name = base;
  for (int n = 2; !taken.insert(name).second; ++n) name = base + std::to_string(n);
  return name;
}

class Rewriter {
 public:
  explicit Rewriter(const Architecture& architecture)
      : result_(architecture), rounded_(architecture.values.size()) {
    for (std::size_t v = 0; v < rounded_.size(); ++v) rounded_[v] = v;
  }

  Architecture run() {
    const std::vector<Operation> operations = std::exchange(result_.operations, {});
    for (std::size_t i = 0; i < result_.layers.size(); ++i) {
      const std::size_t value = result_.layers[i].output;
      const bool is_input = std::ranges::find(result_.inputs, value) != result_.inputs.end();
      if (is_input && result_.layers[i].class_name == "InputLayer") round(value, i);
    }
    for (const Operation& operation : operations) {
      Operation copy = operation;
      for (std::size_t& input : copy.inputs) input = rounded_[input];
      if (auto* norm = std::get_if<BatchNormOp>(&copy.op)) norm->frozen = true;
      result_.operations.push_back(std::move(copy));
      if (has_grid(operation.op) && !joins_next(operation, operations)) {
        round(operation.output, operation.layer);
      }
    }
    result_.output = rounded_[result_.output];
    return std::move(result_);
  }

 private:
  bool joins_next(const Operation& operation, const std::vector<Operation>& all) const {
    const Operation* only = nullptr;
    for (const Operation& reader : all) {
      if (std::ranges::find(reader.inputs, operation.output) == reader.inputs.end()) continue;
      if (only != nullptr) return false;
      only = &reader;
    }
    return only != nullptr && operation.output != result_.output &&
           is_joined(operation.op, only->op);
  }

  void round(std::size_t value, std::size_t layer) {
    Operation operation;
    operation.op = FakeQuantizeOp{ranges_++};
    operation.inputs = {value};
    operation.output = result_.values.size();
    operation.layer = layer;
    result_.values.push_back(result_.values[value]);
    rounded_[value] = operation.output;
    result_.operations.push_back(std::move(operation));
  }

  Architecture result_;
  std::vector<std::size_t> rounded_;  // by value, what reads it reads instead
  std::size_t ranges_ = 0;
};

}  // namespace

Int8Grid grid_of(float low, float high) {
  low = std::min(low, 0.0f);
  high = std::max(high, 0.0f);
  const float scale = (high - low) / (kHighest - kLowest);
  if (!(scale > 0.0f)) return {};
  return {scale, std::clamp(std::round(kLowest - low / scale), kLowest, kHighest)};
}

void fake_quantize_weights(const float* weights, std::size_t rows, std::size_t columns,
                           float* quantized) {
  for (std::size_t c = 0; c < columns; ++c) {
    float most = 0.0f;
    for (std::size_t r = 0; r < rows; ++r) {
      most = std::max(most, std::fabs(weights[r * columns + c]));
    }
    const float scale = most > 0.0f ? most / kWeightLimit : 1.0f;
    for (std::size_t r = 0; r < rows; ++r) {
      quantized[r * columns + c] = std::round(weights[r * columns + c] / scale) * scale;
    }
  }
}

std::vector<ActivationRange> list_ranges(const Architecture& architecture) {
  std::vector<std::string> names(architecture.values.size());
  std::unordered_set<std::string> taken;
  for (const ArchitectureLayer& layer : architecture.layers) {
    names[layer.output] = layer.name;
    taken.insert(layer.name);
  }
  std::vector<ActivationRange> ranges;
  for (const Operation& operation : architecture.operations) {
    if (std::holds_alternative<FakeQuantizeOp>(operation.op)) {
      ranges.push_back({names[operation.inputs[0]], 0.0f, 0.0f});
    } else if (names[operation.output].empty()) {
      const std::string& layer = architecture.layers[operation.layer].name;
      names[operation.output] = claim(taken, layer + "/" + name_of(operation.op));
    }
  }
  return ranges;
}

Architecture add_fake_quantization(const Architecture& architecture) {
  return Rewriter(architecture).run();
}

}  // namespace tinysplit::training
