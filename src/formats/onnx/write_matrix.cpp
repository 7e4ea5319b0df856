#include <algorithm>
#include <numeric>

#include "formats/onnx/activations.h"
#include "formats/onnx/node_writer.h"

namespace tinysplit::onnx_format {
namespace {

// With its last two axes exchanged.
std::string exchanged(NodeWriter& node, const std::string& x, int rank) {
  std::vector<int> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[permutation.size() - 2], permutation.back());
  return node.file.transpose(x, permutation);
}

}  // namespace

// A Gemm of the rows, so that a bias is added where the engine adds it.
Status write(NodeWriter& node, const DenseOp&) {
  const Shape& shape = node.shape(0);
  const Shape& kernel = node.shape(1);
  const int last = shape.rank() - 1;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string weights,
                             node.file.weights(node.id(1), kernel, {0, 1}, 1, "kernel"));
  const std::string x = node.real(0);
  if (node.num_inputs() < 3) {
    node.set(node.file.add("MatMul", {x, weights}));
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bias,
                             node.file.bias(node.id(2), node.id(0), node.id(1)));
  if (shape.rank() == 2) {
    node.set(node.file.add("Gemm", {x, weights, bias}));
    return ok_status();
  }
  const std::int64_t rows = shape.num_elements() / shape[last];
  const std::string flat =
      node.file.add("Reshape", {x, node.file.integers({rows, shape[last]}, "rows")});
  const std::string y = node.file.add("Gemm", {flat, weights, bias});
  node.set(
      node.file.add("Reshape", {y, node.file.integers(dims_of(node.output().shape), "shape")}));
  return ok_status();
}

Status write(NodeWriter& node, const MatmulOp& op) {
  std::string a = node.real(0), b = node.real(1);
  const bool flat = node.shape(0).rank() == 2 && node.shape(1).rank() == 2;
  if (flat && (op.transpose_a || op.transpose_b) && !node.is_quantized()) {
    node.set(node.file.add("Gemm", {a, b},
                           {attribute("transA", op.transpose_a ? 1 : 0),
                            attribute("transB", op.transpose_b ? 1 : 0)}));
    return ok_status();
  }
  if (op.transpose_a) a = exchanged(node, a, node.shape(0).rank());
  if (op.transpose_b) b = exchanged(node, b, node.shape(1).rank());
  node.set(node.file.add("MatMul", {a, b}));
  return ok_status();
}

namespace {

// An activation of a recurrent operator.
struct Gate {
  std::string name;
  std::vector<float> alpha, beta;
};

Result<Gate> gate_of(const ActivationOp& op) {
  const ActivationDefaults* found = nullptr;
  for (const char* name : {"Sigmoid", "Tanh", "Relu", "HardSigmoid", "Elu", "Softsign", "Softplus",
                           "LeakyRelu", "ScaledTanh", "Affine"}) {
    const ActivationDefaults* candidate = find_activation(name);
    const ActivationOp made = make_activation(*candidate, op.alpha, op.beta);
    const bool same = made.kind == op.kind && made.gamma == op.gamma &&
                      (op.kind != ActivationKind::kClip || made.alpha == op.alpha) &&
                      (op.kind != ActivationKind::kClip || made.beta == op.beta) &&
                      (op.kind != ActivationKind::kThresholdRelu || made.beta == op.beta);
    if (same) {
      found = candidate;
      break;
    }
  }
  if (found == nullptr) return unimplemented("has an activation that ONNX does not have there");
  Gate gate{std::string(found->name), {}, {}};
  const bool own = found->name == "Affine" || found->name == "ScaledTanh";
  if (own || found->alpha_name != nullptr) gate.alpha = {op.alpha};
  if (own || found->beta_name != nullptr) gate.beta = {op.beta};
  return gate;
}

// Gates side by side in the graph become blocks of rows; ONNX orders those of an LSTM input,
// output, forget, cell.
std::vector<std::size_t> written_gate_order(RecurrentKind kind) {
  if (kind == RecurrentKind::kLstm) return {0, 3, 1, 2};
  if (kind == RecurrentKind::kGru) return {0, 1, 2};
  return {0};
}

// [I,G*H] to [1,G*H,I].
Tensor gate_rows(const Tensor& kernel, const std::vector<std::size_t>& order) {
  const std::size_t rows = static_cast<std::size_t>(kernel.shape()[1]);
  const std::size_t columns = static_cast<std::size_t>(kernel.shape()[0]);
  const std::size_t block = rows / order.size();
  Tensor tensor(DType::kFloat32, Shape{1, kernel.shape()[1], kernel.shape()[0]});
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t from = order[row / block] * block + row % block;
    for (std::size_t column = 0; column < columns; ++column) {
      tensor.as<float>()[row * columns + column] = kernel.as<float>()[column * rows + from];
    }
  }
  return tensor;
}

// Vectors of gates, one after the other in [1,...].
Tensor gate_vectors(const std::vector<const Tensor*>& vectors,
                    const std::vector<std::size_t>& order) {
  const std::size_t size = static_cast<std::size_t>(vectors[0]->shape().num_elements());
  const std::size_t block = size / order.size();
  Tensor tensor(DType::kFloat32, Shape{1, static_cast<std::int64_t>(size * vectors.size())});
  for (std::size_t i = 0; i < size * vectors.size(); ++i) {
    const std::size_t at = i % size;
    tensor.as<float>()[i] = vectors[i / size]->as<float>()[order[at / block] * block + at % block];
  }
  return tensor;
}

Status check_recurrent(const NodeWriter& node, const RecurrentOp& op) {
  if (op.cell_clip > 0.0f) return unimplemented("bounds its cell state, which ONNX does not");
  for (int i = 0; i < node.num_inputs(); ++i) {
    if (node.value(i).dtype != DType::kFloat32) return unimplemented("computes on integers");
    const bool weights = (i >= 1 && i <= 4) || i == 7;
    if (weights && !node.value(i).is_constant()) return unimplemented("computes its weights");
  }
  return ok_status();
}

struct Gates {
  std::vector<std::string> names;
  std::vector<float> alpha, beta;
};

Result<Gates> gates_of(const RecurrentOp& op) {
  std::vector<const ActivationOp*> ops{&op.activation};
  if (op.kind != RecurrentKind::kSimple) ops.insert(ops.begin(), &op.gate);
  if (op.kind == RecurrentKind::kLstm) ops.push_back(&op.output);
  Gates gates;
  for (const ActivationOp* each : ops) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Gate gate, gate_of(*each));
    gates.names.push_back(gate.name);
    gates.alpha.insert(gates.alpha.end(), gate.alpha.begin(), gate.alpha.end());
    gates.beta.insert(gates.beta.end(), gate.beta.begin(), gate.beta.end());
  }
  return gates;
}

// The inputs of the operator: X [T,N,I], W, R, B, sequence_lens, initial_h, initial_c, P.
std::vector<std::string> recurrent_inputs(NodeWriter& node, const RecurrentOp& op) {
  const std::vector<std::size_t> order = written_gate_order(op.kind);
  const std::int64_t batch = node.shape(0)[0], units = node.shape(2)[0];
  const auto state = [&](int i) {
    return node.file.add("Reshape", {node.real(i), node.file.integers({1, batch, units}, "shape")});
  };
  const auto data = [&](int i) { return node.value(i).data.get(); };
  std::vector<std::string> inputs{node.file.transpose(node.real(0), {1, 0, 2})};
  inputs.push_back(node.file.constant(gate_rows(*data(1), order), "kernel"));
  inputs.push_back(node.file.constant(gate_rows(*data(2), order), "recurrent_kernel"));
  inputs.push_back(node.file.constant(gate_vectors({data(3), data(4)}, order), "bias"));
  inputs.emplace_back();
  inputs.push_back(state(5));
  if (op.kind == RecurrentKind::kLstm) inputs.push_back(state(6));
  if (node.num_inputs() > 7) {
    // Input, forget, output in the graph; input, output, forget in the file.
    inputs.push_back(node.file.constant(gate_vectors({data(7)}, {0, 2, 1}), "peepholes"));
  }
  return inputs;
}

}  // namespace

// Y is [T,1,N,H], the cell state [1,N,H]; the graph has [N,T,H] and the cell state behind it.
Status write(NodeWriter& node, const RecurrentOp& op) {
  TINYSPLIT_RETURN_IF_ERROR(check_recurrent(node, op));
  TINYSPLIT_ASSIGN_OR_RETURN(const Gates gates, gates_of(op));
  std::vector<::onnx::AttributeProto> attributes{
      attribute("hidden_size", node.shape(2)[0]),
      attribute("direction", std::string_view(op.reverse ? "reverse" : "forward")),
      attribute("activations", gates.names)};
  if (!gates.alpha.empty()) attributes.push_back(attribute("activation_alpha", gates.alpha));
  if (!gates.beta.empty()) attributes.push_back(attribute("activation_beta", gates.beta));
  if (op.clip > 0.0f) attributes.push_back(attribute("clip", op.clip));
  if (op.kind == RecurrentKind::kGru) {
    attributes.push_back(attribute("linear_before_reset", op.reset_after ? 1 : 0));
  }
  const char* kind = op.kind == RecurrentKind::kLstm  ? "LSTM"
                     : op.kind == RecurrentKind::kGru ? "GRU"
                                                      : "RNN";
  const std::vector<std::string> outputs = node.file.add_several(
      kind, recurrent_inputs(node, op),
      op.append_cell ? std::vector<bool>{true, false, true} : std::vector<bool>{true}, attributes);
  const std::string states =
      node.file.add("Squeeze", {outputs[0], node.file.integers({1}, "axes")});
  std::string y = node.file.transpose(states, {1, 0, 2});
  if (op.append_cell) {
    y = node.file.add("Concat", {y, node.file.transpose(outputs[2], {1, 0, 2})},
                      {attribute("axis", 1)});
  }
  node.set(y);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
