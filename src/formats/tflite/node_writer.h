#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/tflite/file_builder.h"
#include "formats/tflite/write_plan.h"
#include "graph/graph.h"

namespace tinysplit::tflite {

// What all steps of a graph share while they are written: the file, and the tensor of each value.
struct WriteState {
  const Graph& graph;
  FileBuilder file;
  std::vector<TensorId> tensors;  // by value; kNoTensor where there is none yet
};

// What writes one step: its operation's inputs as tensors, operators that make others of them, and
// at last finish(), which makes the step's output. Inputs are counted as graph/op.h lists them.
class NodeWriter {
 public:
  using Code = schema::BuiltinOperator;
  using Tensors = std::vector<TensorId>;

  NodeWriter(const WriteStep& step, WriteState& state);

  const WriteStep& step;
  const Node& node;

  const Graph& graph() const { return state_.graph; }
  flatbuffers::FlatBufferBuilder& tables() { return state_.file.tables(); }
  int num_inputs() const { return static_cast<int>(node.inputs.size()); }
  const Value& in(int i) const;
  const Value& out() const { return state_.graph.value(step.output); }
  // Copies: the next tensor that is added moves the others.
  Shape shape(TensorId tensor) const { return state_.file.info(tensor).shape; }
  ElementType type(TensorId tensor) const { return state_.file.info(tensor).type; }
  // Whether input 0 or the output is quantised.
  bool is_quantized() const;

  TensorId input(int i);
  // Input i as float32. If it is quantised a DEQUANTIZE comes first, and finish() ends with a
  // QUANTIZE: how operations are written that have no kernel for integers.
  TensorId real_input(int i);

  TensorId constant(const std::string& name, ElementType type, const TensorView& data);
  TensorId number(float number);
  TensorId integer(std::int64_t number);
  TensorId integers(std::span<const std::int64_t> numbers);
  TensorId integers(std::span<const std::int64_t> numbers, const Shape& shape);

  // Of zeros at the start of a model's life; the operator that reads it writes it as well.
  TensorId variable(const std::string& name, const ElementType& type, const Shape& shape);

  // Says of what type numbers inside of an operator are.
  TensorId intermediate(const std::string& name, const ElementType& type);

  template <typename Table>
  static OperatorOptions options(flatbuffers::Offset<Table> table) {
    return FileBuilder::options(table);
  }

  // An operator whose output goes on to another of this step.
  TensorId add(Code code, const Tensors& inputs, const ElementType& type, const Shape& shape,
               OperatorOptions options = {}, int least_version = 1);
  // The same with an output like the first input.
  TensorId add(Code code, const Tensors& inputs, OperatorOptions options = {},
               int least_version = 1);

  // The operator that makes the step's output.
  Status finish(Code code, const Tensors& inputs, OperatorOptions options = {},
                int least_version = 1);
  // The same for a step of several outputs.
  Status finish(Code code, const Tensors& inputs, const std::vector<ValueId>& outputs,
                OperatorOptions options);
  // The step's output is `tensor` under its own shape.
  Status finish_reshape(TensorId tensor);

 private:
  std::string name_of(const std::string& what) const { return out().name + "/" + what; }
  TensorId output(ValueId id);

  WriteState& state_;
  bool through_floats_ = false;
};

}  // namespace tinysplit::tflite
