#include "evaluation/class_of_output.h"

#include <algorithm>
#include <string>

#include "engine/value_conversion.h"

namespace tinysplit {
namespace {

template <typename T>
std::int32_t largest_of(std::span<const T> scores) {
  return static_cast<std::int32_t>(std::ranges::max_element(scores) - scores.begin());
}

bool has_scores(const Value& value) {
  return value.dtype == DType::kFloat32 || value.dtype == DType::kInt8 ||
         value.dtype == DType::kUint8;
}

}  // namespace

Result<ValueId> find_scores(const Graph& graph, std::size_t classes) {
  std::string found;
  for (const ValueId id : graph.outputs()) {
    const Value& value = graph.value(id);
    const auto numbers = static_cast<std::size_t>(value.shape.num_elements());
    if (has_scores(value) && (numbers == classes || (numbers == 1 && classes == 2))) return id;
    found += (found.empty() ? "" : ", ") + std::string(dtype_name(value.dtype)) + " " +
             value.shape.to_string();
  }
  return invalid_argument("no output of the model scores the " + std::to_string(classes) +
                          " classes of the data: it gives " + found);
}

std::int32_t class_of(const TensorView& output, const Value& value) {
  if (output.shape.num_elements() == 1) {
    return real_numbers(Tensor::copy_of(output), value).as<float>()[0] >= 0.5f ? 1 : 0;
  }
  // Stored numbers are in the order of what they stand for.
  switch (output.dtype) {
    case DType::kInt8:
      return largest_of(output.as<std::int8_t>());
    case DType::kUint8:
      return largest_of(output.as<std::uint8_t>());
    default:
      return largest_of(output.as<float>());
  }
}

}  // namespace tinysplit
