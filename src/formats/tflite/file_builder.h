#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/tflite/tflite_generated.h"
#include "graph/graph.h"
#include "graph/type_inference.h"

namespace tinysplit::tflite {

// Index of a tensor of the file; -1 stands for an optional input left out.
using TensorId = std::int32_t;
inline constexpr TensorId kNoTensor = -1;

// What the file says of a tensor.
struct TensorInfo {
  std::string name;
  ElementType type;
  Shape shape;
  std::uint32_t buffer = 0;  // 0 of those that are computed
  bool is_variable = false;  // state that an operator keeps
};

// The options table of an operator, already laid out, and tensors that only say of what type
// numbers inside of it are.
struct OperatorOptions {
  schema::BuiltinOptions type = schema::BuiltinOptions::NONE;
  flatbuffers::Offset<void> table = 0;
  std::vector<TensorId> intermediates = {};
};

// A tensor under the name that clients of the model call it by.
struct NamedTensorId {
  std::string name;
  TensorId tensor = kNoTensor;
};

// Lays out a file of one subgraph: tensors, then operators on them in the order of execution. The
// same calls give the same bytes. Constants of equal bytes share a buffer.
class FileBuilder {
 public:
  // For options<Table>(), whose arguments need it.
  flatbuffers::FlatBufferBuilder& tables() { return tables_; }

  // A tensor that is computed, or an input.
  TensorId add_tensor(std::string name, ElementType type, const Shape& shape,
                      bool is_variable = false);
  // A constant; `type.dtype` is that of `data`.
  TensorId add_constant(std::string name, ElementType type, const TensorView& data);
  // The same, or the one added before with equal numbers: for shapes, axes and the like.
  TensorId add_shared_constant(std::string name, const TensorView& data);

  const TensorInfo& info(TensorId tensor) const {
    return tensors_[static_cast<std::size_t>(tensor)];
  }

  template <typename Table>
  static OperatorOptions options(flatbuffers::Offset<Table> table) {
    return {schema::BuiltinOptionsTraits<Table>::enum_value, table.Union(), {}};
  }

  // `least_version`: what the options ask for; what the types ask for is found here.
  void add_operator(schema::BuiltinOperator code, const std::vector<TensorId>& inputs,
                    const std::vector<TensorId>& outputs, OperatorOptions options = {},
                    int least_version = 1);

  // The bytes of the file; the builder is of no use afterwards.
  // Errors: OUT_OF_RANGE (over limits::kMaxModelFileBytes).
  Result<std::vector<std::byte>> finish(const std::string& description,
                                        const std::vector<NamedTensorId>& inputs,
                                        const std::vector<NamedTensorId>& outputs);

 private:
  std::uint32_t buffer_of(const TensorView& data);
  std::uint32_t code_index(schema::BuiltinOperator code, int version);
  flatbuffers::Offset<schema::Tensor> lay_out(const TensorInfo& tensor);
  flatbuffers::Offset<schema::SignatureDef> signature(const std::vector<NamedTensorId>& inputs,
                                                      const std::vector<NamedTensorId>& outputs);

  flatbuffers::FlatBufferBuilder tables_;
  std::vector<TensorInfo> tensors_;
  std::vector<flatbuffers::Offset<schema::Buffer>> buffers_;
  std::map<std::string, std::uint32_t> buffers_by_digest_;
  std::map<std::tuple<DType, std::string, std::uint32_t>, TensorId> shared_;  // by shape, buffer
  std::vector<flatbuffers::Offset<schema::Operator>> operators_;
  std::vector<std::pair<schema::BuiltinOperator, int>> codes_;  // and least version
  std::size_t constant_bytes_ = 0;
};

}  // namespace tinysplit::tflite
