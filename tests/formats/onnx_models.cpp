#include "formats/onnx_models.h"

namespace tinysplit::test {

OnnxModel::OnnxModel(int opset) {
  proto_.set_ir_version(7);
  proto_.add_opset_import()->set_version(opset);
  proto_.mutable_graph()->set_name("graph");
}

OnnxModel& OnnxModel::input(const std::string& name, const std::vector<std::int64_t>& dims,
                            int type) {
  auto* value = proto_.mutable_graph()->add_input();
  value->set_name(name);
  auto* tensor = value->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  for (const std::int64_t dim : dims) tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  return *this;
}

OnnxModel& OnnxModel::output(const std::string& name) {
  proto_.mutable_graph()->add_output()->set_name(name);
  return *this;
}

OnnxModel& OnnxModel::weights(const std::string& name, const std::vector<std::int64_t>& dims,
                              const std::vector<float>& values) {
  auto* tensor = proto_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(::onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor->add_dims(dim);
  tensor->mutable_raw_data()->assign(reinterpret_cast<const char*>(values.data()),
                                     values.size() * sizeof(float));
  return *this;
}

OnnxModel& OnnxModel::integers(const std::string& name, const std::vector<std::int64_t>& values) {
  auto* tensor = proto_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(::onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor->add_int64_data(value);
  return *this;
}

::onnx::NodeProto& OnnxModel::node(const std::string& kind, const std::vector<std::string>& inputs,
                                   const std::vector<std::string>& outputs,
                                   const std::string& name) {
  auto* node = proto_.mutable_graph()->add_node();
  node->set_op_type(kind);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
  return *node;
}

void set_integers(::onnx::NodeProto& node, const std::string& name,
                  const std::vector<std::int64_t>& values) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute->add_ints(value);
}

OnnxModel small_network() {
  const auto numbers = [](std::size_t count) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>((i * 7919) % 97) / 97.0f - 0.5f);
    }
    return values;
  };
  OnnxModel model;
  model.input("x", {1, 3, 8, 8}).output("y");
  model.weights("w0", {4, 3, 3, 3}, numbers(108)).weights("b0", {4}, numbers(4));
  model.weights("w1", {4, 4, 3, 3}, numbers(144)).weights("w2", {4, 4}, numbers(16));
  set_integers(model.node("Conv", {"x", "w0", "b0"}, {"a"}, "first"), "pads", {1, 1, 1, 1});
  model.node("Relu", {"a"}, {"b"}, "relu");
  set_integers(model.node("Conv", {"b", "w1"}, {"c"}, "second"), "pads", {1, 1, 1, 1});
  model.node("Add", {"b", "c"}, {"d"}, "residual");
  model.node("GlobalAveragePool", {"d"}, {"e"}, "pool");
  model.node("Flatten", {"e"}, {"f"}, "flatten");
  model.node("MatMul", {"f", "w2"}, {"y"}, "classes");
  return model;
}

}  // namespace tinysplit::test
