#include <cstring>

#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

Body concat_body(const ConcatOp& op, const KernelSpec& spec) {
  const Shape& out = spec.output->shape;
  std::size_t outer = 1, inner = dtype_size(spec.output->dtype);
  for (int i = 0; i < op.axis; ++i) outer *= usize(out[i]);
  for (int i = op.axis + 1; i < out.rank(); ++i) inner *= usize(out[i]);
  std::vector<std::size_t> widths;
  for (const Value* input : spec.inputs) widths.push_back(usize(input->shape[op.axis]) * inner);
  return [outer, widths](std::span<const std::byte* const> inputs, std::byte* y) {
    for (std::size_t row = 0; row < outer; ++row) {
      for (std::size_t i = 0; i < widths.size(); ++i) {
        std::memcpy(y, inputs[i] + row * widths[i], widths[i]);
        y += widths[i];
      }
    }
    return ok_status();
  };
}

// Reads element origin + sum of index * stride for each index of the output: transposes, slices.
template <typename Element>
Body strided_copy(const Shape& shape, std::ptrdiff_t origin, const Strides& strides) {
  const int rank = shape.rank();
  const std::size_t width = rank == 0 ? 1 : usize(shape[rank - 1]);
  const std::ptrdiff_t step = rank == 0 ? 1 : strides[static_cast<std::size_t>(rank - 1)];
  return [=](std::span<const std::byte* const> inputs, std::byte* output) {
    const Element* x = reinterpret_cast<const Element*>(inputs[0]) + origin;
    Element* y = reinterpret_cast<Element*>(output);
    for_each_row<1>(shape, {strides}, [&](const auto& at) {
      const Element* from = x + at[0];
      if (step == 1) {
        std::memcpy(y, from, width * sizeof(Element));
      } else {
        for (std::size_t i = 0; i < width; ++i) y[i] = from[static_cast<std::ptrdiff_t>(i) * step];
      }
      y += width;
    });
    return ok_status();
  };
}

Body strided_copy(DType dtype, const Shape& shape, std::ptrdiff_t origin, const Strides& strides) {
  switch (dtype_size(dtype)) {
    case 1:
      return strided_copy<std::uint8_t>(shape, origin, strides);
    case 2:
      return strided_copy<std::uint16_t>(shape, origin, strides);
    case 4:
      return strided_copy<std::uint32_t>(shape, origin, strides);
    case 8:
      return strided_copy<std::uint64_t>(shape, origin, strides);
  }
  return {};
}

Body transpose_body(const TransposeOp& op, const KernelSpec& spec) {
  const Strides input = dense_strides(spec.inputs[0]->shape);
  Strides strides{};
  for (std::size_t i = 0; i < op.permutation.size(); ++i) {
    strides[i] = input[static_cast<std::size_t>(op.permutation[i])];
  }
  return strided_copy(spec.output->dtype, spec.output->shape, 0, strides);
}

Body slice_body(const SliceOp& op, const KernelSpec& spec) {
  Strides strides = dense_strides(spec.inputs[0]->shape);
  std::ptrdiff_t origin = 0;
  for (std::size_t i = 0; i < op.begin.size(); ++i) {
    origin += op.begin[i] * strides[i];
    strides[i] *= op.stride[i];
  }
  return strided_copy(spec.output->dtype, spec.output->shape, origin, strides);
}

Body broadcast_to_body(const KernelSpec& spec) {
  const Shape& out = spec.output->shape;
  return strided_copy(spec.output->dtype, out, 0, broadcast_strides(spec.inputs[0]->shape, out));
}

}  // namespace

Body movement_body(const KernelSpec& spec) {
  if (spec.inputs[0]->dtype != spec.output->dtype) return {};
  if (const auto* concat = std::get_if<ConcatOp>(spec.op)) {
    return same_numbers(spec, 0) ? concat_body(*concat, spec) : Body();
  }
  if (const auto* transpose = std::get_if<TransposeOp>(spec.op)) {
    return transpose_body(*transpose, spec);
  }
  if (const auto* slice = std::get_if<SliceOp>(spec.op)) return slice_body(*slice, spec);
  if (std::holds_alternative<BroadcastOp>(*spec.op)) return broadcast_to_body(spec);
  if (std::holds_alternative<ReshapeOp>(*spec.op)) {
    return [bytes = spec.output->num_bytes()](Inputs inputs, std::byte* y) {
      std::memcpy(y, inputs[0], bytes);
      return ok_status();
    };
  }
  return {};
}

}  // namespace tinysplit::native
