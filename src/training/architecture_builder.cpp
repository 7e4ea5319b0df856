#include "training/architecture_builder.h"

#include <utility>

#include "core/limits.h"

namespace tinysplit::training {

void ArchitectureBuilder::begin_layer(const keras::LayerConfig& layer, ValueIds inputs) {
  ArchitectureLayer opened;
  opened.name = layer.name;
  opened.class_name = layer.class_name;
  opened.first_operation = result_.operations.size();
  result_.layers.push_back(std::move(opened));
  inputs_ = std::move(inputs);
}

void ArchitectureBuilder::end_layer(std::size_t output) {
  result_.layers.back().output = output;
  result_.layers.back().end_operation = result_.operations.size();
}

Result<std::size_t> ArchitectureBuilder::single_input(int rank) const {
  if (inputs_.size() != 1) {
    return invalid_argument("it is called on " + std::to_string(inputs_.size()) +
                            " tensors, it takes one");
  }
  const Shape& input = shape(inputs_.front());
  if ((rank != 0 && input.rank() != rank) || input.rank() < 2) {
    return invalid_argument("its input has shape " + input.to_string() + ", it takes one of " +
                            (rank == 0 ? "2 or more" : std::to_string(rank)) + " axes");
  }
  return inputs_.front();
}

Result<std::size_t> ArchitectureBuilder::add_input(const Shape& shape) {
  result_.values.push_back(shape);
  return result_.values.size() - 1;
}

std::size_t ArchitectureBuilder::add_parameter(ParameterSpec spec) {
  spec.layer = result_.layers.size() - 1;
  result_.parameters.push_back(std::move(spec));
  return result_.parameters.size() - 1;
}

Result<std::size_t> ArchitectureBuilder::add(TrainingOp op, ValueIds inputs,
                                             const std::vector<std::int64_t>& dims,
                                             std::vector<std::size_t> parameters) {
  if (result_.operations.size() >= limits::kMaxNodes) {
    return resource_exhausted("the model has more than " + std::to_string(limits::kMaxNodes) +
                              " operations");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape output, Shape::create(dims));
  if (output.num_elements() < 1) {
    return out_of_range("its output would have shape " + output.to_string());
  }
  result_.values.push_back(output);
  Operation operation;
  operation.op = std::move(op);
  operation.inputs = std::move(inputs);
  operation.output = result_.values.size() - 1;
  operation.parameters = std::move(parameters);
  operation.layer = result_.layers.size() - 1;
  result_.operations.push_back(std::move(operation));
  return result_.values.size() - 1;
}

Result<std::size_t> ArchitectureBuilder::add_like(TrainingOp op, ValueIds inputs,
                                                  std::vector<std::size_t> parameters) {
  const auto dims = shape(inputs.front()).dims();
  return add(std::move(op), std::move(inputs), {dims.begin(), dims.end()}, std::move(parameters));
}

Architecture ArchitectureBuilder::build(ValueIds inputs, std::size_t output) {
  result_.inputs = std::move(inputs);
  result_.output = output;
  return std::move(result_);
}

}  // namespace tinysplit::training
