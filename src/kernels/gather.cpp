#include <cstring>

#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

struct Gathering {
  std::size_t outer;
  std::int64_t size;  // of the axis
  std::size_t indices;
  std::size_t inner;  // bytes
};

template <typename Index>
Body gather_rows(const Gathering& g) {
  return [g](std::span<const std::byte* const> inputs, std::byte* y) {
    const Index* indices = reinterpret_cast<const Index*>(inputs[1]);
    for (std::size_t row = 0; row < g.outer; ++row) {
      const std::byte* x = inputs[0] + row * usize(g.size) * g.inner;
      for (std::size_t i = 0; i < g.indices; ++i) {
        const std::int64_t index = indices[i] < 0 ? indices[i] + g.size : indices[i];
        if (index < 0 || index >= g.size) {
          return out_of_range("gather reads index " + std::to_string(indices[i]) + " of " +
                              std::to_string(g.size));
        }
        std::memcpy(y, x + usize(index) * g.inner, g.inner);
        y += g.inner;
      }
    }
    return ok_status();
  };
}

Body gather(const GatherOp& op, const KernelSpec& spec) {
  const Shape& data = spec.inputs[0]->shape;
  Gathering g{1, data[op.axis], usize(spec.inputs[1]->shape.num_elements()),
              dtype_size(spec.output->dtype)};
  for (int i = 0; i < op.axis; ++i) g.outer *= usize(data[i]);
  for (int i = op.axis + 1; i < data.rank(); ++i) g.inner *= usize(data[i]);
  if (spec.inputs[1]->dtype == DType::kInt32) return gather_rows<std::int32_t>(g);
  if (spec.inputs[1]->dtype == DType::kInt64) return gather_rows<std::int64_t>(g);
  return {};
}

struct Tiling {
  Shape input;
  std::vector<std::int64_t> repeats;
  std::size_t element;
};

// Writes the tiles below one index of the axes before `axis`; moves x behind what it read.
std::byte* write_tiles(const Tiling& tiling, int axis, const std::byte*& x, std::byte* y) {
  if (axis == tiling.input.rank()) {
    std::memcpy(y, x, tiling.element);
    x += tiling.element;
    return y + tiling.element;
  }
  std::byte* end = y;
  if (axis + 1 == tiling.input.rank()) {
    const std::size_t bytes = usize(tiling.input[axis]) * tiling.element;
    std::memcpy(y, x, bytes);
    x += bytes;
    end += bytes;
  } else {
    for (std::int64_t i = 0; i < tiling.input[axis]; ++i) {
      end = write_tiles(tiling, axis + 1, x, end);
    }
  }
  const std::size_t block = static_cast<std::size_t>(end - y);
  for (std::int64_t i = 1; i < tiling.repeats[static_cast<std::size_t>(axis)]; ++i) {
    std::memcpy(end, y, block);
    end += block;
  }
  return end;
}

}  // namespace

Body gather_body(const KernelSpec& spec) {
  if (spec.inputs[0]->dtype != spec.output->dtype) return {};
  if (const auto* op = std::get_if<GatherOp>(spec.op)) return gather(*op, spec);
  if (const auto* op = std::get_if<TileOp>(spec.op)) {
    const Tiling tiling{spec.inputs[0]->shape, op->repeats, dtype_size(spec.output->dtype)};
    return [tiling](std::span<const std::byte* const> inputs, std::byte* y) {
      const std::byte* x = inputs[0];
      write_tiles(tiling, 0, x, y);
      return ok_status();
    };
  }
  return {};
}

}  // namespace tinysplit::native
