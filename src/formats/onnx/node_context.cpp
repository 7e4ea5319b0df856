#include "formats/onnx/node_context.h"

#include <algorithm>

namespace tinysplit::onnx_format {

Result<Operand> operand_in(GraphAssembly& graph, FileTensor& tensor, Layout layout) {
  if (!has_channels_last(tensor.rank)) return tensor.file;
  if (layout == Layout::kFile) {
    if (!tensor.file.exists()) {
      TINYSPLIT_ASSIGN_OR_RETURN(tensor.file,
                                 graph.to_file_order(tensor.channels_last, tensor.rank));
    }
    return tensor.file;
  }
  if (tensor.channels_last.exists()) return tensor.channels_last;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand last, graph.to_channels_last(tensor.file));
  // A second copy of weights is not worth keeping.
  if (!tensor.is_constant()) tensor.channels_last = last;
  return last;
}

Shape file_shape(const GraphAssembly& graph, const FileTensor& tensor) {
  if (tensor.file.exists()) return graph.shape(tensor.file);
  Shape last = graph.shape(tensor.channels_last);
  if (tensor.rank == 3) return Shape{last[0], last[3], last[1] * last[2]};
  Shape shape = last;
  shape[1] = last[tensor.rank - 1];
  for (int axis = 2; axis < tensor.rank; ++axis) shape[axis] = last[axis - 1];
  return shape;
}

Status NodeContext::expect_inputs(int least, int most) const {
  for (int i = 0; i < least; ++i) {
    if (!has_input(i)) return invalid_argument("input " + std::to_string(i) + " is missing");
  }
  if (num_inputs() <= most) return ok_status();
  return invalid_argument("has " + std::to_string(num_inputs()) + " inputs, at most " +
                          std::to_string(most) + " are defined");
}

Shape NodeContext::shape(int i) const { return file_shape(graph_, *inputs_[index(i)]); }

DType NodeContext::dtype(int i) const {
  const FileTensor& tensor = *inputs_[index(i)];
  return graph_.dtype(tensor.file.exists() ? tensor.file : tensor.channels_last);
}

bool NodeContext::is_channels_last(int i) const {
  const FileTensor& tensor = *inputs_[index(i)];
  return !tensor.file.exists() && tensor.channels_last.exists();
}

Result<Operand> NodeContext::input(int i, Layout layout) {
  return operand_in(graph_, *inputs_[index(i)], layout);
}

Result<std::shared_ptr<const Tensor>> NodeContext::constant(int i, std::string_view what) const {
  if (is_constant(i)) return inputs_[index(i)]->file.constant;
  return unimplemented(std::string(what) + " (input " + std::to_string(i) + ", \"" +
                       inputs_[index(i)]->name +
                       "\") is computed at run time; only constants are supported there");
}

Result<std::vector<std::int64_t>> NodeContext::integers(int i, std::string_view what) const {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, constant(i, what));
  if (tensor->shape().rank() > 1) {
    return invalid_argument(std::string(what) + " is not a list but " +
                            tensor->shape().to_string());
  }
  if (tensor->dtype() == DType::kInt64) {
    const auto values = tensor->as<std::int64_t>();
    return std::vector<std::int64_t>(values.begin(), values.end());
  }
  if (tensor->dtype() == DType::kInt32) {
    const auto values = tensor->as<std::int32_t>();
    return std::vector<std::int64_t>(values.begin(), values.end());
  }
  return invalid_argument(std::string(what) + " is " + std::string(dtype_name(tensor->dtype())) +
                          ", needs int64");
}

Result<std::vector<float>> NodeContext::reals(int i, std::string_view what) const {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, constant(i, what));
  if (tensor->dtype() != DType::kFloat32) {
    return unimplemented(std::string(what) + " is " + std::string(dtype_name(tensor->dtype())) +
                         ", only float32 is supported");
  }
  const auto values = tensor->as<float>();
  return std::vector<float>(values.begin(), values.end());
}

Result<int> NodeContext::axis(std::int64_t given, int rank) const {
  const std::int64_t counted = given < 0 && given >= -rank ? given + rank : given;
  if (counted < 0 || counted >= rank) {
    return invalid_argument("has no axis " + std::to_string(given) + " among " +
                            std::to_string(rank));
  }
  return static_cast<int>(counted);
}

Result<std::vector<int>> NodeContext::axes(const std::vector<std::int64_t>& given, int rank) const {
  std::vector<int> sorted;
  for (const std::int64_t entry : given) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int counted, axis(entry, rank));
    sorted.push_back(counted);
  }
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return invalid_argument("lists an axis twice");
  }
  return sorted;
}

void NodeContext::set_output(int i, Operand value) {
  const int rank = graph_.shape(value).rank();
  set_output(i, std::move(value), Layout::kFile, rank);
}

void NodeContext::set_stored_output(int i, FileTensor numbers) {
  FileTensor& output = outputs_[index(i)];
  output.rank = numbers.rank;
  output.stored = std::make_shared<FileTensor>(std::move(numbers));
}

void NodeContext::set_output(int i, Operand value, Layout layout, int rank) {
  if (i >= num_outputs()) return;
  FileTensor& output = outputs_[index(i)];
  output.rank = rank;
  // Constants are kept in the file's order; nothing makes one with channels last but folding.
  const bool last = layout == Layout::kChannelsLast && has_channels_last(rank);
  (last ? output.channels_last : output.file) = std::move(value);
}

}  // namespace tinysplit::onnx_format
