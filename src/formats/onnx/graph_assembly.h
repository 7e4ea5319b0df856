#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/onnx/operand.h"
#include "graph/graph_builder.h"

namespace tinysplit::onnx_format {

// Adds operations to a GraphBuilder, and computes at once those that read constants alone.
class GraphAssembly {
 public:
  GraphAssembly(std::string name, std::string digest)
      : builder_(std::move(name), std::move(digest)) {}

  GraphBuilder& builder() { return builder_; }

  const Shape& shape(const Operand& operand) const {
    return operand.is_constant() ? operand.constant->shape() : builder_.value(operand.id).shape;
  }
  DType dtype(const Operand& operand) const {
    return operand.is_constant() ? operand.constant->dtype() : builder_.value(operand.id).dtype;
  }
  const std::optional<Quantization>& quantization(const Operand& operand) const {
    return operand.is_constant() ? operand.quantization : builder_.value(operand.id).quantization;
  }

  // Errors: those of GraphBuilder::add_op, and RESOURCE_EXHAUSTED (limits::kMaxFolded...).
  Result<Operand> add(const Op& op, const std::vector<Operand>& operands,
                      const std::optional<ElementType>& stated = std::nullopt);

  // The same without computing it: for a graph output that is a constant.
  Result<Operand> add_unfolded(const Op& op, const std::vector<Operand>& operands,
                               const std::optional<ElementType>& stated = std::nullopt);

  // `x` under another shape, or with its axes in another order; x itself if nothing changes.
  Result<Operand> reshape(const Operand& x, const Shape& to);
  Result<Operand> transpose(const Operand& x, const std::vector<int>& permutation);

  // `x`, a tensor of `rank` axes in the file, from one layout to the other.
  Result<Operand> to_channels_last(const Operand& x);
  Result<Operand> to_file_order(const Operand& x, int rank);

  // Before making a constant that the file does not hold.
  Status spend(std::int64_t elements);

 private:
  ValueId materialize(const Operand& operand);
  bool is_empty(const Operand& operand) const { return shape(operand).num_elements() == 0; }
  Result<Operand> add_empty(const Op& op, const std::vector<Operand>& operands,
                            const std::optional<ElementType>& stated);
  Result<Operand> fold(const Op& op, const std::vector<Operand>& operands,
                       const std::optional<ElementType>& stated);

  GraphBuilder builder_;
  std::map<const Tensor*, ValueId> constants_;  // that the builder holds already
  std::int64_t folded_elements_ = 0;
};

}  // namespace tinysplit::onnx_format
