#include <cstring>

#include "kernels/gemm.h"
#include "kernels/native_bodies.h"
#include "kernels/walk.h"
#include "kernels/weights.h"

namespace tinysplit::native {
namespace {

Shape outer_of(const Shape& shape) {
  return Shape::create(shape.dims().first(shape.dims().size() - 2)).value();
}

MatrixView view_of(const Shape& shape, bool transposed) {
  const std::ptrdiff_t stride = shape[shape.rank() - 1];
  return transposed ? MatrixView{nullptr, 1, stride} : MatrixView{nullptr, stride, 1};
}

}  // namespace

ScratchBody matmul_body(const KernelSpec& spec) {
  const auto* op = std::get_if<MatmulOp>(spec.op);
  if (op == nullptr || !is_float(spec)) return {};
  const Shape& a = spec.inputs[0]->shape;
  const Shape& b = spec.inputs[1]->shape;
  const Shape& out = spec.output->shape;
  // One matrix for each index of the outer axes: offsets count matrices.
  const auto walk = broadcast_walk<2>({outer_of(a), outer_of(b)}, outer_of(out));
  const std::size_t rows = usize(out[out.rank() - 2]), columns = usize(out[out.rank() - 1]);
  const std::size_t inner = usize(a[a.rank() - (op->transpose_a ? 2 : 1)]);
  const MatrixView view_a = view_of(a, op->transpose_a), view_b = view_of(b, op->transpose_b);
  const auto run = [=](Inputs inputs, std::byte* output, std::byte* scratch) {
    const float* from_a = reinterpret_cast<const float*>(inputs[0]);
    const float* from_b = reinterpret_cast<const float*>(inputs[1]);
    float* c = reinterpret_cast<float*>(output);
    MatrixView left = view_a, right = view_b;
    walk.for_each_row([&](const auto& at) {
      for (std::size_t i = 0; i < walk.width(); ++i) {
        const auto step = static_cast<std::ptrdiff_t>(i);
        left.data = from_a + (at[0] + step * walk.step(0)) * std::ptrdiff_t(rows * inner);
        right.data = from_b + (at[1] + step * walk.step(1)) * std::ptrdiff_t(inner * columns);
        std::memset(c, 0, rows * columns * sizeof(float));
        gemm(rows, columns, inner, left, right, c, std::ptrdiff_t(columns), scratch);
        c += rows * columns;
      }
    });
    return ok_status();
  };
  return {run, gemm_scratch(inner)};
}

ScratchBody dense_body(const KernelSpec& spec) {
  if (!std::holds_alternative<DenseOp>(*spec.op) || !is_float(spec)) return {};
  const WeightPointers weights(spec);
  const std::size_t inner = usize(spec.inputs[1]->shape[0]);
  const std::size_t columns = usize(spec.inputs[1]->shape[1]);
  const std::size_t rows = usize(spec.output->shape.num_elements()) / columns;
  const auto run = [=, clip = spec.clip](Inputs inputs, std::byte* output, std::byte* scratch) {
    float* y = reinterpret_cast<float*>(output);
    fill_bias(weights.bias(inputs), rows, columns, y);
    const MatrixView a{reinterpret_cast<const float*>(inputs[0]), std::ptrdiff_t(inner), 1};
    const MatrixView b{weights.kernel(inputs), std::ptrdiff_t(columns), 1};
    gemm(rows, columns, inner, a, b, y, std::ptrdiff_t(columns), scratch);
    apply_clip(clip, y, rows * columns);
    return ok_status();
  };
  return {run, gemm_scratch(inner)};
}

}  // namespace tinysplit::native
