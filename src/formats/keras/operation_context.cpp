#include "formats/keras/operation_context.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/keras/json_constant.h"

namespace tinysplit::keras {
namespace {

const Json kNothing;

// {"tensor": i}, see CallConfig::operands.
std::optional<std::size_t> place_of_tensor(const Json& json) {
  const Json& place = member(json, "tensor");
  if (!place.is_number_unsigned() || json.size() != 1) return {};
  return place.get<std::size_t>();
}

// The type that Keras gives what joins both; one of Python's numbers does not widen its kind.
struct JoinedType {
  std::optional<DType> typed;
  DType untyped = DType::kBool;

  static int rank(DType dtype) {
    constexpr DType kOrder[] = {DType::kBool,  DType::kUint8, DType::kInt8,   DType::kInt16,
                                DType::kInt32, DType::kInt64, DType::kFloat32};
    return static_cast<int>(std::ranges::find(kOrder, dtype) - std::begin(kOrder));
  }
  static DType join(DType a, DType b) {
    const bool unlike_bytes =
        (a == DType::kUint8 && b == DType::kInt8) || (a == DType::kInt8 && b == DType::kUint8);
    if (unlike_bytes) return DType::kInt16;
    return rank(a) < rank(b) ? b : a;
  }
  void add(DType dtype, bool is_typed) {
    if (is_typed) {
      typed = typed ? join(*typed, dtype) : dtype;
    } else {
      untyped = join(untyped, dtype);
    }
  }
  DType result() const {
    if (!typed) return untyped;
    if (untyped == DType::kFloat32) return DType::kFloat32;
    return *typed == DType::kBool ? untyped : *typed;
  }
};

}  // namespace

std::string OperationContext::canonical(const std::string& name) const {
  const auto found = aliases_.find(name);
  return found == aliases_.end() ? name : found->second;
}

Status OperationContext::bind() {
  std::string_view rest = row_.parameters;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    std::string_view other = word;
    const std::string name(word.substr(0, word.find(':')));
    while (!other.empty()) {
      const std::string_view alias = other.substr(0, other.find(':'));
      aliases_.emplace(alias, name);
      other.remove_prefix(std::min(other.size(), alias.size() + 1));
    }
    places_.push_back(name);
  }
  if (layer_.call_operands.size() > places_.size()) {
    return unimplemented("it is called with " + std::to_string(layer_.call_operands.size()) +
                         " arguments, of which " + std::to_string(places_.size()) +
                         " are supported");
  }
  const Json& configuration = layer_.options.all();
  if (is_keras3() && configuration.is_object()) {
    for (const auto& [key, value] : configuration.items()) {
      if (key != "name" && key != "trainable") arguments_[canonical(key)] = value;
    }
  }
  for (const auto& [key, value] : layer_.arguments) {
    if (key != "name") arguments_[canonical(key)] = value;
  }
  for (std::size_t i = 0; i < layer_.call_operands.size(); ++i) {
    arguments_[places_[i]] = layer_.call_operands[i];
  }
  for (const auto& [key, value] : arguments_) {
    if (!value.is_null() && value != false) untaken_.insert(key);
  }
  return ok_status();
}

Status OperationContext::expect_all_taken() const {
  if (untaken_.empty()) return ok_status();
  const auto found = arguments_.find(*untaken_.begin());
  return unimplemented("its argument " + found->first.substr(0, 64) + " = " + brief(found->second) +
                       " is not supported");
}

const Json& OperationContext::raw(const std::string& name) {
  take(name);
  const auto found = arguments_.find(name);
  return found == arguments_.end() ? kNothing : found->second;
}

bool OperationContext::has(const std::string& name) const {
  const auto found = arguments_.find(name);
  return found != arguments_.end() && !found->second.is_null();
}

Status OperationContext::unsupported(const std::string& name) {
  return unimplemented("its argument " + name + " = " + brief(raw(name)) + " is not supported");
}

Status OperationContext::wrong(const std::string& name, const std::string& what) {
  const Json& json = raw(name);
  return invalid_argument("its argument " + name + " is " +
                          (json.is_null() ? "missing" : brief(json)) + ", it must be " + what);
}

Result<ValueId> OperationContext::tensor_of(const Json& operand) {
  if (const auto place = place_of_tensor(operand)) {
    if (*place < layer_.inputs.size()) return layer_.inputs[*place];
    return invalid_argument("its arguments are malformed");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const JsonConstant constant, find_json_constant(operand));
  TINYSPLIT_RETURN_IF_ERROR(layer_.spend_constants(constant.shape.num_elements()));
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, make_tensor(constant, constant.dtype));
  return layer_.constant(std::move(made));
}

Result<ValueId> OperationContext::tensor(const std::string& name) {
  if (!has(name)) return wrong(name, "a tensor");
  return tensor_of(raw(name));
}

Result<ValueId> OperationContext::real(const std::string& name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, tensor(name));
  return cast(x, DType::kFloat32);
}

namespace {

Result<std::vector<ValueId>> bring_to_one_type(OperationContext& context,
                                               const std::vector<const Json*>& operands) {
  JoinedType type;
  std::vector<std::optional<JsonConstant>> constants;
  for (const Json* operand : operands) {
    constants.emplace_back();
    if (place_of_tensor(*operand)) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId id, context.tensor_of(*operand));
      type.add(context.dtype(id), true);
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(constants.back(), find_json_constant(*operand));
      type.add(constants.back()->dtype, constants.back()->typed);
    }
  }
  std::vector<ValueId> values;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    ValueId id = -1;
    if (constants[i] && !constants[i]->typed) {
      TINYSPLIT_RETURN_IF_ERROR(
          context.layer().spend_constants(constants[i]->shape.num_elements()));
      TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, make_tensor(*constants[i], type.result()));
      id = context.layer().constant(std::move(made));
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(id, context.tensor_of(*operands[i]));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(id, context.cast(id, type.result()));
    values.push_back(id);
  }
  return values;
}

}  // namespace

Result<std::vector<ValueId>> OperationContext::alike(std::initializer_list<const char*> names) {
  std::vector<const Json*> operands;
  for (const char* name : names) {
    if (!has(name)) return wrong(name, "a tensor or a number");
    operands.push_back(&raw(name));
  }
  return bring_to_one_type(*this, operands);
}

Result<std::vector<ValueId>> OperationContext::alike_list(const std::string& name) {
  const Json& list = raw(name);
  if (!list.is_array() || list.empty()) return wrong(name, "a list of tensors");
  std::vector<const Json*> operands;
  for (const Json& item : list) operands.push_back(&item);
  return bring_to_one_type(*this, operands);
}

Result<bool> OperationContext::flag(const std::string& name, bool fallback) {
  if (!has(name)) return fallback;
  const Json& json = raw(name);
  if (json.is_boolean()) return json.get<bool>();
  if (json == 0 || json == 1) return json == 1;
  return wrong(name, "true or false");
}

Result<double> OperationContext::number(const std::string& name, std::optional<double> fallback) {
  if (!has(name) && fallback) return *fallback;
  const Json& json = raw(name);
  if (json.is_number()) return json.get<double>();
  if (json.is_object() || json.is_array()) {
    TINYSPLIT_ASSIGN_OR_RETURN(ValueId id, tensor(name));
    TINYSPLIT_ASSIGN_OR_RETURN(id, cast(id, DType::kFloat32));
    if (value(id).is_constant() && shape(id).num_elements() == 1) {
      return double{value(id).data->as<float>()[0]};
    }
  }
  return wrong(name, "a number");
}

Result<std::string> OperationContext::word(const std::string& name,
                                           std::initializer_list<const char*> known,
                                           const std::string& fallback) {
  if (!has(name)) return fallback;
  const std::string text = text_of(raw(name));
  if (std::ranges::find(known, text) == known.end()) return unsupported(name);
  return text;
}

Result<std::vector<std::int64_t>> OperationContext::integers(const std::string& name) {
  const Json& json = raw(name);
  std::vector<std::int64_t> values;
  const auto collect = [&](const Json& item) -> Status {
    if (const auto whole = whole_number(item, INT64_MIN, INT64_MAX)) {
      values.push_back(*whole);
      return ok_status();
    }
    if (item.is_null()) {
      values.push_back(-1);
      return ok_status();
    }
    if (!item.is_object()) return wrong(name, "whole numbers");
    TINYSPLIT_ASSIGN_OR_RETURN(ValueId id, tensor_of(item));
    if (!value(id).is_constant()) {
      return unimplemented("its argument " + name + " is computed from the input");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(id, cast(id, DType::kInt64));
    const auto found = value(id).data->as<std::int64_t>();
    if (found.size() > limits::kMaxNodes) return wrong(name, "fewer numbers");
    values.insert(values.end(), found.begin(), found.end());
    return ok_status();
  };
  if (!json.is_array()) {
    TINYSPLIT_RETURN_IF_ERROR(collect(json));
    return values;
  }
  for (const Json& item : json) TINYSPLIT_RETURN_IF_ERROR(collect(item));
  return values;
}

Result<std::int64_t> OperationContext::integer(const std::string& name,
                                               std::optional<std::int64_t> fallback) {
  if (!has(name) && fallback) return *fallback;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> values, integers(name));
  if (values.size() != 1 || !has(name)) return wrong(name, "a whole number");
  return values.front();
}

Result<int> OperationContext::axis(const std::string& name, int rank, std::optional<int> fallback) {
  if (!has(name) && fallback) return *fallback < 0 ? *fallback + rank : *fallback;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t axis, integer(name));
  if (axis < -rank || axis >= rank) {
    return wrong(name, "an axis of " + std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<std::vector<int>> OperationContext::axes(const std::string& name, const Shape& shape) {
  std::vector<int> found;
  if (!has(name)) {
    found.resize(static_cast<std::size_t>(shape.rank()));
    std::iota(found.begin(), found.end(), 0);
    return found;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> listed, integers(name));
  for (const std::int64_t axis : listed) {
    if (axis < -shape.rank() || axis >= shape.rank()) {
      return wrong(name, "axes of " + std::to_string(shape.rank()));
    }
    found.push_back(static_cast<int>(axis < 0 ? axis + shape.rank() : axis));
  }
  std::ranges::sort(found);
  if (std::ranges::adjacent_find(found) != found.end()) return wrong(name, "axes, each once");
  return found;
}

Status OperationContext::expect_only(const std::string& name, const Json& only) {
  if (!has(name) || raw(name) == only) return ok_status();
  return unsupported(name);
}

Status OperationContext::expect_within_sample(ValueId x, int axis) const {
  if (axis != 0 || value(x).is_constant()) return ok_status();
  return unimplemented(
      "it works along axis 0, the batch, and so mixes samples; a model is run on "
      "each sample by itself");
}

Result<ValueId> OperationContext::cast(ValueId x, DType to) {
  if (dtype(x) == to) return x;
  return add(CastOp{to}, {x});
}

Result<ValueId> OperationContext::reshape(ValueId x, const std::vector<std::int64_t>& dims) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  if (shape(x) == to) return x;
  return add(ReshapeOp{to}, {x});
}

Result<ValueId> OperationContext::transpose(ValueId x, std::vector<int> permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return add(TransposeOp{std::move(permutation)}, {x});
}

Result<ValueId> OperationContext::slice_axis(ValueId x, int axis, std::int64_t begin,
                                             std::int64_t size) {
  const Shape& in = shape(x);
  if (begin == 0 && size == in[axis]) return x;
  SliceOp slice;
  for (int i = 0; i < in.rank(); ++i) {
    slice.begin.push_back(i == axis ? begin : 0);
    slice.stride.push_back(1);
    slice.size.push_back(i == axis ? size : in[i]);
  }
  return add(std::move(slice), {x});
}

Result<ValueId> OperationContext::number_constant(double number, DType dtype) {
  const Json json(number);
  TINYSPLIT_ASSIGN_OR_RETURN(const JsonConstant constant, find_json_constant(json));
  TINYSPLIT_RETURN_IF_ERROR(layer_.spend_constants(1));
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, make_tensor(constant, dtype));
  return layer_.constant(std::move(made));
}

}  // namespace tinysplit::keras
