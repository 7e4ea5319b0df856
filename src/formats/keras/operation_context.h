#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/status.h"
#include "formats/keras/layer_context.h"
#include "graph/op.h"

namespace tinysplit::keras {

class OperationContext;
using OperationTranslator = Result<ValueId> (*)(OperationContext&);

// An operation on tensors that is supported, as Keras 3 or TensorFlow name it.
struct OperationRow {
  std::string_view name;
  // Arguments that are called on without a name, in order, and other names of arguments:
  // "x:input_tensor axis keepdims:keep_dims".
  std::string_view parameters;
  OperationTranslator translate;
  // What kind of operation, where one translator serves several.
  std::variant<std::monostate, BinaryKind, UnaryKind, ReduceKind, ActivationOp, bool> kind = {};
};

// What the translator of an operation works with: its arguments by name, whether the file has them
// by place, by keyword or (Keras 3) in the configuration; axes count the batch. Arguments that
// nobody asks for are an error of the call. Errors are those of LayerContext, and INVALID_ARGUMENT
// for arguments of a wrong kind.
class OperationContext {
 public:
  OperationContext(LayerContext& layer, const OperationRow& row) : layer_(layer), row_(row) {}

  // Gives every argument its name. Errors: UNIMPLEMENTED (too many).
  Status bind();
  Status expect_all_taken() const;

  template <typename Kind>
  Kind kind() const {
    return std::get<Kind>(row_.kind);
  }
  bool is_keras3() const { return layer_.keras_major == 3; }

  // Whether the argument is given, and not as null.
  bool has(const std::string& name) const;
  // The argument as it is written, null if it is not given.
  const Json& raw(const std::string& name);

  // One tensor, or a constant, which has its own type.
  Result<ValueId> tensor(const std::string& name);
  Result<ValueId> tensor_of(const Json& operand);
  // The same as float32.
  Result<ValueId> real(const std::string& name);
  // Several, brought to the type that all of them have in common.
  Result<std::vector<ValueId>> alike(std::initializer_list<const char*> names);
  // Those of one argument that is a list, or one tensor with one axis more.
  Result<std::vector<ValueId>> alike_list(const std::string& name);

  Result<bool> flag(const std::string& name, bool fallback);
  Result<double> number(const std::string& name, std::optional<double> fallback = {});
  Result<std::string> word(const std::string& name, std::initializer_list<const char*> known,
                           const std::string& fallback);
  // Whole numbers, also those of constants, for instance of shapes; null among them is -1.
  Result<std::vector<std::int64_t>> integers(const std::string& name);
  Result<std::int64_t> integer(const std::string& name, std::optional<std::int64_t> fallback = {});
  // An axis of a tensor of `rank`, counted from 0.
  Result<int> axis(const std::string& name, int rank, std::optional<int> fallback = {});
  // Sorted, each once; all of them if the argument is not given.
  Result<std::vector<int>> axes(const std::string& name, const Shape& shape);
  // Errors: UNIMPLEMENTED unless the argument is absent, null or `only`.
  Status expect_only(const std::string& name, const Json& only);

  // Errors: UNIMPLEMENTED: along the batch, samples are apart. Constants have none.
  Status expect_within_sample(ValueId x, int axis) const;

  Status unsupported(const std::string& name);
  Status wrong(const std::string& name, const std::string& what);

  const Value& value(ValueId id) const { return layer_.value(id); }
  const Shape& shape(ValueId id) const { return layer_.shape(id); }
  DType dtype(ValueId id) const { return layer_.value(id).dtype; }
  Result<ValueId> add(Op op, std::vector<ValueId> operands) {
    return layer_.compute(std::move(op), std::move(operands));
  }
  Result<ValueId> activate(ActivationKind kind, ValueId x, float alpha = 0.0f, float beta = 0.0f,
                           float gamma = 0.0f) {
    return add(ActivationOp{kind, alpha, beta, gamma}, {x});
  }
  Result<ValueId> scaled(ValueId x, double scale, double offset = 0.0) {
    return activate(ActivationKind::kLinear, x, static_cast<float>(scale),
                    static_cast<float>(offset));
  }
  Result<ValueId> cast(ValueId x, DType to);
  Result<ValueId> reshape(ValueId x, const std::vector<std::int64_t>& dims);
  Result<ValueId> transpose(ValueId x, std::vector<int> permutation);
  // Cells [begin, begin + size) along one axis.
  Result<ValueId> slice_axis(ValueId x, int axis, std::int64_t begin, std::int64_t size);
  // One number as a constant [1] of some type.
  Result<ValueId> number_constant(double number, DType dtype);

  LayerContext& layer() { return layer_; }

 private:
  void take(const std::string& name) { untaken_.erase(name); }
  std::string canonical(const std::string& name) const;

  LayerContext& layer_;
  const OperationRow& row_;
  std::map<std::string, std::string, std::less<>> aliases_;  // canonical names by any
  std::vector<std::string> places_;
  std::map<std::string, Json, std::less<>> arguments_;
  std::set<std::string, std::less<>> untaken_;
};

}  // namespace tinysplit::keras
