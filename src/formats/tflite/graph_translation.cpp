#include "formats/tflite/graph_translation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/limits.h"
#include "formats/tflite/lstm_inputs.h"
#include "formats/tflite/names.h"
#include "formats/tflite/operator_context.h"
#include "formats/tflite/operator_table.h"

namespace tinysplit::tflite {
namespace {

using Indices = flatbuffers::Vector<std::int32_t>;

constexpr std::size_t kShownBytes = 80;  // of a name from the file, in a message

schema::BuiltinOperator code_of(const schema::OperatorCode& code) {
  return std::max(static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code()),
                  code.builtin_code());
}

std::string kind_of(schema::BuiltinOperator code) {
  const std::string name = schema::EnumNameBuiltinOperator(code);
  return name.empty() ? "OPERATOR_" + std::to_string(static_cast<int>(code)) : name;
}

Status check_indices(const Indices* indices, int size, bool optional, const char* what) {
  if (indices == nullptr) return ok_status();
  for (const std::int32_t index : *indices) {
    if (index < (optional ? -1 : 0) || index >= size) {
      return invalid_argument(std::string(what) + " is tensor " + std::to_string(index) +
                              ", which does not exist");
    }
  }
  return ok_status();
}

class Translation {
 public:
  Translation(const schema::Model& model, const schema::SubGraph& subgraph, std::size_t file_bytes,
              const std::string& name, const std::string& digest, const TfliteOptions& options)
      : model_(model),
        subgraph_(subgraph),
        options_(options),
        builder_(name, digest),
        tensors_(model, subgraph, file_bytes, builder_),
        state_{tensors_, builder_, limits::kMaxTfliteFoldedBytes, limits::kMaxFoldedMacs} {}

  Result<std::shared_ptr<const Graph>> run() {
    read_signature();
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
  // What clients of the model call its inputs and outputs.
  void read_signature() {
    if (model_.signature_defs() == nullptr) return;
    for (const schema::SignatureDef* signature : *model_.signature_defs()) {
      if (signature->subgraph_index() != 0) continue;
      for (const auto* maps : {signature->inputs(), signature->outputs()}) {
        if (maps == nullptr) continue;
        for (const schema::TensorMap* map : *maps) {
          if (map->name() != nullptr) signature_[map->tensor_index()] = map->name()->str();
        }
      }
      return;
    }
  }

  std::string wanted_name(int tensor) const {
    const auto found = signature_.find(static_cast<std::uint32_t>(tensor));
    return found == signature_.end() ? tensors_.name(tensor) : found->second;
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
    const auto* codes = model_.operator_codes();
    if (codes == nullptr || source.opcode_index() >= codes->size()) {
      return invalid_argument("operator " + std::to_string(index_) + " is of kind " +
                              std::to_string(source.opcode_index()) + ", which does not exist");
    }
    const schema::OperatorCode& entry = *codes->Get(source.opcode_index());
    const schema::BuiltinOperator code = code_of(entry);
    const Status checked = check_operator(source, code, entry.custom_code());
    if (!checked.ok()) return in_operator(checked, source, code);
    return in_operator(translate(source, code), source, code);
  }

  Status check_operator(const schema::Operator& source, schema::BuiltinOperator code,
                        const flatbuffers::String* custom) const {
    if (code == schema::BuiltinOperator::CUSTOM) {
      return unimplemented("it is the custom operator \"" +
                           clean_text(custom == nullptr ? "" : custom->str(), kShownBytes) +
                           "\"; custom operators are not supported");
    }
    if (find_operator(code) == nullptr) return unimplemented("this operator is not supported");
    if (source.outputs() == nullptr || source.outputs()->size() == 0) {
      return invalid_argument("it has no outputs");
    }
    TINYSPLIT_RETURN_IF_ERROR(check_indices(source.inputs(), tensors_.size(), true, "an input"));
    return check_indices(source.outputs(), tensors_.size(), false, "an output");
  }

  // Whether the operator works on the element type at hand, as its row in the table has it.
  Status check_type(const schema::Operator& source, const OperatorRow& row) const {
    const bool of_input = row.subject == Subject::kInput;
    const Indices* tensors = of_input ? source.inputs() : source.outputs();
    const int index = tensors == nullptr || tensors->size() == 0 ? -1 : tensors->Get(0);
    if (index < 0) return ok_status();  // the translator says what is missing
    TINYSPLIT_ASSIGN_OR_RETURN(const DType type, tensors_.dtype(index));
    if (row.note.types.contains(type)) return ok_status();
    return unimplemented(std::string(of_input ? "its input" : "its output") + " is " +
                         std::string(dtype_name(type)) + ", which is not supported here; " +
                         to_string(row.note.types) + " are");
  }

  // Sums of float32 products take a float32 bias.
  Status check_biases(const schema::Operator& source, schema::BuiltinOperator code) const {
    TINYSPLIT_ASSIGN_OR_RETURN(const DType made, tensors_.dtype(source.outputs()->Get(0)));
    if (made != DType::kFloat32 || source.inputs() == nullptr) return ok_status();
    for (flatbuffers::uoffset_t i = 0; i < source.inputs()->size(); ++i) {
      const std::int32_t input = source.inputs()->Get(i);
      if (input < 0 || !is_bias(code, static_cast<int>(i))) continue;
      TINYSPLIT_ASSIGN_OR_RETURN(const DType type, tensors_.dtype(input));
      if (type == DType::kFloat32 || type == DType::kFloat16) continue;
      return unimplemented("its bias is " + std::string(dtype_name(type)) + " beside float32");
    }
    return ok_status();
  }

  Status translate(const schema::Operator& source, schema::BuiltinOperator code) {
    const std::int64_t weight_bytes = weight_bytes_of(source, code);
    const std::string name = names_.claim(wanted_name(source.outputs()->Get(0)));
    TINYSPLIT_RETURN_IF_ERROR(builder_.begin_layer(name, kind_of(code), weight_bytes));
    OperatorContext context(source, code, state_);
    const OperatorRow& row = *find_operator(code);
    TINYSPLIT_RETURN_IF_ERROR(check_type(source, row));
    TINYSPLIT_RETURN_IF_ERROR(check_biases(source, code));
    TINYSPLIT_RETURN_IF_ERROR(row.translate(context));
    std::vector<ValueId> outputs;
    for (const ValueId value : context.defined()) {
      if (!builder_.value(value).is_constant()) outputs.push_back(value);
    }
    return builder_.end_layer(std::move(outputs));
  }

  static bool is_bias(schema::BuiltinOperator code, int input) {
    switch (code) {
      case schema::BuiltinOperator::CONV_2D:
      case schema::BuiltinOperator::DEPTHWISE_CONV_2D:
      case schema::BuiltinOperator::FULLY_CONNECTED:
        return input == 2;
      case schema::BuiltinOperator::TRANSPOSE_CONV:
      case schema::BuiltinOperator::SVDF:
        return input == 3;
      case schema::BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM:
        return input >= lstm::kBiases && input < lstm::kBiases + lstm::kGates;
      default:
        return false;
    }
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
                     schema::BuiltinOperator code) const {
    if (status.ok() || status.message().starts_with("layer " + std::to_string(index_) + " ")) {
      return status;
    }
    std::string where = "layer " + std::to_string(index_);
    if (source.outputs() != nullptr && source.outputs()->size() > 0) {
      const std::int32_t output = source.outputs()->Get(0);
      if (output >= 0 && output < tensors_.size()) {
        where += " \"" + clean_text(tensors_.name(output), kShownBytes) + "\"";
      }
    }
    return status.with_context(where + " (" + kind_of(code) + ")");
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
  const schema::SubGraph& subgraph_;
  const TfliteOptions& options_;
  GraphBuilder builder_;
  TensorTable tensors_;
  TranslationState state_;
  Names names_;
  std::map<std::uint32_t, std::string> signature_;  // by tensor
  int index_ = 0;                                   // of the operator at hand
};

}  // namespace

Result<std::vector<OperatorUse>> count_operators(const schema::Model& model) {
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0) {
    return invalid_argument("the model has no subgraph");
  }
  OperatorCount count;
  const auto* operators = model.subgraphs()->Get(0)->operators();
  const auto* codes = model.operator_codes();
  for (flatbuffers::uoffset_t i = 0; operators != nullptr && i < operators->size(); ++i) {
    const std::uint32_t index = operators->Get(i)->opcode_index();
    if (codes == nullptr || index >= codes->size()) {
      return invalid_argument("operator " + std::to_string(i) + " is of kind " +
                              std::to_string(index) + ", which does not exist");
    }
    const schema::OperatorCode& entry = *codes->Get(index);
    std::string kind = kind_of(code_of(entry));
    if (entry.custom_code() != nullptr) {
      kind += " " + clean_text(entry.custom_code()->str(), kShownBytes);
    }
    count.add(kind, find_operator(code_of(entry)) != nullptr);
  }
  return count.take();
}

Result<std::shared_ptr<const Graph>> translate_model(const schema::Model& model,
                                                     std::size_t file_bytes,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const TfliteOptions& options) {
  if (model.subgraphs() == nullptr || model.subgraphs()->size() == 0) {
    return invalid_argument("the model has no subgraph");
  }
  const schema::SubGraph& subgraph = *model.subgraphs()->Get(0);
  if (subgraph.tensors() == nullptr || subgraph.tensors()->size() == 0) {
    return invalid_argument("the model has no tensors");
  }
  if (subgraph.tensors()->size() > limits::kMaxTfliteTensors) {
    return out_of_range("the model has " + std::to_string(subgraph.tensors()->size()) +
                        " tensors, at most " + std::to_string(limits::kMaxTfliteTensors) +
                        " are allowed");
  }
  return Translation(model, subgraph, file_bytes, name, digest, options).run();
}

}  // namespace tinysplit::tflite
