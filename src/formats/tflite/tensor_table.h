#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/status.h"
#include "formats/tflite/tflite_generated.h"
#include "graph/graph_builder.h"
#include "graph/input_sizes.h"

namespace tinysplit::tflite {

// How a kernel lies in the file, [first,...,last], against how the graph wants it.
enum class WeightLayout : std::uint8_t {
  kAsIs,
  kFirstToLast,    // [F,...] to [...,F]: convolution, dense
  kDepthwise,      // [1,KH,KW,C*M] to [KH,KW,1,C*M]
  kFirstBehindTwo  // [F,KH,KW,C] to [KH,KW,F,C]: transposed convolution
};

// What becomes of the numbers of a constant.
enum class WeightNumbers : std::uint8_t {
  kStored,  // as they are
  kReal,    // float32 by the tensor's scale and zero point
  kHybrid,  // weights of a float32 operator: float32, by the rules of hybrid_weights.h
};

// What reading one file may still cost: bytes of constants that are made, bytes moved and products
// made by operators on constants, operators that loops and calls run.
struct ReadingBudget {
  explicit ReadingBudget(std::size_t file_bytes);

  std::int64_t constant_bytes;
  std::int64_t folded_bytes;
  std::int64_t folded_macs;
  std::int64_t called_operators;
};

// The tensors of one subgraph: what the file says of each, and the graph's value once there is one.
class TensorTable {
 public:
  // The tables are verified and outlive this object.
  TensorTable(const schema::Model& model, const schema::SubGraph& subgraph, ReadingBudget& budget,
              GraphBuilder& builder);
  // Whether there are tensors, and not too many. Errors: INVALID_ARGUMENT, OUT_OF_RANGE.
  static Status check(const schema::SubGraph& subgraph);

  int size() const { return static_cast<int>(tensors_.size()); }

  // `tensor 3 "conv/Relu"`. Precondition for this and all that follow: 0 <= index < size().
  std::string describe(int index) const;
  std::string name(int index) const;
  bool is_variable(int index) const;

  // Errors: UNIMPLEMENTED (a type without operations).
  Result<DType> dtype(int index) const;
  // Element type of a tensor that is computed: quantisation per tensor.
  // Errors: UNIMPLEMENTED (a type without operations), INVALID_ARGUMENT.
  Result<ElementType> element_type(int index) const;
  // Declared shape. Errors: INVALID_ARGUMENT, OUT_OF_RANGE.
  Result<Shape> declared_shape(int index) const;
  // A model input, with the sizes that the file leaves open. Errors: as declared_shape().
  Result<DeclaredInput> declared_input(int index) const;

  // The file has data for it (or it has no elements), so it is a constant.
  bool has_data(int index) const;
  // Bytes of the file's data that count as weights: not those of shapes and axes, which are of the
  // types that a bias may have as well.
  std::int64_t weight_bytes(int index, bool is_bias) const;

  // The value of a tensor made by an operator before, a model input, or a constant as it stands in
  // the file. Errors: INVALID_ARGUMENT (nothing makes it), those of the constant's description.
  Result<ValueId> value(int index);
  // A constant as a kernel of an operator of kind `code`.
  Result<ValueId> weights(int index, WeightLayout layout, WeightNumbers numbers,
                          schema::BuiltinOperator code);

  // Says which value an operator made of a tensor. Errors: INVALID_ARGUMENT (made twice).
  Status define(int index, ValueId value);
  bool is_defined(int index) const { return values_[static_cast<std::size_t>(index)] >= 0; }

  // Forgets what operators made of the tensors, for another run of the subgraph; gives it, to be
  // put back behind that run. What stands in the file is kept.
  std::vector<ValueId> take_values();
  void restore_values(std::vector<ValueId> values);

  // Before constants of so many bytes are made: limits::kMaxTfliteConstantRatio.
  Status spend_constants(std::int64_t bytes);

 private:
  void forget_computed_weights();

  struct Constant {
    TensorView view;  // of the file's bytes, perhaps unaligned
    std::optional<Quantization> quantization;
  };

  const schema::Tensor& at(int index) const { return *tensors_[static_cast<std::size_t>(index)]; }
  Result<Constant> constant(int index) const;
  // float32 numbers of a constant of another type.
  Result<Tensor> to_real(int index, Constant& stored, WeightNumbers numbers,
                         schema::BuiltinOperator code) const;
  Result<std::optional<Quantization>> quantization(int index, DType dtype,
                                                   const Shape& shape) const;

  const schema::Model& model_;
  GraphBuilder& builder_;
  std::vector<const schema::Tensor*> tensors_;
  std::vector<ValueId> values_;
  std::map<std::tuple<int, WeightLayout, WeightNumbers, schema::BuiltinOperator>, ValueId> weights_;
  ReadingBudget& budget_;
};

}  // namespace tinysplit::tflite
