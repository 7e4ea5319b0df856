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

void OnnxModel::add_integers(const std::string& name, const std::vector<std::int64_t>& dims,
                             const std::vector<int>& values, int type) {
  auto* tensor = proto_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (const std::int64_t dim : dims) tensor->add_dims(dim);
  for (const int value : values) tensor->add_int32_data(value);
}

OnnxModel& OnnxModel::integers8(const std::string& name, const std::vector<std::int64_t>& dims,
                                const std::vector<int>& values) {
  add_integers(name, dims, values, ::onnx::TensorProto::INT8);
  return *this;
}

OnnxModel& OnnxModel::integers32(const std::string& name, const std::vector<std::int64_t>& dims,
                                 const std::vector<int>& values) {
  add_integers(name, dims, values, ::onnx::TensorProto::INT32);
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

namespace {

// Quantises `x` and dequantises it again, as "<x>_q" and "<x>_d".
std::string through_integers(OnnxModel& model, const std::string& x) {
  model.node("QuantizeLinear", {x, "step", "zero"}, {x + "_q"});
  model.node("DequantizeLinear", {x + "_q", "step", "zero"}, {x + "_d"});
  return x + "_d";
}

std::vector<int> small_integers(std::size_t count) {
  std::vector<int> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<int>((i * 31) % 41) - 20);
  return values;
}

}  // namespace

OnnxModel small_quantized_network() {
  OnnxModel model;
  model.input("x", {1, 2, 6, 6}).output("y_d");
  model.weights("step", {}, {0.05f}).integers8("zero", {}, {3});
  model.weights("w_step", {4}, {0.01f, 0.02f, 0.03f, 0.04f}).integers8("w_zero", {4}, {0, 0, 0, 0});
  model.weights("b_step", {4}, {0.0005f, 0.001f, 0.0015f, 0.002f});
  model.integers8("w", {4, 2, 3, 3}, small_integers(72)).integers32("b", {4}, {5, -9, 70, 1});
  model.weights("v_step", {}, {0.02f}).integers8("v_zero", {}, {0});
  model.integers8("v", {4, 3}, small_integers(12));
  const std::string x = through_integers(model, "x");
  model.node("DequantizeLinear", {"w", "w_step", "w_zero"}, {"w_d"})
      .add_attribute()
      ->set_name("axis");
  auto* axis = model.proto().mutable_graph()->mutable_node(2)->mutable_attribute(0);
  axis->set_type(::onnx::AttributeProto::INT);
  axis->set_i(0);
  model.node("DequantizeLinear", {"b", "b_step"}, {"b_d"}).add_attribute()->CopyFrom(*axis);
  set_integers(model.node("Conv", {x, "w_d", "b_d"}, {"c"}, "conv"), "pads", {1, 1, 1, 1});
  model.node("Relu", {"c"}, {"r"}, "relu");
  const std::string r = through_integers(model, "r");
  model.node("Add", {r, r}, {"a"}, "twice");
  const std::string a = through_integers(model, "a");
  model.node("GlobalAveragePool", {a}, {"p"}, "pool");
  const std::string p = through_integers(model, "p");
  model.node("Flatten", {p}, {"f"}, "flatten");
  model.node("DequantizeLinear", {"v", "v_step", "v_zero"}, {"v_d"});
  model.node("MatMul", {"f", "v_d"}, {"y"}, "classes");
  through_integers(model, "y");
  return model;
}

}  // namespace tinysplit::test
