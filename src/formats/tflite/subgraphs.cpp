#include "formats/tflite/subgraphs.h"

#include <algorithm>

#include "core/limits.h"
#include "formats/tflite/operator_translation.h"

namespace tinysplit::tflite {

int Variables::handle(const std::string& name) {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<int>(found - names_.begin());
  names_.push_back(name);
  values_.emplace_back();
  return static_cast<int>(names_.size()) - 1;
}

Result<ValueId> Variables::read(std::int64_t handle) const {
  if (handle < 0 || handle >= static_cast<std::int64_t>(values_.size())) {
    return invalid_argument("it reads a variable that does not exist");
  }
  const std::size_t at = static_cast<std::size_t>(handle);
  if (values_[at]) return *values_[at];
  return unimplemented("it reads the variable \"" + names_[at] +
                       "\" before anything is assigned to it; convert the model with its "
                       "variables frozen");
}

Status Variables::assign(std::int64_t handle, ValueId value) {
  if (handle < 0 || handle >= static_cast<std::int64_t>(values_.size())) {
    return invalid_argument("it assigns to a variable that does not exist");
  }
  values_[static_cast<std::size_t>(handle)] = value;
  return ok_status();
}

Result<TensorTable*> Subgraphs::table(int index) {
  const auto* subgraphs = model_.subgraphs();
  if (subgraphs == nullptr || index < 0 || index >= static_cast<int>(subgraphs->size())) {
    return invalid_argument("it calls subgraph " + std::to_string(index) +
                            ", which does not exist");
  }
  auto& made = tables_[index];
  if (made == nullptr) {
    const auto& subgraph = *subgraphs->Get(static_cast<flatbuffers::uoffset_t>(index));
    TINYSPLIT_RETURN_IF_ERROR(TensorTable::check(subgraph));
    made = std::make_unique<TensorTable>(model_, subgraph, budget_, builder_);
  }
  return made.get();
}

Status Subgraphs::run_operators(const schema::SubGraph& subgraph, TranslationState& state) {
  if (subgraph.operators() == nullptr) return ok_status();
  int number = 0;
  for (const schema::Operator* source : *subgraph.operators()) {
    if (--budget_.called_operators < 0) {
      return resource_exhausted("loops and calls run more than " +
                                std::to_string(kMaxCalledOperators) + " operators");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const OperatorKind kind, kind_of(model_, *source));
    Status done = check_operator(*source, kind, state.tensors);
    if (done.ok()) done = translate_operator(*source, kind, state).status();
    if (!done.ok()) {
      return done.with_context("operator " + std::to_string(number) + " (" + kind.name + ")");
    }
    ++number;
  }
  return ok_status();
}

Result<std::vector<ValueId>> Subgraphs::run(int index, std::span<const ValueId> inputs,
                                            TranslationState& caller) {
  const std::string where = "its subgraph " + std::to_string(index);
  TINYSPLIT_ASSIGN_OR_RETURN(TensorTable * tensors, table(index));
  constexpr int kMostCalls = 8;  // one inside of the other
  if (depth_ >= kMostCalls) return unimplemented(where + " is called by itself, or too deep");
  const auto& subgraph = *model_.subgraphs()->Get(static_cast<flatbuffers::uoffset_t>(index));
  const std::size_t count = subgraph.inputs() == nullptr ? 0 : subgraph.inputs()->size();
  if (count != inputs.size()) {
    return invalid_argument(where + " has " + std::to_string(count) + " inputs, is given " +
                            std::to_string(inputs.size()));
  }
  for (const auto* list : {subgraph.inputs(), subgraph.outputs()}) {
    TINYSPLIT_RETURN_IF_ERROR(check_indices(list, tensors->size(), false, "an input or output"));
  }
  ++depth_;
  std::vector<ValueId> outer = tensors->take_values();
  const auto run = [&]() -> Result<std::vector<ValueId>> {
    for (std::size_t i = 0; i < count; ++i) {
      TINYSPLIT_RETURN_IF_ERROR(tensors->define(
          subgraph.inputs()->Get(static_cast<flatbuffers::uoffset_t>(i)), inputs[i]));
    }
    TranslationState state{caller.model,  *tensors,         caller.builder,
                           caller.budget, caller.variables, caller.subgraphs};
    TINYSPLIT_RETURN_IF_ERROR(run_operators(subgraph, state));
    std::vector<ValueId> made;
    if (subgraph.outputs() == nullptr) return made;
    for (const std::int32_t output : *subgraph.outputs()) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, tensors->value(output));
      made.push_back(value);
    }
    return made;
  };
  auto made = run();
  tensors->restore_values(std::move(outer));
  --depth_;
  if (!made.ok()) return made.status().with_context(where);
  return made;
}

}  // namespace tinysplit::tflite
