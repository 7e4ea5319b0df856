#include <algorithm>
#include <cstring>

#include "kernels/float16.h"
#include "kernels/float_to_integer.h"
#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

// The input index that an output index shows along an axis of `size`; -1 for the constant.
std::int64_t source_index(std::int64_t index, std::int64_t size, PadMode mode) {
  if (index >= 0 && index < size) return index;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return std::clamp<std::int64_t>(index, 0, size - 1);
    case PadMode::kReflect:
      return index < 0 ? -index : 2 * (size - 1) - index;
    case PadMode::kSymmetric:
      return index < 0 ? -index - 1 : 2 * size - 1 - index;
  }
  return -1;
}

template <typename Element>
void fill(std::byte* y, std::size_t count, float value) {
  Element element;
  if constexpr (std::is_same_v<Element, float>) {
    element = value;
  } else if constexpr (std::is_same_v<Element, bool>) {
    element = value != 0.0f;
  } else {
    element = float_to_integer<Element>(value);
  }
  std::fill_n(reinterpret_cast<Element*>(y), count, element);
}

void fill_half(std::byte* y, std::size_t count, float value) {
  std::fill_n(reinterpret_cast<std::uint16_t*>(y), count, float_to_half(value));
}

using Fill = void (*)(std::byte* y, std::size_t count, float value);

Fill fill_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return fill<float>;
    case DType::kInt8:
      return fill<std::int8_t>;
    case DType::kUint8:
      return fill<std::uint8_t>;
    case DType::kInt16:
      return fill<std::int16_t>;
    case DType::kInt32:
      return fill<std::int32_t>;
    case DType::kInt64:
      return fill<std::int64_t>;
    case DType::kBool:
      return fill<bool>;
    case DType::kFloat16:
      return fill_half;
  }
  return nullptr;
}

struct Padding {
  Shape input;
  Shape output;
  std::vector<std::vector<std::int64_t>> sources;  // for each axis and output index
  std::size_t element = 4;
  float value = 0.0f;
  Fill fill = nullptr;
};

// Writes the elements below one index of the axes before `axis`; input null where it is outside.
std::byte* write(const Padding& padding, int axis, const std::byte* x, std::byte* y) {
  std::size_t below = padding.element, below_out = padding.element;
  for (int i = axis + 1; i < padding.output.rank(); ++i) {
    below *= usize(padding.input[i]);
    below_out *= usize(padding.output[i]);
  }
  const auto& sources = padding.sources[static_cast<std::size_t>(axis)];
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sources[i] < 0) {
      padding.fill(y, below_out / padding.element, padding.value);
      y += below_out;
    } else if (below == below_out && axis + 1 >= padding.output.rank() - 1) {
      // Runs of consecutive indices are one copy.
      std::size_t run = 1;
      while (i + run < sources.size() && sources[i + run] == sources[i] + std::int64_t(run)) ++run;
      std::memcpy(y, x + usize(sources[i]) * below, run * below);
      y += run * below;
      i += run - 1;
    } else {
      y = write(padding, axis + 1, x + usize(sources[i]) * below, y);
    }
  }
  return y;
}

}  // namespace

Body pad_body(const KernelSpec& spec) {
  const auto* op = std::get_if<PadOp>(spec.op);
  if (op == nullptr || spec.inputs[0]->dtype != spec.output->dtype) return {};
  Padding padding{spec.inputs[0]->shape,          spec.output->shape, {},
                  dtype_size(spec.output->dtype), op->value,          fill_of(spec.output->dtype)};
  for (int axis = 0; axis < padding.output.rank(); ++axis) {
    const std::int64_t before = op->before[static_cast<std::size_t>(axis)];
    std::vector<std::int64_t> sources;
    for (std::int64_t i = 0; i < padding.output[axis]; ++i) {
      sources.push_back(source_index(i - before, padding.input[axis], op->mode));
    }
    padding.sources.push_back(std::move(sources));
  }
  return [padding](std::span<const std::byte* const> inputs, std::byte* y) {
    if (padding.output.rank() == 0) {
      std::memcpy(y, inputs[0], padding.element);
    } else {
      write(padding, 0, inputs[0], y);
    }
    return ok_status();
  };
}

}  // namespace tinysplit::native
