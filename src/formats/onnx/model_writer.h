#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/onnx/proto.h"
#include "formats/onnx/written_attributes.h"
#include "graph/graph.h"

namespace tinysplit::onnx_format {

// How the axes of a tensor of 4 or 5 axes lie in the written file: as in the graph, [N,H,W,C], or
// [N,C,H,W]. Tensors of other ranks have one order only.
enum class Order : std::uint8_t { kGraph, kChannelsFirst };

constexpr bool has_channels_first(int rank) { return rank == 4 || rank == 5; }

// Where an axis of the graph lies in that order.
constexpr int axis_in(Order order, int axis, int rank) {
  if (order == Order::kGraph || !has_channels_first(rank) || axis == 0) return axis;
  return axis == rank - 1 ? 1 : axis + 1;
}

// From the graph's order to channels first, for 4 or 5 axes.
std::vector<int> channels_first_permutation(int rank);

// The same numbers with their axes in another order.
Tensor transposed(const Tensor& tensor, const std::vector<int>& permutation);

// Builds the file: its nodes, its constants, and in which forms each value of the graph exists in
// it. Names of tensors are what its functions take and give.
class ModelWriter {
 public:
  explicit ModelWriter(const Graph& graph);

  // Names what is added from here on.
  void begin_layer(const Layer& layer) { layer_ = &layer; }

  // A node of the file; its output.
  using Attributes = std::vector<::onnx::AttributeProto>;
  std::string add(const std::string& kind, std::vector<std::string> inputs,
                  const Attributes& attributes = {});
  // One with several outputs, of which those left out are empty.
  std::vector<std::string> add_several(const std::string& kind, std::vector<std::string> inputs,
                                       const std::vector<bool>& outputs,
                                       const Attributes& attributes);

  // Constants. `role`: the last part of its name.
  std::string constant(const Tensor& tensor, std::string_view role);
  std::string integers(const std::vector<std::int64_t>& values, std::string_view role);
  std::string scalar(float value);

  // A weight of the graph: a constant under another shape and order of axes (`permutation` of
  // `shape`), as real numbers. `axis`: where the scales of a quantised one lie after that.
  Result<std::string> weights(ValueId id, const Shape& shape, const std::vector<int>& permutation,
                              int axis, std::string_view role);
  // An int32 bias in steps of x times the weights, as real numbers; a float32 one as it is.
  Result<std::string> bias(ValueId id, ValueId x, ValueId kernel);

  // A value as the graph holds it, stored numbers where it is quantised, or as real numbers; made
  // from another form where it does not exist in that one.
  std::string stored(ValueId id, Order order);
  std::string real(ValueId id, Order order);
  // The real numbers of a quantised value, as a tensor of their own.
  std::string dequantized(ValueId id, Order order);
  // The result of its node before it was quantised, where it is to be had; else real().
  std::string before_rounding(ValueId id, Order order);
  // Whether the value exists with channels first and not in the graph's order.
  bool is_channels_first(ValueId id) const;

  // Says what a node's result is: real numbers, which are quantised where the value is, or the
  // numbers as stored.
  void set_real(ValueId id, const std::string& tensor, Order order);
  void set_stored(ValueId id, const std::string& tensor, Order order);

  std::string transpose(const std::string& tensor, const std::vector<int>& permutation);

  // With the graph's outputs. Errors: OUT_OF_RANGE.
  Result<std::string> finish();

 private:
  // By order; empty where the value does not exist so.
  struct Forms {
    std::array<std::string, 2> stored;
    std::array<std::string, 2> real;      // of a quantised value: dequantised
    std::array<std::string, 2> computed;  // of a quantised value: before it was quantised
  };

  static std::size_t index(Order order) { return static_cast<std::size_t>(order); }
  Order order_for(ValueId id, Order order) const;
  void begin_layer_of(ValueId id);
  Forms& forms(ValueId id) { return forms_[static_cast<std::size_t>(id)]; }
  std::string reordered(ValueId id, const std::array<std::string, 2>& forms, Order order);
  std::string name_for(ValueId id, Order order);
  std::string adopt(ValueId id, const std::string& tensor, Order order);
  std::string claim(const std::string& wanted);
  void rename_output(const std::string& from, const std::string& to);
  std::string scale_of(const Quantization& quantization);
  std::string zero_point_of(const Quantization& quantization, DType dtype);
  std::string converted(const char* kind, const std::string& tensor,
                        const Quantization& quantization, DType dtype, int axis);
  void add_value_info(::onnx::ValueInfoProto& info, const Value& value);

  const Graph& graph_;
  const Layer* layer_ = nullptr;
  ::onnx::ModelProto model_;
  std::vector<Forms> forms_;
  std::vector<bool> is_output_;
  std::set<std::string> names_;                // of tensors
  std::set<std::string> node_names_;           // of nodes
  std::set<std::string> numbered_layers_;      // that an input or output "<layer>/<number>" is of
  std::map<std::string, std::string> shared_;  // constants by what they are made of
  std::size_t constant_bytes_ = 0;
};

}  // namespace tinysplit::onnx_format
