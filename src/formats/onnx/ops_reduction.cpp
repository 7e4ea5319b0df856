#include <algorithm>
#include <array>
#include <utility>

#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

constexpr std::array<std::pair<std::string_view, ReduceKind>, 10> kReductions{{
    {"ReduceMean", ReduceKind::kMean},
    {"ReduceSum", ReduceKind::kSum},
    {"ReduceMax", ReduceKind::kMax},
    {"ReduceMin", ReduceKind::kMin},
    {"ReduceProd", ReduceKind::kProduct},
    {"ReduceL1", ReduceKind::kL1},
    {"ReduceL2", ReduceKind::kL2},
    {"ReduceSumSquare", ReduceKind::kSumSquare},
    {"ReduceLogSum", ReduceKind::kLogSum},
    {"ReduceLogSumExp", ReduceKind::kLogSumExp},
}};

// With the axes kept, or all the spatial ones gone and no other, the layout need not change.
bool fits_channels_last(const std::vector<int>& axes, int rank, bool keep) {
  if (keep) return true;
  std::vector<int> spatial;
  for (int axis = 2; axis < rank; ++axis) spatial.push_back(axis);
  return axes == spatial;
}

}  // namespace

Status translate_reduce(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  const auto* found = std::ranges::find(kReductions, std::string_view(context.kind()),
                                        &decltype(kReductions)::value_type::first);
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> given, context.attributes.integers("axes"));
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(given, context.integers(1, "its axes"));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const bool keep, context.attributes.flag("keepdims", true));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool noop,
                             context.attributes.flag("noop_with_empty_axes", false));
  const int rank = context.shape(0).rank();
  if (given.empty() && noop) {
    context.forward(0, 0);
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> axes, context.axes(given, rank));
  for (int axis = 0; given.empty() && axis < rank; ++axis) axes.push_back(axis);
  if (context.is_channels_last(0) && fits_channels_last(axes, rank, keep)) {
    for (int& axis : axes) axis = axis_in_channels_last(axis, rank);
    if (rank == 3 && !keep) axes.push_back(1);  // the height of the image
    std::ranges::sort(axes);
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
    TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(ReduceOp{found->second, axes, keep}, {x}));
    context.set_output(0, std::move(y), keep ? Layout::kChannelsLast : Layout::kFile,
                       keep ? rank : 2);
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(ReduceOp{found->second, axes, keep}, {x}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_arg_reduce(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  ArgReduceOp op;
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis(given, rank));
  TINYSPLIT_ASSIGN_OR_RETURN(op.keep_dims, context.attributes.flag("keepdims", true));
  TINYSPLIT_ASSIGN_OR_RETURN(op.last, context.attributes.flag("select_last_index", false));
  op.smallest = context.kind() == "ArgMin";
  const bool last = op.keep_dims && context.is_channels_last(0);
  if (last) op.axis = axis_in_channels_last(op.axis, rank);
  const Layout layout = last ? Layout::kChannelsLast : Layout::kFile;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, layout));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, {x}));
  context.set_output(0, std::move(y), layout, op.keep_dims ? rank : rank - 1);
  return ok_status();
}

Status translate_cumulative_sum(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  CumulativeSumOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> given,
                             context.integers(1, "its axis"));
  if (given.size() != 1) return invalid_argument("has several axes");
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis(given.front(), context.shape(0).rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(op.exclusive, context.attributes.flag("exclusive", false));
  TINYSPLIT_ASSIGN_OR_RETURN(op.reverse, context.attributes.flag("reverse", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, {x}));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
