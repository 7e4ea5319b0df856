#pragma once

#include <random>
#include <vector>

#include "core/tensor.h"
#include "graph/graph_builder.h"

namespace tinysplit {

// Appends random operations of every sort to a graph, so that each fits what is there.
class RandomOperations {
 public:
  RandomOperations(GraphBuilder& builder, unsigned seed) : builder_(builder), random_(seed) {}

  std::int64_t integer(std::int64_t low, std::int64_t high);  // both included
  bool coin() { return integer(0, 1) == 1; }
  Tensor tensor(DType dtype, const Shape& shape);
  Shape shape(int rank, std::int64_t largest_dim);

  // An operation, or a few that belong together, on `x` in the open layer. The result.
  ValueId append(ValueId x);

 private:
  ValueId add(Op op, std::vector<ValueId> inputs);
  ValueId constant(DType dtype, const Shape& shape) {
    return builder_.add_constant(tensor(dtype, shape));
  }
  const Shape& shape_of(ValueId x) const { return builder_.value(x).shape; }
  Shape broadcastable_to(const Shape& shape);
  int axis_of(ValueId x) { return static_cast<int>(integer(0, shape_of(x).rank() - 1)); }
  std::vector<int> axes_of(ValueId x);

  ValueId elementwise(ValueId x);
  ValueId by_way_of_other_types(ValueId x);
  ValueId reduction(ValueId x);
  ValueId movement(ValueId x);
  ValueId gather(ValueId x);
  ValueId output_stage(ValueId y);
  ValueId linear(ValueId x);
  ValueId image(ValueId x);
  ValueId volume(ValueId x);
  ValueId recurrent(ValueId x);
  ValueId of_constants(ValueId x);

  template <std::size_t Axes>
  void randomize(Spatial<Axes>& spatial);

  GraphBuilder& builder_;
  std::mt19937 random_;
};

}  // namespace tinysplit
