#include "evaluation/class_of_output.h"

#include <string>
#include <variant>

#include "engine/value_conversion.h"
#include "graph/op_traits.h"

namespace tinysplit {
namespace {

bool has_scores(const Value& value) {
  return value.dtype == DType::kFloat32 || value.dtype == DType::kInt8 ||
         value.dtype == DType::kUint8 || value.dtype == DType::kInt16;
}

std::size_t numbers_of(const Value& value) {
  return static_cast<std::size_t>(value.shape.num_elements());
}

// Whether an operation hands on each number as it is, or rounded.
bool keeps_numbers(const Op& op) {
  return traits_of(op).moves || std::holds_alternative<CastOp>(op) ||
         std::holds_alternative<QuantizeOp>(op) || std::holds_alternative<DequantizeOp>(op);
}

bool is_sigmoid(const Op& op) {
  const auto* const activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && (activation->kind == ActivationKind::kSigmoid ||
                                   activation->kind == ActivationKind::kHardSigmoid);
}

// Whether all that the stored numbers can stand for lies between 0 and 1.
bool is_share(const Value& value) {
  if (!value.quantization || value.quantization->scale.size() != 1) return false;
  if (value.dtype != DType::kInt8 && value.dtype != DType::kUint8) return false;
  const int low = value.dtype == DType::kInt8 ? -128 : 0;
  const auto real = [&](int stored) {
    return value.quantization->scale[0] *
           static_cast<float>(stored - value.quantization->zero_point[0]);
  };
  return real(low) >= 0.0F && real(low + 255) <= 1.0F;
}

}  // namespace

Result<ValueId> find_scores(const Graph& graph, std::size_t classes) {
  std::string found;
  for (const ValueId id : graph.outputs()) {
    const Value& value = graph.value(id);
    const std::size_t numbers = numbers_of(value);
    if (has_scores(value) && (numbers == classes || (numbers == 1 && classes == 2))) return id;
    found += (found.empty() ? "" : ", ") + std::string(dtype_name(value.dtype)) + " " +
             value.shape.to_string();
  }
  return invalid_argument("no output of the model scores the " + std::to_string(classes) +
                          " classes of the data: it gives " + found);
}

std::size_t count_classes(const Graph& graph) {
  for (const ValueId id : graph.outputs()) {
    const Value& value = graph.value(id);
    if (has_scores(value)) return numbers_of(value) == 1 ? 2 : numbers_of(value);
  }
  return 0;
}

ScoreKind score_kind(const Graph& graph, ValueId id) {
  if (numbers_of(graph.value(id)) != 1) return ScoreKind::kScores;
  for (;;) {
    if (is_share(graph.value(id))) return ScoreKind::kProbabilityOfSecond;
    const int producer = graph.producer(id);
    if (producer < 0) return ScoreKind::kLogitOfSecond;
    const Node& node = graph.nodes()[static_cast<std::size_t>(producer)];
    if (is_sigmoid(node.op)) return ScoreKind::kProbabilityOfSecond;
    if (!keeps_numbers(node.op)) return ScoreKind::kLogitOfSecond;
    id = node.inputs[0];
  }
}

std::vector<ScoredClass> ranked_classes(const Graph& graph, ValueId id, const Tensor& output) {
  const Tensor numbers = real_numbers(output, graph.value(id));
  return ranked_classes(numbers.as<float>(), score_kind(graph, id));
}

ScoredClass best_class(const Graph& graph, ValueId id, const Tensor& output) {
  const Tensor numbers = real_numbers(output, graph.value(id));
  return best_class(numbers.as<float>(), score_kind(graph, id));
}

}  // namespace tinysplit
