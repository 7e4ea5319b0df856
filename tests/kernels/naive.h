#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "core/tensor.h"
#include "kernels/evaluate.h"

// Tensors of random content and element access by coordinates, for loops that are too plain to be
// wrong.
namespace tinysplit::testing_kernels {

using Index = std::vector<std::int64_t>;

inline constexpr DType kIntegers[] = {DType::kInt8, DType::kUint8, DType::kInt16, DType::kInt32,
                                      DType::kInt64};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::int64_t integer(std::int64_t low, std::int64_t high);  // both included
  bool coin() { return integer(0, 1) == 1; }
  float real(float low, float high);

  // Of rank `least` to `most`, few elements.
  Shape shape(int least, int most, std::int64_t largest_dim = 5);
  // Broadcasts to `output`: leading axes missing, others 1.
  Shape broadcastable_to(const Shape& output);

  // Floats in [low, high], integers of these rounded; bools are 0 or 1.
  Tensor tensor(DType dtype, const Shape& shape, float low = -3.0f, float high = 3.0f);

 private:
  std::mt19937 engine_;
};

// The value of `op` on constants, failing the test where there is none.
Tensor compute(const Op& op, const std::vector<const Tensor*>& inputs);
Result<Tensor> try_compute(const Op& op, const std::vector<const Tensor*>& inputs);

// Element `flat` as a double (exact for all dtypes but large int64) or as an integer.
double real_at(const Tensor& tensor, std::int64_t flat);
std::int64_t integer_at(const Tensor& tensor, std::int64_t flat);

// Calls visit(index, flat) for each element of `shape`.
void for_each_index(const Shape& shape,
                    const std::function<void(const Index& index, std::int64_t flat)>& visit);
std::int64_t flat_of(const Index& index, const Shape& shape);
// Of an operand that is broadcast, at an index of the output.
std::int64_t broadcast_flat(const Index& index, const Shape& operand);

void expect_near(double found, double expected, double tolerance, const std::string& where);

}  // namespace tinysplit::testing_kernels
