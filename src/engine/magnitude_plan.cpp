#include "engine/magnitude_plan.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/numeric.h"
#include "graph/op_traits.h"
#include "graph/subgraph.h"

namespace tinysplit {
namespace {

double largest_of(const Tensor& tensor) {
  if (tensor.dtype() != DType::kFloat32) return kInfinity;
  double largest = 0.0;
  for (const float x : tensor.as<float>()) {
    if (!std::isfinite(x)) return kInfinity;
    largest = std::max(largest, std::fabs(double{x}));
  }
  return largest;
}

// What can be without bound can be NaN, which no function bounds.
double bound_of(const ActivationOp& op, double x) {
  if (std::isinf(x)) return kInfinity;
  const double alpha = std::fabs(op.alpha), beta = std::fabs(op.beta);
  switch (op.kind) {
    case ActivationKind::kClip:
      return std::min(std::max(x, alpha), std::max(alpha, beta));
    case ActivationKind::kSigmoid:
    case ActivationKind::kTanh:
    case ActivationKind::kHardSigmoid:
      return 1.0;
    case ActivationKind::kElu:
    case ActivationKind::kCelu:
      return std::max(x, alpha);
    case ActivationKind::kSelu:
      return 2.0 * (x + 1.0);
    case ActivationKind::kGeluErf:
    case ActivationKind::kGeluTanh:
    case ActivationKind::kSwish:
    case ActivationKind::kHardSwish:
    case ActivationKind::kMish:
      return x;
    case ActivationKind::kSoftplus:
      return x + 1.0;
    case ActivationKind::kLinear:
      return alpha * x + beta;
    default:
      return kInfinity;
  }
}

// Of numbers that are converted from another type.
double bound_of_stored(const Value& from) {
  switch (from.dtype) {
    case DType::kBool:
      return 1.0;
    case DType::kInt8:
    case DType::kUint8:
      return 256.0;
    case DType::kInt16:
      return 65536.0;
    case DType::kInt32:
      return 0x1p32;
    case DType::kInt64:
      return 0x1p64;
    default:
      return kInfinity;
  }
}

double bound_of(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::kAdd:
    case BinaryKind::kSubtract:
      return a + b;
    case BinaryKind::kMultiply:
      return a * b;
    case BinaryKind::kMaximum:
    case BinaryKind::kMinimum:
      return std::max(a, b);
    default:
      return kInfinity;
  }
}

// Follows bounds through the steps of one segment.
class Bounds {
 public:
  Bounds(const Graph& graph, const KernelCache& cache) : graph_(graph), cache_(cache) {}

  void set(ValueId id, double bound) { bounds_[id] = std::isnan(bound) ? kInfinity : bound; }

  double of(ValueId id) {
    if (const auto found = bounds_.find(id); found != bounds_.end()) return found->second;
    const Value& value = graph_.value(id);
    const double bound = value.is_constant() ? largest_of(*value.data) : kInfinity;
    bounds_[id] = bound;
    return bound;
  }

  void run(const Step& step) {
    double bound = of_root(graph_.nodes()[usize(step.root)], step);
    if (const auto clip = clip_of(graph_, step)) {
      bound = bound_of(ActivationOp{ActivationKind::kClip, clip->low, clip->high}, bound);
    }
    const bool is_float = graph_.value(step.output).dtype == DType::kFloat32;
    set(step.output, is_float ? bound : kInfinity);
  }

 private:
  double largest_input(const Node& node) {
    double largest = 0.0;
    for (const ValueId input : node.inputs) largest = std::max(largest, of(input));
    return largest;
  }

  double of_root(const Node& node, const Step& step) {
    const Op& op = node.op;
    if (traits_of(op).has_weights) {
      const Growth growth = cache_.growth(step);
      return growth.gain * of(node.inputs[0]) + growth.offset;
    }
    if (std::holds_alternative<ChannelAffineOp>(op)) {
      return of(node.inputs[0]) * of(node.inputs[1]) + of(node.inputs[2]);
    }
    if (const auto* activation = std::get_if<ActivationOp>(&op)) {
      return bound_of(*activation, of(node.inputs[0]));
    }
    if (const auto* binary = std::get_if<BinaryOp>(&op)) {
      return bound_of(binary->kind, of(node.inputs[0]), of(node.inputs[1]));
    }
    if (const auto* softmax = std::get_if<SoftmaxOp>(&op)) {
      return softmax->logarithm || std::isinf(of(node.inputs[0])) ? kInfinity : 1;
    }
    const Value& from = graph_.value(node.inputs[0]);
    if (std::holds_alternative<CastOp>(op)) {
      return from.dtype == DType::kFloat32 ? of(node.inputs[0]) : bound_of_stored(from);
    }
    if (std::holds_alternative<DequantizeOp>(op) && from.quantization) {
      // The distance from the zero point is at most that between any two stored numbers.
      return bound_of_stored(from) * std::ranges::max(from.quantization->scale);
    }
    if (const auto* pad = std::get_if<PadOp>(&op)) {
      return std::max(of(node.inputs[0]), std::fabs(double{pad->value}));
    }
    if (std::holds_alternative<GatherOp>(op)) return of(node.inputs[0]);
    if (traits_of(op).moves) return largest_input(node);
    return of_window(node);
  }

  // Pooling of nothing but padding gives the lowest number, so it needs a window without holes.
  double of_window(const Node& node) {
    const auto* pool = std::get_if<Pool2dOp>(&node.op);
    const bool whole = pool != nullptr && pool->spatial.dilation[0] == 1 &&
                       pool->spatial.dilation[1] == 1 &&
                       pool->spatial.pad_before[0] < pool->window[0] &&
                       pool->spatial.pad_before[1] < pool->window[1] &&
                       pool->spatial.pad_after[0] < pool->window[0] &&
                       pool->spatial.pad_after[1] < pool->window[1];
    const auto* reduce = std::get_if<ReduceOp>(&node.op);
    const bool picks =
        reduce != nullptr && (reduce->kind == ReduceKind::kMean ||
                              reduce->kind == ReduceKind::kMax || reduce->kind == ReduceKind::kMin);
    if (whole || picks || std::holds_alternative<GlobalPoolOp>(node.op) ||
        std::holds_alternative<ResizeOp>(node.op)) {
      return of(node.inputs[0]);
    }
    return kInfinity;
  }

  const Graph& graph_;
  const KernelCache& cache_;
  std::unordered_map<ValueId, double> bounds_;
};

}  // namespace

std::vector<bool> find_steps_within(const Graph& graph, const KernelCache& cache,
                                    std::span<const Step> steps,
                                    std::span<const std::shared_ptr<const Kernel>> kernels,
                                    int begin, int end) {
  std::vector<bool> within(steps.size(), false);
  if (begin >= end) return within;
  Bounds bounds(graph, cache);
  for (const ValueId input : segment_inputs(graph, begin)) {
    if (graph.value(input).dtype == DType::kFloat32) bounds.set(input, kUsualMagnitude);
  }
  std::size_t next = 0;
  const int first = graph.layers()[usize(begin)].first_node;
  const int last = graph.layers()[usize(end - 1)].end_node;
  for (int i = first; i < last; ++i) {
    const Node& node = graph.nodes()[usize(i)];
    if (shares_memory(graph, node)) bounds.set(node.output, bounds.of(node.inputs[0]));
    if (next == steps.size() || steps[next].root != i) continue;
    // A mean of many may be a rounding above the largest.
    constexpr double kRounding = 1.001;
    within[next] = bounds.of(node.inputs[0]) * kRounding <= kernels[next]->safe_magnitude();
    bounds.run(steps[next]);
    ++next;
  }
  return within;
}

}  // namespace tinysplit
