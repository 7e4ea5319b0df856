#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/keras/model_builder.h"
#include "graph/graph.h"

namespace tinysplit::keras {

// What Keras has in place of a value of the graph.
struct ExportedValue {
  KerasTensor tensor;
  bool reversed = false;            // along axis 1: Keras lists steps as a layer takes them
  std::optional<KerasTensor> cell;  // the row that follows on axis 1, [1,F]
};

// What translating one node works with. To write another operation: an overload of export_op() for
// it, in the op_export_*.cpp that fits; those without one are UNIMPLEMENTED. It adds layers and
// returns the tensor that holds the node's output; errors need not name layer and operation.
class ExportContext {
 public:
  ExportContext(const Graph& graph, const Node& node, ModelBuilder& builder,
                std::map<ValueId, ExportedValue>& values)
      : model(builder), graph_(graph), node_(node), values_(values) {}

  ModelBuilder& model;

  std::size_t num_inputs() const { return node_.inputs.size(); }
  const Value& input_value(std::size_t i) const { return graph_.value(node_.inputs[i]); }
  const Value& output_value() const { return graph_.value(node_.output); }
  const Shape& output() const { return output_value().shape; }

  // Input i as a tensor. Errors: UNIMPLEMENTED (a constant, or in an order of steps that only a
  // slice understands).
  Result<KerasTensor> input(std::size_t i) const;
  const ExportedValue& raw_input(std::size_t i) const { return values_.at(node_.inputs[i]); }
  // Input i as a constant. Errors: UNIMPLEMENTED (it is computed).
  Result<const Tensor*> constant(std::size_t i) const;
  bool is_constant(std::size_t i) const {
    return i < node_.inputs.size() && input_value(i).is_constant();
  }

  // Input i as an argument of an operation, be it a tensor or a constant.
  // Errors: UNIMPLEMENTED (a large constant, one with infinities or NaN).
  Result<OperationArgument> argument(std::size_t i) const;

  // Whether all that reads the output looks up rows of tables by it.
  bool only_read_as_index() const;

  // Whether input 0 is sure to have nothing below zero.
  bool input_is_positive() const;

  // How the node's output is kept, where it is not plainly the tensor returned.
  void store(ExportedValue value) { values_[node_.output] = std::move(value); }

  // A layer on one tensor.
  KerasTensor add(const std::string& class_name, Json options, const KerasTensor& x,
                  const Shape& to, std::vector<SavedWeight> weights = {}) {
    return model.add(class_name, std::move(options), {x}, to, std::move(weights));
  }

  // x under another shape; x itself if that is its shape. Errors: UNIMPLEMENTED (batch not 1).
  Result<KerasTensor> reshape(const KerasTensor& x, const Shape& to);

  // x * scale + shift over axis `axis`; one number each, or one for each place along it.
  Result<KerasTensor> scale_and_shift(const KerasTensor& x, int axis, std::span<const float> scale,
                                      std::span<const float> shift);
  KerasTensor rescale(const KerasTensor& x, float scale, float offset);

  // Zeros around, or cells cut off, along each axis but the first.
  Result<KerasTensor> pad(const KerasTensor& x, const std::vector<std::int64_t>& before,
                          const std::vector<std::int64_t>& after);
  Result<KerasTensor> crop(const KerasTensor& x, const std::vector<std::int64_t>& before,
                           const std::vector<std::int64_t>& after);

 private:
  const Graph& graph_;
  const Node& node_;
  std::map<ValueId, ExportedValue>& values_;
};

using Exported = Result<KerasTensor>;

template <typename Op>
Exported export_op(const Op&, ExportContext&) {
  return unimplemented("no layer of Keras does this");
}

Exported export_op(const Conv2dOp& op, ExportContext& context);
Exported export_op(const Conv3dOp& op, ExportContext& context);
Exported export_op(const ConvTranspose2dOp& op, ExportContext& context);
Exported export_op(const DenseOp& op, ExportContext& context);
Exported export_op(const Pool2dOp& op, ExportContext& context);
Exported export_op(const Pool3dOp& op, ExportContext& context);
Exported export_op(const GlobalPoolOp& op, ExportContext& context);
Exported export_op(const MatmulOp& op, ExportContext& context);
Exported export_op(const ChannelAffineOp& op, ExportContext& context);
Exported export_op(const NormalizeOp& op, ExportContext& context);
Exported export_op(const SoftmaxOp& op, ExportContext& context);
Exported export_op(const RecurrentOp& op, ExportContext& context);
Exported export_op(const ActivationOp& op, ExportContext& context);
Exported export_op(const PreluOp& op, ExportContext& context);
Exported export_op(const UnaryOp& op, ExportContext& context);
Exported export_op(const BinaryOp& op, ExportContext& context);
Exported export_op(const SelectOp& op, ExportContext& context);
Exported export_op(const CastOp& op, ExportContext& context);
Exported export_op(const ConcatOp& op, ExportContext& context);
Exported export_op(const ReshapeOp& op, ExportContext& context);
Exported export_op(const TransposeOp& op, ExportContext& context);
Exported export_op(const PadOp& op, ExportContext& context);
Exported export_op(const SliceOp& op, ExportContext& context);
Exported export_op(const GatherOp& op, ExportContext& context);
Exported export_op(const TileOp& op, ExportContext& context);
Exported export_op(const BroadcastOp& op, ExportContext& context);
Exported export_op(const ResizeOp& op, ExportContext& context);
Exported export_op(const ReduceOp& op, ExportContext& context);
Exported export_op(const ArgReduceOp& op, ExportContext& context);
Exported export_op(const CumulativeSumOp& op, ExportContext& context);

// The name by which Keras knows an activation without options; none if there is no such.
std::optional<std::string> activation_name(const ActivationOp& op);

}  // namespace tinysplit::keras
