#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/tflite/subgraphs.h"
#include "formats/tflite/tensor_table.h"
#include "graph/graph_builder.h"

namespace tinysplit::tflite {

// What all operators of a subgraph share while they are translated.
struct TranslationState {
  const schema::Model& model;
  TensorTable& tensors;
  GraphBuilder& builder;
  ReadingBudget& budget;
  Variables& variables;
  Subgraphs& subgraphs;
};

// What a translator works with: one operator, already opened as a layer of the builder. Inputs and
// outputs are counted as the operator counts them. Errors need not name the operator.
class OperatorContext {
 public:
  OperatorContext(const schema::Operator& source, schema::BuiltinOperator operator_code,
                  TranslationState& state)
      : code(operator_code), operator_(source), state_(state) {}

  const schema::BuiltinOperator code;

  int num_inputs() const;
  int num_outputs() const;
  // An optional input may be left out.
  bool has_input(int i) const;
  // The input stands in the file.
  bool is_stored(int i) const;

  // The options table; null where the file has none (its fields then have their defaults).
  template <typename Options>
  const Options* options() const {
    return operator_.builtin_options_as<Options>();
  }
  // The same. Errors: INVALID_ARGUMENT where the file has none and the defaults make no sense.
  template <typename Options>
  Result<const Options*> required_options() const {
    const Options* found = options<Options>();
    if (found == nullptr) return invalid_argument("its options are missing");
    return found;
  }

  // Errors of these: INVALID_ARGUMENT (left out, or nothing makes it).
  Result<ValueId> input(int i);
  // A constant kernel; becomes float32 where the operator's output is.
  Result<ValueId> kernel(int i, WeightLayout layout);
  // A constant of one dimension, of `size` entries.
  Result<ValueId> bias(int i, std::int64_t size);
  // The input of rank 4.
  Result<ValueId> image(int i);
  // A constant input of int32 or int64. Errors: UNIMPLEMENTED (computed at run time),
  // OUT_OF_RANGE (more than kMaxIntegers).
  Result<std::vector<std::int64_t>> integers(int i);
  // A constant input of one number.
  Result<std::int64_t> integer(int i);

  const Value& view(ValueId value) const { return state_.builder.value(value); }
  const Shape& shape(ValueId value) const { return view(value).shape; }
  bool is_float(ValueId value) const { return view(value).dtype == DType::kFloat32; }

  // `axis` of the file, which may count from the end. Errors: INVALID_ARGUMENT.
  Result<int> axis(std::int64_t axis, int rank) const;

  // Element type of output i as the file gives it.
  Result<ElementType> output_type(int i = 0) const;
  // The same of input i, and of intermediate tensor i, which integer recurrent layers have.
  Result<ElementType> input_type(int i) const;
  Result<ElementType> intermediate_type(int i) const;

  // Adds an operation; computed here and now if all its inputs are constants. Where the type is
  // not stated, it is inferred.
  Result<ValueId> add(Op op, std::vector<ValueId> operands,
                      const std::optional<ElementType>& stated = std::nullopt);
  // x under another shape; x itself if that is its shape.
  Result<ValueId> reshape(ValueId x, const Shape& to);
  ValueId constant(Tensor tensor, std::optional<Quantization> quantization = std::nullopt) {
    return state_.builder.add_constant(std::move(tensor), std::move(quantization));
  }
  // A constant that the file does not hold. Errors: RESOURCE_EXHAUSTED.
  Result<Tensor> new_tensor(DType dtype, const Shape& shape);

  // Output i is `value`, which has the output's type already.
  Status define(int i, ValueId value);
  // Output 0 is `op` of `operands`, of the type of the file, then the fused activation.
  Status finish(Op op, std::vector<ValueId> operands,
                schema::Activation activation = schema::Activation::NONE);
  // Output 0 is the fused activation of `value`.
  Status finish(ValueId value, schema::Activation activation);
  // Output 0 is x under another shape.
  Status finish_reshape(ValueId x, const Shape& to);

  Variables& variables() { return state_.variables; }
  // What a subgraph makes of `inputs`, as part of this layer.
  Result<std::vector<ValueId>> call(std::int32_t subgraph, std::span<const ValueId> inputs) {
    return state_.subgraphs.run(subgraph, inputs, state_);
  }

  // The bytes in which a custom operator has its options; empty where there are none.
  std::string_view custom_options() const;

  // What was defined, in the order of the outputs; for the translation.
  const std::vector<ValueId>& defined() const { return defined_; }

 private:
  static constexpr std::size_t kMaxIntegers = 64;

  int tensor_of_input(int i) const;
  Result<ValueId> fold(const Op& op, const std::vector<ValueId>& operands,
                       const std::optional<ElementType>& stated);

  const schema::Operator& operator_;
  TranslationState& state_;
  std::vector<ValueId> defined_;
};

// Translates one operator. Errors: INVALID_ARGUMENT, UNIMPLEMENTED (an option), limits.
using Translator = Status (*)(OperatorContext&);

}  // namespace tinysplit::tflite
