#include "formats/tflite/graph_translation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/limits.h"
#include "formats/tflite/names.h"
#include "formats/tflite/operator_translation.h"
#include "formats/tflite/signatures.h"
#include "graph/input_sizes.h"

namespace tinysplit::tflite {
namespace {

class Translation {
 public:
  Translation(const schema::Model& model, const EntryPoint& entry, std::size_t file_bytes,
              const std::string& name, const std::string& digest, const TfliteOptions& options)
      : model_(model),
        entry_(entry),
        subgraph_(*entry.subgraph),
        options_(options),
        builder_(name, digest),
        budget_(file_bytes),
        tensors_(model, subgraph_, budget_, builder_),
        subgraphs_(model, builder_, budget_),
        state_{model, tensors_, builder_, budget_, variables_, subgraphs_} {}

  Result<std::shared_ptr<const Graph>> run() {
    TINYSPLIT_RETURN_IF_ERROR(add_inputs());
    if (subgraph_.operators() == nullptr) return invalid_argument("the model has no operators");
    for (const schema::Operator* source : *subgraph_.operators()) {
      TINYSPLIT_RETURN_IF_ERROR(add_operator(*source));
      ++index_;
    }
    TINYSPLIT_RETURN_IF_ERROR(add_outputs());
    return builder_.build();
  }

 private:
  std::string wanted_name(int tensor) const {
    const auto found = entry_.names.find(static_cast<std::uint32_t>(tensor));
    return found == entry_.names.end() ? tensors_.name(tensor) : found->second;
  }

  Status add_inputs() {
    if (subgraph_.inputs() == nullptr) return ok_status();
    TINYSPLIT_RETURN_IF_ERROR(
        check_indices(subgraph_.inputs(), tensors_.size(), false, "a model input"));
    std::vector<DeclaredInput> declared;
    for (const std::int32_t index : *subgraph_.inputs()) {
      TINYSPLIT_ASSIGN_OR_RETURN(DeclaredInput input, tensors_.declared_input(index));
      input.name = names_.claim(wanted_name(index));
      declared.push_back(std::move(input));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                               close_input_shapes(declared, options_.sizes));
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const std::int32_t index = subgraph_.inputs()->Get(static_cast<flatbuffers::uoffset_t>(i));
      TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, tensors_.element_type(index));
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value,
                                 builder_.add_input(declared[i].name, type, shapes[i]));
      TINYSPLIT_RETURN_IF_ERROR(tensors_.define(index, value));
    }
    return ok_status();
  }

  Status add_operator(const schema::Operator& source) {
    const Result<OperatorKind> kind = kind_of(model_, source);
    if (!kind.ok()) return kind.status().with_context("operator " + std::to_string(index_));
    const Status checked = check_operator(source, *kind, tensors_);
    if (!checked.ok()) return in_operator(checked, source, *kind);
    return in_operator(translate(source, *kind), source, *kind);
  }

  Status translate(const schema::Operator& source, const OperatorKind& kind) {
    const bool makes = source.outputs() != nullptr && source.outputs()->size() > 0;
    const std::string wanted = makes ? wanted_name(source.outputs()->Get(0)) : kind.name;
    TINYSPLIT_RETURN_IF_ERROR(
        builder_.begin_layer(names_.claim(wanted), kind.name, weight_bytes_of(source, kind.code)));
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> defined,
                               translate_operator(source, kind, state_));
    std::vector<ValueId> outputs;
    for (const ValueId value : defined) {
      if (!builder_.value(value).is_constant()) outputs.push_back(value);
    }
    return builder_.end_layer(std::move(outputs));
  }

  std::int64_t weight_bytes_of(const schema::Operator& source, schema::BuiltinOperator code) const {
    if (source.inputs() == nullptr) return 0;
    std::int64_t bytes = 0;
    for (flatbuffers::uoffset_t i = 0; i < source.inputs()->size(); ++i) {
      const std::int32_t input = source.inputs()->Get(i);
      if (input < 0 || tensors_.is_defined(input)) continue;
      bytes += tensors_.weight_bytes(input, is_bias(code, static_cast<int>(i)));
    }
    return bytes;
  }

  // Adds the operator to a message that does not name it yet; so the builder's own do.
  Status in_operator(const Status& status, const schema::Operator& source,
                     const OperatorKind& kind) const {
    if (status.ok() || status.message().starts_with("layer " + std::to_string(index_) + " ")) {
      return status;
    }
    std::string where = "layer " + std::to_string(index_);
    if (source.outputs() != nullptr && source.outputs()->size() > 0) {
      const std::int32_t output = source.outputs()->Get(0);
      if (output >= 0 && output < tensors_.size()) {
        where += " \"" + clean_text(tensors_.name(output), kShownNameBytes) + "\"";
      }
    }
    const bool custom = kind.code == schema::BuiltinOperator::CUSTOM && kind.row == nullptr;
    return status.with_context(where + " (" + (custom ? "CUSTOM" : kind.name) + ")");
  }

  Status add_outputs() {
    if (subgraph_.outputs() == nullptr) return ok_status();
    TINYSPLIT_RETURN_IF_ERROR(
        check_indices(subgraph_.outputs(), tensors_.size(), false, "a model output"));
    for (const std::int32_t index : *subgraph_.outputs()) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, tensors_.value(index));
      TINYSPLIT_RETURN_IF_ERROR(
          builder_.add_output(value).with_context("output " + tensors_.describe(index)));
    }
    return ok_status();
  }

  const schema::Model& model_;
  const EntryPoint& entry_;
  const schema::SubGraph& subgraph_;
  const TfliteOptions& options_;
  GraphBuilder builder_;
  ReadingBudget budget_;
  TensorTable tensors_;
  Variables variables_;
  Subgraphs subgraphs_;
  TranslationState state_;
  Names names_;
  int index_ = 0;  // of the operator at hand
};

// Counts the operators of subgraph `index` and of those that they call, each once.
class Survey {
 public:
  explicit Survey(const schema::Model& model) : model_(model) {}

  Status add(int index) {
    const auto* subgraphs = model_.subgraphs();
    const bool exists = index >= 0 && index < static_cast<int>(subgraphs->size());
    if (!exists || !seen_.insert(index).second) return ok_status();
    const auto* operators = subgraphs->Get(static_cast<flatbuffers::uoffset_t>(index))->operators();
    for (flatbuffers::uoffset_t i = 0; operators != nullptr && i < operators->size(); ++i) {
      const schema::Operator& source = *operators->Get(i);
      const Result<OperatorKind> kind = kind_of(model_, source);
      if (!kind.ok()) return kind.status().with_context("operator " + std::to_string(i));
      const bool custom = kind->code == schema::BuiltinOperator::CUSTOM;
      count_.add(custom && kind->row == nullptr ? "CUSTOM " + kind->name : kind->name,
                 kind->row != nullptr);
      for (const int called : called_by(source)) pending_.push_back(called);
    }
    return ok_status();
  }

  Result<std::vector<OperatorUse>> run(int index) {
    pending_.push_back(index);
    while (!pending_.empty()) {
      const int next = pending_.back();
      pending_.pop_back();
      TINYSPLIT_RETURN_IF_ERROR(add(next));
    }
    return count_.take();
  }

 private:
  static std::vector<int> called_by(const schema::Operator& source) {
    if (const auto* loop = source.builtin_options_as_WhileOptions()) {
      return {loop->cond_subgraph_index(), loop->body_subgraph_index()};
    }
    if (const auto* branches = source.builtin_options_as_IfOptions()) {
      return {branches->then_subgraph_index(), branches->else_subgraph_index()};
    }
    if (const auto* once = source.builtin_options_as_CallOnceOptions()) {
      return {once->init_subgraph_index()};
    }
    return {};
  }

  const schema::Model& model_;
  OperatorCount count_;
  std::set<int> seen_;
  std::vector<int> pending_;
};

}  // namespace

Result<std::vector<OperatorUse>> count_operators(const schema::Model& model,
                                                 const TfliteOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const EntryPoint entry, find_entry_point(model, options));
  return Survey(model).run(entry.index);
}

Result<std::shared_ptr<const Graph>> translate_model(const schema::Model& model,
                                                     std::size_t file_bytes,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const TfliteOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const EntryPoint entry, find_entry_point(model, options));
  TINYSPLIT_RETURN_IF_ERROR(TensorTable::check(*entry.subgraph));
  return Translation(model, entry, file_bytes, name, digest, options).run();
}

}  // namespace tinysplit::tflite
