#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/onnx/attributes.h"
#include "formats/onnx/graph_assembly.h"
#include "formats/onnx/operand.h"

namespace tinysplit::onnx_format {

// A tensor of the file: in which layouts it exists so far.
struct FileTensor {
  std::string name;
  int rank = 0;
  Operand file;           // in the file's order of axes
  Operand channels_last;  // for has_channels_last(rank)
  // The tensor of stored numbers that this one is the real numbers of: a node that can compute on
  // those reads them, and the real ones need not exist.
  std::shared_ptr<FileTensor> stored;
  bool is_output = false;  // of the model
  bool is_half = false;    // float16 in the file, where that is known, and float32 here
  int readers = 0;         // nodes that are still to read it

  bool is_constant() const { return file.is_constant(); }
};

// What a translator works with: one node of the file, its layer opened in the builder. A translator
// adds the node's operations and sets its outputs; errors need not name the node. To support
// another operator: write a Translator in one of the ops_*.cpp, declare it in ops.h, name it in
// op_table.cpp.
class NodeContext {
 public:
  NodeContext(::onnx::NodeProto& node, int opset_version, std::vector<FileTensor*> inputs,
              GraphAssembly& graph)
      : attributes(node),
        opset(opset_version),
        graph_(graph),
        node_(node),
        inputs_(std::move(inputs)),
        outputs_(static_cast<std::size_t>(node.output_size())) {}

  Attributes attributes;
  int opset;

  const std::string& kind() const { return node_.op_type(); }
  const ::onnx::NodeProto& node() const { return node_; }
  GraphAssembly& graph() { return graph_; }

  // Says that quantised inputs are stored numbers in place of real ones (those of a QDQ model), and
  // what type the operation of the node is to give where its inputs do not say it.
  void compute_on_stored(std::optional<ElementType> result) {
    on_stored_ = true;
    result_ = std::move(result);
  }
  bool is_on_stored() const { return on_stored_; }

  // Inputs. An optional one that is left out does not exist.
  int num_inputs() const { return static_cast<int>(inputs_.size()); }
  bool has_input(int i) const { return i < num_inputs() && inputs_[index(i)] != nullptr; }
  Status expect_inputs(int least, int most) const;

  // Shape and type in the file's order. Precondition: has_input(i), here and below.
  Shape shape(int i) const;
  DType dtype(int i) const;
  bool is_constant(int i) const { return inputs_[index(i)]->is_constant(); }
  // True if the tensor exists with channels last and not in the file's order.
  bool is_channels_last(int i) const;

  // The tensor itself; null for an input that is left out.
  FileTensor* tensor(int i) const { return i < num_inputs() ? inputs_[index(i)] : nullptr; }

  // The tensor in the layout, converted where it does not exist in it yet.
  Result<Operand> input(int i, Layout layout = Layout::kFile);

  // The contents of an input that must be known now. Errors: UNIMPLEMENTED (computed at run time).
  Result<std::shared_ptr<const Tensor>> constant(int i, std::string_view what) const;
  // The same for a list or a single one of int32 or int64.
  Result<std::vector<std::int64_t>> integers(int i, std::string_view what) const;
  Result<std::vector<float>> reals(int i, std::string_view what) const;

  // An axis, counted from the end where negative. Errors: INVALID_ARGUMENT.
  Result<int> axis(std::int64_t given, int rank) const;
  // Sorted, each once. Errors: INVALID_ARGUMENT (also: one twice).
  Result<std::vector<int>> axes(const std::vector<std::int64_t>& given, int rank) const;

  // Operations.
  Result<Operand> add(const Op& op, const std::vector<Operand>& operands,
                      const std::optional<ElementType>& stated = std::nullopt) {
    return graph_.add(op, operands, stated ? stated : result_);
  }
  const Shape& shape(const Operand& operand) const { return graph_.shape(operand); }
  DType dtype(const Operand& operand) const { return graph_.dtype(operand); }

  // Outputs; there is at least one, and one that the node does not have is dropped. `rank` is that
  // of the tensor in the file.
  bool wants_output(int i) const { return i < node_.output_size() && !node_.output(i).empty(); }
  int num_outputs() const { return node_.output_size(); }
  void set_output(int i, Operand value);
  void set_output(int i, Operand value, Layout layout, int rank);
  // Makes output i the tensor that input k is.
  void forward(int i, int k) { outputs_[index(i)] = *inputs_[index(k)]; }
  // Makes output i the real numbers of `numbers`, a tensor that carries a quantisation.
  void set_stored_output(int i, FileTensor numbers);
  // The tensors set, without names.
  const std::vector<FileTensor>& outputs() const { return outputs_; }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  GraphAssembly& graph_;
  ::onnx::NodeProto& node_;
  std::vector<FileTensor*> inputs_;
  std::vector<FileTensor> outputs_;
  bool on_stored_ = false;
  std::optional<ElementType> result_;
};

using Translator = Status (*)(NodeContext&);

// The tensor in one of its layouts, converted and kept where it did not exist in it.
Result<Operand> operand_in(GraphAssembly& graph, FileTensor& tensor, Layout layout);

// Shape in the file's order.
Shape file_shape(const GraphAssembly& graph, const FileTensor& tensor);

}  // namespace tinysplit::onnx_format
