#include "graph/micro_arena.h"

#include <algorithm>
#include <optional>
#include <span>

#include "graph/analytics.h"
#include "graph/cuts.h"
#include "graph/fusion.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kAlignment = 16;
// Bytes that stay, of a model, of each of its inputs and outputs (the same again where these are
// quantised), of each tensor, constants included, and of each operator.
constexpr std::int64_t kModelBytes = 488;
constexpr std::int64_t kEndBytes = 64;
constexpr std::int64_t kQuantizedEndBytes = 32;
constexpr std::int64_t kTensorBytes = 24;
constexpr std::int64_t kOperatorBytes = 64;
constexpr std::int64_t kChannelBytes = 8;

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::int64_t bytes_of(const Value& value) { return static_cast<std::int64_t>(value.num_bytes()); }

// What one operator of the file takes besides its input and output.
struct Footprint {
  std::int64_t kept_bytes = 0;  // the kernel's data and its options
  std::int64_t constants = 0;   // tensors of the file that the arena does not hold
  std::int64_t scratch_bytes = 0;
};

struct FootprintOf {
  const Graph& graph;
  const Node& node;

  const Value& output() const { return graph.value(node.output); }
  bool is_quantized() const { return output().quantization.has_value(); }
  std::int64_t channels() const {
    const Shape& shape = output().shape;
    return shape.rank() == 0 ? 1 : shape[shape.rank() - 1];
  }

  std::optional<Footprint> operator()(const Conv2dOp&) const {
    return Footprint{104 + kChannelBytes * channels(), 2, 0};
  }
  std::optional<Footprint> operator()(const ConvTranspose2dOp&) const {
    // Sums of integers stand in a buffer of their own until they are rescaled.
    const std::int64_t sums = is_quantized() ? 4 * output().shape.num_elements() : 0;
    return Footprint{120 + kChannelBytes * channels(), 3, sums};
  }
  std::optional<Footprint> operator()(const DenseOp&) const {
    const Value& kernel = graph.value(node.inputs[1]);
    const bool per_channel = kernel.quantization && kernel.quantization->scale.size() > 1;
    return Footprint{112 + (per_channel ? kChannelBytes * channels() : 0), 2, 0};
  }
  std::optional<Footprint> operator()(const MatmulOp&) const { return Footprint{128, 0, 0}; }
  std::optional<Footprint> operator()(const Pool2dOp&) const { return Footprint{72, 0, 0}; }
  std::optional<Footprint> operator()(const GlobalPoolOp&) const { return Footprint{80, 1, 0}; }
  std::optional<Footprint> operator()(const ReduceOp&) const {
    return Footprint{80, 1, 4 * output().shape.num_elements()};
  }
  std::optional<Footprint> operator()(const SliceOp&) const { return Footprint{120, 3, 0}; }
  // A multiplication and, where there is something to add, an addition after it: of the input, the
  // value between and the output no three are alive at once.
  std::optional<Footprint> operator()(const ChannelAffineOp&) const {
    constexpr std::int64_t kMultiplication = 56, kAddition = 72;
    const Value& shift = graph.value(node.inputs[2]);
    const bool adds = shift.dtype != DType::kFloat32 ||
                      std::ranges::any_of(shift.data->as<float>(), [](float x) { return x != 0; });
    if (!adds) return Footprint{kMultiplication, 1, 0};
    return Footprint{kMultiplication + kAddition + kOperatorBytes + kTensorBytes, 2, 0};
  }
  std::optional<Footprint> operator()(const SoftmaxOp&) const { return Footprint{88, 0, 0}; }
  std::optional<Footprint> operator()(const BinaryOp&) const { return Footprint{72, 0, 0}; }
  std::optional<Footprint> operator()(const ReshapeOp&) const { return Footprint{36, 1, 0}; }
  std::optional<Footprint> operator()(const ConcatOp&) const { return Footprint{88, 0, 0}; }
  std::optional<Footprint> operator()(const ActivationOp&) const { return Footprint{32, 0, 0}; }
  std::optional<Footprint> operator()(const Conv3dOp&) const { return std::nullopt; }
  std::optional<Footprint> operator()(const Pool3dOp&) const { return std::nullopt; }
  std::optional<Footprint> operator()(const RecurrentOp&) const { return std::nullopt; }
  template <typename Other>
  std::optional<Footprint> operator()(const Other&) const {
    return Footprint{64, 1, 0};
  }
};

// A buffer of the arena: alive from the operator `first` to the operator `last`, both included.
struct Buffer {
  std::int64_t bytes = 0;
  int first = 0;
  int last = 0;
  std::int64_t offset = 0;

  bool meets(const Buffer& other) const { return first <= other.last && other.first <= last; }
};

// The end of the highest buffer where the planner puts them.
std::int64_t plan_bytes(std::vector<Buffer> buffers) {
  std::ranges::reverse(buffers);
  std::ranges::stable_sort(buffers,
                           [](const Buffer& a, const Buffer& b) { return a.bytes > b.bytes; });
  std::vector<Buffer> placed;  // by offset
  std::int64_t end = 0;
  for (Buffer& buffer : buffers) {
    std::int64_t offset = 0;
    for (const Buffer& other : placed) {
      if (!buffer.meets(other)) continue;
      if (other.offset - offset >= buffer.bytes) break;
      offset = std::max(offset, other.offset + other.bytes);
    }
    buffer.offset = offset;
    end = std::max(end, offset + buffer.bytes);
    const auto next = std::ranges::upper_bound(placed, offset, {}, &Buffer::offset);
    placed.insert(next, buffer);
  }
  return end;
}

// One operator of the file: a node with those that it is fused with.
struct Operator {
  Footprint footprint;
  std::vector<ValueId> inputs;  // without constants
};

class MicroArena {
 public:
  explicit MicroArena(const Graph& graph)
      : graph_(graph), last_(graph.values().size(), 0), made_by_(graph.values().size(), -1) {}

  // False where the estimate ends.
  bool add(int index, int root) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(index)];
    if (root != index) {
      // In the place of its input: the value before never comes to be.
      const int made_by = made_by_[at(graph_.nodes()[static_cast<std::size_t>(root)].output)];
      made_by_[at(node.output)] = made_by;
      if (made_by >= 0) outputs_[at(made_by)] = node.output;
      return true;
    }
    const std::optional<Footprint> footprint = std::visit(FootprintOf{graph_, node}, node.op);
    if (!footprint || operators_.size() == kMaxMicroOperators) return false;
    Operator made{*footprint, {}};
    for (const ValueId input : node.inputs) {
      if (!graph_.value(input).is_constant()) made.inputs.push_back(input);
    }
    made_by_[at(node.output)] = static_cast<int>(operators_.size());
    operators_.push_back(std::move(made));
    outputs_.push_back(node.output);
    return true;
  }

  std::int64_t bytes(std::span<const ValueId> live) {
    return aligned(kept_bytes(live)) + plan_bytes(buffers(live));
  }

 private:
  static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

  std::vector<Buffer> buffers(std::span<const ValueId> live) {
    const int end = static_cast<int>(operators_.size());
    std::ranges::fill(last_, 0);
    for (int i = 0; i < end; ++i) {
      for (const ValueId input : operators_[at(i)].inputs) last_[at(input)] = i + 1;
    }
    for (const ValueId id : live) last_[at(id)] = end;
    std::vector<Buffer> all;
    for (const ValueId id : graph_.inputs()) {
      all.push_back({aligned(bytes_of(graph_.value(id))), 0, last_[at(id)], 0});
    }
    std::vector<Buffer> scratch;
    for (int i = 0; i < end; ++i) {
      const ValueId id = outputs_[at(i)];
      all.push_back(
          {aligned(bytes_of(graph_.value(id))), i + 1, std::max(i + 1, last_[at(id)]), 0});
      const std::int64_t bytes = aligned(operators_[at(i)].footprint.scratch_bytes);
      if (bytes > 0) scratch.push_back({bytes, i + 1, i + 1, 0});
    }
    all.insert(all.end(), scratch.begin(), scratch.end());
    return all;
  }

  std::int64_t kept_bytes(std::span<const ValueId> live) const {
    std::int64_t bytes = kModelBytes;
    std::int64_t tensors = static_cast<std::int64_t>(graph_.inputs().size() + operators_.size());
    for (const Operator& made : operators_) {
      bytes += kOperatorBytes + made.footprint.kept_bytes;
      tensors += made.footprint.constants;
    }
    for (const std::span<const ValueId> ends : {std::span<const ValueId>(graph_.inputs()), live}) {
      for (const ValueId id : ends) {
        bytes += kEndBytes + (graph_.value(id).quantization ? kQuantizedEndBytes : 0);
      }
    }
    return bytes + kTensorBytes * tensors;
  }

  const Graph& graph_;
  std::vector<Operator> operators_;
  std::vector<ValueId> outputs_;  // of each operator
  std::vector<int> last_;         // for each value: the last operator that reads it, from 1
  std::vector<int> made_by_;      // for each value: the operator that makes it
};

}  // namespace

std::vector<std::int64_t> head_micro_arena_bytes(const Graph& graph) {
  std::vector<std::int64_t> bytes(graph.layers().size() + 1, kUnknownBytes);
  bytes[0] = 0;
  const std::vector<int> roots = find_fusion_roots(graph);
  const std::vector<Cut> cuts = find_cuts(graph);
  MicroArena arena(graph);
  for (std::size_t c = 1; c < bytes.size(); ++c) {
    const Layer& layer = graph.layers()[c - 1];
    for (int i = layer.first_node; i < layer.end_node; ++i) {
      if (!arena.add(i, roots[static_cast<std::size_t>(i)])) return bytes;
    }
    if (c > 1 && layer.first_node == layer.end_node) {
      bytes[c] = bytes[c - 1];
      continue;
    }
    // A head hands on what the tail reads, and those outputs of the model that it makes itself.
    std::vector<ValueId> ends = cuts[c].live_tensors;
    for (const ValueId id : graph.outputs()) {
      const bool is_made = graph.producer(id) < layer.end_node;
      if (is_made && std::ranges::count(ends, id) == 0) ends.push_back(id);
    }
    bytes[c] = arena.bytes(ends);
  }
  return bytes;
}

}  // namespace tinysplit
