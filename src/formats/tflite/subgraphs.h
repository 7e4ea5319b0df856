#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/status.h"
#include "formats/tflite/tensor_table.h"
#include "graph/graph_builder.h"

namespace tinysplit::tflite {

struct TranslationState;

// Operators of called subgraphs, each as often as it runs: most of them become a node.
inline constexpr std::int64_t kMaxCalledOperators = 4 * std::int64_t{limits::kMaxNodes};

// Variables of a file: what has been assigned to each so far.
class Variables {
 public:
  // The number of the variable of that name, from 0.
  int handle(const std::string& name);
  // Errors: INVALID_ARGUMENT (no such variable), UNIMPLEMENTED (read before it is assigned).
  Result<ValueId> read(std::int64_t handle) const;
  Status assign(std::int64_t handle, ValueId value);

 private:
  std::vector<std::string> names_;
  std::vector<std::optional<ValueId>> values_;
};

// Subgraphs that operators call. Their operators become part of the layer that is open.
class Subgraphs {
 public:
  Subgraphs(const schema::Model& model, GraphBuilder& builder, ReadingBudget& budget)
      : model_(model), builder_(builder), budget_(budget) {}

  // What subgraph `index` makes of `inputs`, for an operator translated with `caller`.
  // Errors: INVALID_ARGUMENT (no such subgraph, another number of inputs), RESOURCE_EXHAUSTED
  // (kMaxCalledOperators), those of its operators.
  Result<std::vector<ValueId>> run(int index, std::span<const ValueId> inputs,
                                   TranslationState& caller);

 private:
  Result<TensorTable*> table(int index);
  Status run_operators(const schema::SubGraph& subgraph, TranslationState& state);

  const schema::Model& model_;
  GraphBuilder& builder_;
  ReadingBudget& budget_;
  std::map<int, std::unique_ptr<TensorTable>> tables_;
  int depth_ = 0;
};

}  // namespace tinysplit::tflite
