#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {

Status expect_inputs(Inputs inputs, std::size_t least, std::size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return ok_status();
  return invalid_argument("has " + std::to_string(inputs.size()) + " inputs, needs " +
                          std::to_string(least) +
                          (most == least ? "" : " to " + std::to_string(most)));
}

Status expect_rank(const Value& value, const char* what, int rank) {
  if (value.shape.rank() == rank) return ok_status();
  return invalid_argument(std::string(what) + " has shape " + value.shape.to_string() + ", needs " +
                          std::to_string(rank) + " dimensions");
}

Status expect_constant(const Value& value, const char* what) {
  if (value.is_constant()) return ok_status();
  return invalid_argument(std::string(what) + " must be a constant");
}

Status expect_vector(const Value& value, const char* what, std::int64_t size) {
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(value, what));
  if (value.shape.rank() == 1 && value.shape[0] == size) return ok_status();
  return invalid_argument(std::string(what) + " has shape " + value.shape.to_string() +
                          ", needs [" + std::to_string(size) + "]");
}

Status expect_axis(int axis, const Shape& shape) {
  if (axis >= 0 && axis < shape.rank()) return ok_status();
  return invalid_argument("has no axis " + std::to_string(axis) + " in " + shape.to_string());
}

Status expect_axes(const std::vector<int>& axes, const Shape& shape) {
  int previous = -1;
  for (const int axis : axes) {
    TINYSPLIT_RETURN_IF_ERROR(expect_axis(axis, shape));
    if (axis <= previous) return invalid_argument("lists an axis twice or out of order");
    previous = axis;
  }
  return ok_status();
}

}  // namespace tinysplit::shape_rules
