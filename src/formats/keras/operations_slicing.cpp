// Parts of tensors: x[:, 1:, ::2], x[..., 0] and what means the same.
#include <algorithm>

#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

// What becomes of one axis of the input, or a new axis where there is none.
struct Part {
  bool new_axis = false;
  bool dropped = false;
  std::int64_t begin = 0;
  std::int64_t stride = 1;
  std::int64_t size = 0;
};

std::string kind_of(const Json& item) { return text_of(member(item, "class_name")); }

bool is_ellipsis(const Json& item) {
  return kind_of(item) == "__ellipsis__" || item == "__ellipsis__";
}

// {"start": ..., "stop": ..., "step": ...}, inside of "config" or not.
const Json* find_slice(const Json& item) {
  const Json& config = member(item, "config");
  for (const Json* candidate : {&item, &config}) {
    if (candidate->is_object() && candidate->contains("start") && candidate->contains("stop")) {
      return candidate;
    }
  }
  return nullptr;
}

// Whole numbers, also those of constants; none for null.
Result<std::optional<std::int64_t>> bound(OperationContext& context, const Json& item) {
  if (item.is_null()) return std::optional<std::int64_t>();
  if (const auto whole = whole_number(item, INT32_MIN, INT32_MAX)) return std::optional(*whole);
  if (item.is_number())
    return std::optional(item.get<double>() < 0 ? INT64_C(-1) << 31 : INT32_MAX);
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId id, context.tensor_of(item));
  if (!context.value(id).is_constant() || context.shape(id).num_elements() != 1) {
    return unimplemented("it is cut at a place that is computed from the input");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(id, context.cast(id, DType::kInt64));
  return std::optional(context.value(id).data->as<std::int64_t>()[0]);
}

// As Python means start:stop:step of `length` cells.
Result<Part> parse_slice(OperationContext& context, const Json& slice, std::int64_t length) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto start, bound(context, member(slice, "start")));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto stop, bound(context, member(slice, "stop")));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto step, bound(context, member(slice, "step")));
  Part part;
  part.stride = step.value_or(1);
  if (part.stride == 0) return invalid_argument("it is cut with a step of 0");
  const bool forward = part.stride > 0;
  const std::int64_t least = forward ? 0 : -1;
  const std::int64_t most = forward ? length : length - 1;
  const auto clamp = [&](std::int64_t place) {
    return std::clamp(place < 0 ? place + length : place, least, most);
  };
  part.begin = start ? clamp(*start) : (forward ? 0 : length - 1);
  const std::int64_t end = stop ? clamp(*stop) : (forward ? length : -1);
  const std::int64_t distance = forward ? end - part.begin : part.begin - end;
  const std::int64_t stride = forward ? part.stride : -part.stride;
  part.size = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  if (part.size == 0) return invalid_argument("it leaves nothing of its input");
  return part;
}

Result<Part> parse_part(OperationContext& context, const Json& item, std::int64_t length) {
  if (const Json* slice = find_slice(item)) return parse_slice(context, *slice, length);
  if (item.is_array() || item.is_boolean()) {
    return unimplemented("it picks places by a list, which is not supported; use keras.ops.take");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto place, bound(context, item));
  Part part;
  part.dropped = true;
  part.size = 1;
  part.begin = place.value_or(0);
  if (part.begin < 0) part.begin += length;
  if (part.begin < 0 || part.begin >= length) {
    return invalid_argument("it picks place " + brief(item) + " of " + std::to_string(length));
  }
  return part;
}

Result<std::vector<Part>> parse_key(OperationContext& context, const Json& key,
                                    const Shape& shape) {
  const Json single = key.is_array() ? Json() : Json::array({key});
  const Json& items = key.is_array() ? key : single;
  if (items.size() > 2 * limits::kMaxRank) return invalid_argument("it is cut along too many axes");
  const auto used = std::ranges::count_if(
      items, [](const Json& item) { return !item.is_null() && !is_ellipsis(item); });
  const std::int64_t rest = shape.rank() - used;
  if (rest < 0) {
    return invalid_argument("it is cut along " + std::to_string(used) + " axes, its input has " +
                            std::to_string(shape.rank()));
  }
  std::vector<Part> parts;
  int axis = 0;
  const auto keep = [&](std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) parts.push_back({false, false, 0, 1, shape[axis++]});
  };
  bool open = true;
  for (const Json& item : items) {
    if (is_ellipsis(item)) {
      if (!open) return invalid_argument("it has two ellipses");
      open = false;
      keep(rest);
    } else if (item.is_null()) {
      parts.push_back({true, false, 0, 1, 1});
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(const Part part, parse_part(context, item, shape[axis]));
      parts.push_back(part);
      ++axis;
    }
  }
  if (open) keep(rest);
  return parts;
}

Result<ValueId> take_parts(OperationContext& context, ValueId x, const std::vector<Part>& parts) {
  const Shape in = context.shape(x);
  SliceOp slice;
  std::vector<std::int64_t> dims;
  bool whole = true;
  for (const Part& part : parts) {
    if (!part.dropped) dims.push_back(part.size);
    if (part.new_axis) {
      // In front of the batch there is no place for another axis.
      if (slice.begin.empty()) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
      continue;
    }
    const int axis = static_cast<int>(slice.begin.size());
    const bool all = !part.dropped && part.begin == 0 && part.stride == 1 && part.size == in[axis];
    if (!all) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
    whole = whole && part.begin == 0 && part.stride == 1 && part.size == in[axis];
    slice.begin.push_back(part.begin);
    slice.stride.push_back(part.stride);
    slice.size.push_back(part.size);
  }
  if (!whole) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(std::move(slice), {x}));
  }
  return context.reshape(x, dims);
}

}  // namespace

Result<ValueId> translate_get_item(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Part> parts,
                             parse_key(context, context.raw("key"), context.shape(x)));
  // A range of the batch that holds one sample may hold more of a larger one.
  if (!context.value(x).is_constant() && !parts.empty()) {
    const Json& key = context.raw("key");
    const Json& first = key.is_array() && !key.empty() ? key.front() : key;
    const Json* slice = find_slice(first);
    if (slice != nullptr && (!member(*slice, "stop").is_null())) {
      TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
    }
  }
  return take_parts(context, x, parts);
}

Result<ValueId> translate_slice(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> begin, context.integers("begin"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> size, context.integers("size"));
  const Shape in = context.shape(x);
  if (std::ssize(begin) != in.rank() || begin.size() != size.size()) {
    return context.wrong("begin", "one number for each axis, as size");
  }
  std::vector<Part> parts;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const std::int64_t cells = in[static_cast<int>(i)];
    if (begin[i] < 0 || begin[i] >= cells || size[i] < -1 || size[i] > cells) {
      return context.wrong("size", "a part of its input");
    }
    parts.push_back({false, false, begin[i], 1, size[i] == -1 ? cells - begin[i] : size[i]});
  }
  return take_parts(context, x, parts);
}

// With a stop for every axis that is cut; the masks of the operation are not supported.
Result<ValueId> translate_strided_slice(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> begin, context.integers("begin"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> end, context.integers("end"));
  std::vector<std::int64_t> strides(begin.size(), 1);
  if (context.has("strides")) {
    TINYSPLIT_ASSIGN_OR_RETURN(strides, context.integers("strides"));
  }
  std::int64_t begin_mask = 0, end_mask = 0;
  TINYSPLIT_ASSIGN_OR_RETURN(begin_mask, context.integer("begin_mask", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(end_mask, context.integer("end_mask", 0));
  for (const char* mask : {"ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_only(mask, 0));
  }
  if (begin.size() != end.size() || begin.size() != strides.size()) {
    return context.wrong("begin", "as long as end and strides");
  }
  Json key = Json::array();
  for (std::size_t i = 0; i < begin.size() && i < limits::kMaxRank; ++i) {
    const bool from_start = (begin_mask >> i & 1) != 0, to_end = (end_mask >> i & 1) != 0;
    key.push_back({{"start", from_start ? Json() : Json(begin[i])},
                   {"stop", to_end ? Json() : Json(end[i])},
                   {"step", strides[i]}});
    if (i == 0 && !to_end) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Part> parts,
                             parse_key(context, key, context.shape(x)));
  return take_parts(context, x, parts);
}

}  // namespace tinysplit::keras
