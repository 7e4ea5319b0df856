#include "formats/graph_comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/engine.h"
#include "engine/named_run.h"
#include "graph/op.h"

namespace tinysplit::test {
namespace {

constexpr std::size_t kMostListed = 10;

bool same_quantization(const Value& a, const Value& b) {
  if (a.quantization.has_value() != b.quantization.has_value()) return false;
  return !a.quantization || (a.quantization->scale == b.quantization->scale &&
                             a.quantization->zero_point == b.quantization->zero_point &&
                             a.quantization->axis == b.quantization->axis);
}

// The options of an operation, one after the other.
class Options {
 public:
  explicit Options(const Op& op) {
    std::visit([this](const auto& each) { list(each); }, op);
  }
  friend bool operator==(const Options&, const Options&) = default;

 private:
  template <typename T>
  void add(const T& number) {
    numbers_.push_back(static_cast<double>(number));
  }
  void add(const Shape& shape) { add_each(shape.dims()); }
  template <typename T>
  void add_each(const T& numbers) {
    add(std::size(numbers));
    for (const auto number : numbers) add(number);
  }
  template <typename... T>
  void add_all(const T&... numbers) {
    (add(numbers), ...);
  }
  template <std::size_t Axes>
  void add(const Spatial<Axes>& spatial) {
    add_each(spatial.stride);
    add_each(spatial.dilation);
    add_each(spatial.pad_before);
    add_each(spatial.pad_after);
  }
  void add(const ActivationOp& op) { add_all(op.kind, op.alpha, op.beta, op.gamma); }

  void list(const Conv2dOp& op) { add_all(op.spatial, op.groups, op.rounds_once); }
  void list(const Conv3dOp& op) { add_all(op.spatial, op.groups); }
  void list(const ConvTranspose2dOp& op) {
    add_all(op.spatial, op.groups);
    add_each(op.output_padding);
  }
  void list(const DenseOp&) {}
  void list(const MatmulOp& op) { add_all(op.transpose_a, op.transpose_b); }
  template <typename Pool>
  requires requires(Pool op) { op.count_padding; }
  void list(const Pool& op) {
    add_all(op.kind, op.spatial, op.count_padding);
    add_each(op.window);
  }
  void list(const GlobalPoolOp& op) { add(op.kind); }
  void list(const ChannelAffineOp&) {}
  void list(const NormalizeOp& op) {
    add_all(op.kind, op.epsilon);
    add_each(op.axes);
  }
  void list(const SoftmaxOp& op) { add_all(op.axis, op.logarithm); }
  void list(const RecurrentOp& op) {
    add_all(op.kind, op.gate, op.activation, op.output, op.reverse, op.reset_after);
    add_all(op.append_cell, op.clip, op.cell_clip);
  }
  void list(const ActivationOp& op) { add(op); }
  void list(const PreluOp&) {}
  void list(const UnaryOp& op) { add(op.kind); }
  void list(const BinaryOp& op) { add(op.kind); }
  void list(const SelectOp&) {}
  void list(const CastOp& op) { add(op.to); }
  void list(const QuantizeOp& op) { add(op.half_to_even); }
  void list(const DequantizeOp&) {}
  void list(const ConcatOp& op) { add(op.axis); }
  void list(const ReshapeOp& op) { add(op.shape); }
  void list(const TransposeOp& op) { add_each(op.permutation); }
  void list(const PadOp& op) {
    add_each(op.before);
    add_each(op.after);
    add_all(op.mode, op.value);
  }
  void list(const SliceOp& op) {
    add_each(op.begin);
    add_each(op.size);
    // The stride of a single cell says nothing.
    for (std::size_t i = 0; i < op.size.size(); ++i) add(op.size[i] == 1 ? 1 : op.stride[i]);
  }
  void list(const GatherOp& op) { add(op.axis); }
  void list(const TileOp& op) { add_each(op.repeats); }
  void list(const BroadcastOp& op) { add(op.shape); }
  void list(const ResizeOp& op) {
    add_all(op.kind, op.coordinates, op.rounding);
    add_each(op.size);
    add_each(op.scale);
  }
  void list(const ReduceOp& op) {
    add_all(op.kind, op.keep_dims);
    add_each(op.axes);
  }
  void list(const ArgReduceOp& op) {
    add_all(op.axis, op.smallest, op.last, op.keep_dims, op.index_dtype);
  }
  void list(const CumulativeSumOp& op) { add_all(op.axis, op.exclusive, op.reverse); }

  std::vector<double> numbers_;
};

// The n-th node or the n-th input.
std::string origin(const Graph& graph, ValueId id) {
  const auto input = std::ranges::find(graph.inputs(), id);
  if (input != graph.inputs().end()) {
    return "input " + std::to_string(input - graph.inputs().begin());
  }
  return "node " + std::to_string(graph.producer(id));
}

class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b) {}

  std::string run() {
    if (a_.inputs().size() != b_.inputs().size() || a_.outputs().size() != b_.outputs().size()) {
      return "numbers of inputs or outputs differ";
    }
    const std::size_t nodes = std::min(a_.nodes().size(), b_.nodes().size());
    for (std::size_t i = 0; i < nodes && found_.size() < kMostListed; ++i) compare_nodes(i);
    if (a_.nodes().size() != b_.nodes().size()) {
      found_.push_back(std::to_string(a_.nodes().size()) + " nodes against " +
                       std::to_string(b_.nodes().size()));
    }
    for (std::size_t i = 0; i < a_.outputs().size(); ++i) {
      compare_values(a_.outputs()[i], b_.outputs()[i], "output " + std::to_string(i));
    }
    std::string text;
    for (const std::string& line : found_) text += line + "\n";
    return text;
  }

 private:
  void compare_nodes(std::size_t i) {
    const Node& left = a_.nodes()[i];
    const Node& right = b_.nodes()[i];
    const std::string what = "node " + std::to_string(i) + " (" + std::string(op_name(left.op)) +
                             ", \"" + a_.value(left.output).name + "\")";
    if (left.op.index() != right.op.index()) {
      found_.push_back(what + " is " + std::string(op_name(right.op)));
      return;
    }
    if (!(Options(left.op) == Options(right.op))) found_.push_back(what + " has other options");
    if (left.inputs.size() != right.inputs.size()) {
      found_.push_back(what + " has " + std::to_string(right.inputs.size()) + " inputs");
      return;
    }
    for (std::size_t k = 0; k < left.inputs.size(); ++k) {
      compare_values(left.inputs[k], right.inputs[k], what + ", input " + std::to_string(k));
    }
    compare_types(a_.value(left.output), b_.value(right.output), what);
  }

  void compare_values(ValueId left, ValueId right, const std::string& what) {
    const Value& a = a_.value(left);
    const Value& b = b_.value(right);
    compare_types(a, b, what);
    if (a.is_constant() != b.is_constant()) {
      found_.push_back(what + " is a constant in one of them");
    } else if (!a.is_constant()) {
      if (origin(a_, left) != origin(b_, right)) {
        found_.push_back(what + ": " + origin(a_, left) + " against " + origin(b_, right));
      }
    } else if (a.num_bytes() == b.num_bytes() &&
               std::memcmp(a.data->data(), b.data->data(), a.num_bytes()) != 0) {
      found_.push_back(what + " has other numbers");
    }
  }

  void compare_types(const Value& a, const Value& b, const std::string& what) {
    if (!(a.shape == b.shape)) {
      found_.push_back(what + ": " + a.shape.to_string() + " against " + b.shape.to_string());
    }
    if (a.dtype != b.dtype) {
      found_.push_back(what + ": " + std::string(dtype_name(a.dtype)) + " against " +
                       std::string(dtype_name(b.dtype)));
    }
    if (!same_quantization(a, b)) found_.push_back(what + " has another quantisation");
  }

  const Graph& a_;
  const Graph& b_;
  std::vector<std::string> found_;
};

}  // namespace

std::string difference_of_graphs(const Graph& a, const Graph& b) { return Comparison(a, b).run(); }

std::vector<Tensor> outputs_of(const std::shared_ptr<const Graph>& graph,
                               const std::vector<Tensor>& inputs) {
  const auto engine = Engine::create(graph);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  if (!engine.ok()) return {};
  auto segment = (*engine)->make_segment(0, graph->num_layers());
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return {};
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    named.push_back({graph->value(graph->inputs()[i]).name, inputs[i].clone()});
  }
  auto made = run_named(**segment, *graph, std::move(named));
  EXPECT_TRUE(made.ok()) << made.status().to_string();
  if (!made.ok()) return {};
  std::vector<Tensor> outputs;
  for (const ValueId id : graph->outputs()) {
    const auto found = std::ranges::find(*made, graph->value(id).name, &NamedTensor::name);
    if (found != made->end()) outputs.push_back(std::move(found->tensor));
  }
  EXPECT_EQ(outputs.size(), graph->outputs().size());
  return outputs;
}

}  // namespace tinysplit::test
