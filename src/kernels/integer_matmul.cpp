#include <algorithm>

#include "kernels/dtype_dispatch.h"
#include "kernels/integer_math.h"
#include "kernels/walk.h"

namespace tinysplit::native {
namespace {

// Distances between neighbours along the rows and columns of a matrix.
struct Steps {
  std::ptrdiff_t row = 0;
  std::ptrdiff_t column = 1;
};

struct Sizes {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t inner = 0;
};

// c += a b; c is dense. Sums wrap, as those of NumPy and ONNX Runtime do.
template <typename T>
void add_product(const Sizes& sizes, const T* a, const Steps& of_a, const T* b, const Steps& of_b,
                 T* c) {
  for (std::size_t r = 0; r < sizes.rows; ++r, c += sizes.columns) {
    for (std::size_t k = 0; k < sizes.inner; ++k) {
      const T factor = a[std::ptrdiff_t(r) * of_a.row + std::ptrdiff_t(k) * of_a.column];
      const T* row = b + std::ptrdiff_t(k) * of_b.row;
      for (std::size_t j = 0; j < sizes.columns; ++j) {
        c[j] = wrap_add(c[j], wrap_multiply(factor, row[std::ptrdiff_t(j) * of_b.column]));
      }
    }
  }
}

Shape outer_axes(const Shape& shape) {
  return Shape::create(shape.dims().first(shape.dims().size() - 2)).value();
}

Steps steps_of(const Shape& shape, bool transposed) {
  const std::ptrdiff_t width = shape[shape.rank() - 1];
  return transposed ? Steps{1, width} : Steps{width, 1};
}

template <typename T>
Body matmul_of(const MatmulOp& op, const KernelSpec& spec) {
  const Shape& a = spec.inputs[0]->shape;
  const Shape& b = spec.inputs[1]->shape;
  const Shape& out = spec.output->shape;
  const auto walk = broadcast_walk<2>({outer_axes(a), outer_axes(b)}, outer_axes(out));
  const Sizes sizes{usize(out[out.rank() - 2]), usize(out[out.rank() - 1]),
                    usize(a[a.rank() - (op.transpose_a ? 2 : 1)])};
  const Steps of_a = steps_of(a, op.transpose_a), of_b = steps_of(b, op.transpose_b);
  return [=](Inputs inputs, std::byte* output) {
    const T* from_a = reinterpret_cast<const T*>(inputs[0]);
    const T* from_b = reinterpret_cast<const T*>(inputs[1]);
    T* c = reinterpret_cast<T*>(output);
    walk.for_each_row([&](const auto& at) {
      for (std::size_t i = 0; i < walk.width(); ++i, c += sizes.rows * sizes.columns) {
        const auto step = static_cast<std::ptrdiff_t>(i);
        const T* left =
            from_a + (at[0] + step * walk.step(0)) * std::ptrdiff_t(sizes.rows * sizes.inner);
        const T* right =
            from_b + (at[1] + step * walk.step(1)) * std::ptrdiff_t(sizes.inner * sizes.columns);
        std::fill_n(c, sizes.rows * sizes.columns, T{0});
        add_product(sizes, left, of_a, right, of_b, c);
      }
    });
    return ok_status();
  };
}

template <typename T>
Body dense_of(const KernelSpec& spec) {
  const Shape& kernel = spec.inputs[1]->shape;
  Sizes sizes{0, usize(kernel[1]), usize(kernel[0])};
  sizes.rows = usize(spec.output->shape.num_elements()) / sizes.columns;
  const bool has_bias = spec.inputs.size() > 2;
  return [=](Inputs inputs, std::byte* output) {
    T* y = reinterpret_cast<T*>(output);
    const T* bias = has_bias ? reinterpret_cast<const T*>(inputs[2]) : nullptr;
    for (std::size_t r = 0; r < sizes.rows; ++r) {
      for (std::size_t j = 0; j < sizes.columns; ++j) {
        y[r * sizes.columns + j] = bias == nullptr ? T{0} : bias[j];
      }
    }
    add_product(sizes, reinterpret_cast<const T*>(inputs[0]), {std::ptrdiff_t(sizes.inner), 1},
                reinterpret_cast<const T*>(inputs[1]), {std::ptrdiff_t(sizes.columns), 1}, y);
    return ok_status();
  };
}

bool has_one_type(const KernelSpec& spec) {
  return std::ranges::all_of(
      spec.inputs, [&](const Value* input) { return input->dtype == spec.output->dtype; });
}

}  // namespace

Body integer_matmul_body(const KernelSpec& spec) {
  const auto* matmul = std::get_if<MatmulOp>(spec.op);
  if (matmul == nullptr && !std::holds_alternative<DenseOp>(*spec.op)) return {};
  if (!plain_numbers(spec) || !has_one_type(spec) || spec.clip) return {};
  return for_number(spec.output->dtype, [&](auto zero) -> Body {
    using T = decltype(zero);
    if constexpr (std::is_integral_v<T>) {
      return matmul != nullptr ? matmul_of<T>(*matmul, spec) : dense_of<T>(spec);
    } else {
      return {};
    }
  });
}

}  // namespace tinysplit::native
