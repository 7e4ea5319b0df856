#include "formats/onnx/stored_nodes.h"

#include <algorithm>
#include <array>

#include "formats/onnx/convolution.h"
#include "formats/onnx/integer_products.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/quantization.h"
#include "formats/onnx/stored_types.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::NodeProto;

const Operand& existing(const FileTensor& tensor) {
  return tensor.file.exists() ? tensor.file : tensor.channels_last;
}

ElementType stored_type(const GraphAssembly& graph, const FileTensor& tensor) {
  const Operand& operand = existing(*tensor.stored);
  return {graph.dtype(operand), graph.quantization(operand)};
}

bool is_stored(const FileTensor* tensor) { return tensor != nullptr && tensor->stored != nullptr; }

// 8 or 16 bits, one scale.
bool is_plain(const ElementType& type) {
  return type.quantization->axis < 0 && dtype_size(type.dtype) <= 2;
}

FileTensor in_other_terms(const FileTensor& tensor, const Operand& operand) {
  FileTensor other;
  other.name = tensor.name;
  other.rank = tensor.rank;
  (tensor.file.exists() ? other.file : other.channels_last) = operand;
  return other;
}

// One node that reads stored numbers. Each function that returns a bool says whether it computed
// the node; if not, it added nothing.
class StoredNode {
 public:
  StoredNode(NodeProto& node, int opset, const std::vector<FileTensor*>& inputs,
             const ElementType* wanted, GraphAssembly& graph)
      : node_(node), inputs_(inputs), wanted_(wanted), graph_(graph), copies_(inputs.size()) {
    std::vector<FileTensor*> numbers = inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!is_stored(inputs[i])) continue;
      copies_[i] = *inputs[i]->stored;
      copies_[i].name = inputs[i]->name;
      numbers[i] = &copies_[i];
    }
    context_.emplace(node, opset, std::move(numbers), graph);
  }

  Result<bool> translate() {
    const std::string& kind = node_.op_type();
    if (kind == "QuantizeLinear") return quantize();
    if (keeps_stored_numbers(node_) || kind == "Pad") return keep_numbers();
    if (wanted_ == nullptr && kind != "Concat") return false;
    if (kind == "Conv") return convolve();
    if (kind == "Gemm" || kind == "MatMul") return multiply();
    if (kind == "Add" || kind == "Sub") return add();
    if (kind == "Concat") return concatenate();
    return look_up();
  }

  NodeContext& context() { return *context_; }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }
  bool is_stored_input(int i) const {
    return i < static_cast<int>(inputs_.size()) && is_stored(inputs_[index(i)]);
  }
  ElementType type(int i) const { return stored_type(graph_, *inputs_[index(i)]); }
  bool is_plain_input(int i) const { return is_stored_input(i) && is_plain(type(i)); }
  bool only_first_is_stored() const {
    return is_plain_input(0) && std::none_of(inputs_.begin() + 1, inputs_.end(), is_stored);
  }
  bool has_stored_kernel() const {
    return is_plain_input(0) && is_stored_input(1) && context_->is_constant(1);
  }

  Result<bool> run(std::optional<ElementType> result = std::nullopt) {
    context_->compute_on_stored(std::move(result));
    TINYSPLIT_RETURN_IF_ERROR(find_op(node_)->translate(*context_));
    return true;
  }

  Result<bool> quantize();
  Result<bool> keep_numbers();
  Result<bool> pads_with_zero();
  Result<std::optional<std::vector<double>>> real_bias(int input);
  Result<bool> convolve();
  Result<bool> multiply();
  Result<bool> add();
  Result<bool> concatenate();
  Result<bool> look_up();

  NodeProto& node_;
  const std::vector<FileTensor*>& inputs_;
  const ElementType* wanted_;
  GraphAssembly& graph_;
  std::vector<FileTensor> copies_;
  std::optional<NodeContext> context_;  // its inputs are the stored numbers
};

// Numbers that are stored in the very type already.
Result<bool> StoredNode::quantize() {
  if (!only_first_is_stored() || !context_->has_input(1)) return false;
  if (!context_->is_constant(1) || context_->shape(1).num_elements() != 1) return false;
  TINYSPLIT_ASSIGN_OR_RETURN(const Quantization to,
                             quantization_of(*context_, 1, 2, -1, context_->shape(0)));
  const DType dtype = context_->has_input(2) ? context_->dtype(2) : DType::kUint8;
  if (!same_type(type(0), {dtype, to})) return false;
  for (const char* name : {"axis", "saturate", "output_dtype"}) context_->attributes.ignore(name);
  context_->forward(0, 0);
  return true;
}

// What stands for 0 is known; other values need not be numbers of the type.
Result<bool> StoredNode::pads_with_zero() {
  TINYSPLIT_ASSIGN_OR_RETURN(const float value, context_->attributes.real("value", 0.0f));
  if (value != 0.0f || !context_->has_input(2)) return value == 0.0f;
  if (!context_->is_constant(2) || context_->dtype(2) != DType::kFloat32) return false;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> values, context_->reals(2, "its value"));
  return std::ranges::all_of(values, [](float v) { return v == 0.0f; });
}

Result<bool> StoredNode::keep_numbers() {
  const std::string& kind = node_.op_type();
  // Indices and masks are not numbers of the type.
  if (!only_first_is_stored() || (node_.output_size() > 1 && kind != "Split")) return false;
  if (kind == "MaxPool") {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto dilations, context_->attributes.integers("dilations"));
    const bool dense = std::ranges::all_of(dilations, [](std::int64_t d) { return d == 1; });
    if (!dense || context_->shape(0).rank() > 4) return false;
  }
  if (kind == "Clip") {
    for (int i = 1; i <= 2; ++i) {
      if (context_->has_input(i) && !context_->is_constant(i)) return false;
    }
  }
  if (kind == "Pad") {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool with_zero, pads_with_zero());
    if (!with_zero) return false;
  }
  return run();
}

Result<std::optional<std::vector<double>>> StoredNode::real_bias(int input) {
  if (!context_->has_input(input)) return std::optional<std::vector<double>>();
  TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor real, real_tensor(graph_, *inputs_[index(input)]));
  if (graph_.dtype(real.file) != DType::kFloat32) return invalid_argument("has an integer bias");
  const std::span<const float> values = real.file.constant->as<float>();
  return std::optional(std::vector<double>(values.begin(), values.end()));
}

Result<bool> StoredNode::convolve() {
  const Shape weights = context_->shape(1);
  const bool known_bias = !context_->has_input(2) || context_->is_constant(2);
  if (!has_stored_kernel() || !known_bias || weights.rank() < 3 || weights.rank() > 4) return false;
  const ElementType kernel_type = type(1);
  IntegerProduct product{type(0), kernel_type.dtype, *kernel_type.quantization, *wanted_,
                         weights.num_elements() / std::max<std::int64_t>(weights[0], 1)};
  if (!fits_integers(product) || product.weights.axis > 0) return false;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto bias, real_bias(2));
  // Its own order of axes knows nothing of the order that a convolution takes.
  copies_[1].file.quantization.reset();
  TINYSPLIT_ASSIGN_OR_RETURN(const ConvolutionParts parts, parse_convolution(*context_, 0, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context_->input(0, Layout::kChannelsLast));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             add_integer_product(graph_, parts.op, product, x, parts.kernel, bias));
  context_->set_output(0, std::move(y), Layout::kChannelsLast, context_->shape(0).rank());
  return true;
}

// Gemm and MatMul by a constant matrix.
Result<bool> StoredNode::multiply() {
  const bool known_bias = !context_->has_input(2) || context_->is_constant(2);
  if (!has_stored_kernel() || !known_bias) return false;
  Attributes& attributes = context_->attributes;
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, attributes.real("alpha", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float beta, attributes.real("beta", 1.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_a, attributes.flag("transA", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool transpose_b, attributes.flag("transB", false));
  const Shape weights = context_->shape(1);
  if (alpha != 1.0f || beta != 1.0f || transpose_a || weights.rank() != 2) return false;
  const int depth_axis = transpose_b ? 1 : 0;
  const Shape x_shape = context_->shape(0);
  if (x_shape.rank() < 2 || x_shape[x_shape.rank() - 1] != weights[depth_axis]) return false;
  const ElementType kernel_type = type(1);
  const IntegerProduct product{type(0), kernel_type.dtype, *kernel_type.quantization, *wanted_,
                               weights[depth_axis]};
  const int axis = product.weights.axis;
  if (!fits_integers(product) || axis == depth_axis) return false;
  if (context_->has_input(2) && context_->shape(2).num_elements() != weights[1 - depth_axis]) {
    return false;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto bias, real_bias(2));
  copies_[1].file.quantization.reset();
  TINYSPLIT_ASSIGN_OR_RETURN(Operand kernel, context_->input(1));
  if (transpose_b) {
    TINYSPLIT_ASSIGN_OR_RETURN(kernel, graph_.transpose(kernel, {1, 0}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context_->input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             add_integer_product(graph_, DenseOp{}, product, x, kernel, bias));
  context_->set_output(0, std::move(y));
  return true;
}

Result<bool> StoredNode::add() {
  for (int i = 0; i < 2; ++i) {
    if (!is_plain_input(i) || type(i).dtype != wanted_->dtype) return false;
  }
  return run(*wanted_);
}

// Parts of another type than the result are stored anew, through the real numbers.
Result<bool> StoredNode::concatenate() {
  const int count = static_cast<int>(inputs_.size());
  for (int i = 0; i < count; ++i) {
    if (!is_plain_input(i)) return false;
    if (wanted_ == nullptr && !same_type(type(i), type(0))) return false;
  }
  const ElementType result = wanted_ != nullptr ? *wanted_ : type(0);
  for (int i = 0; i < count; ++i) {
    if (same_type(type(i), result)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor real, real_tensor(graph_, *inputs_[index(i)]));
    TINYSPLIT_ASSIGN_OR_RETURN(copies_[index(i)], stored_tensor(graph_, real, result));
  }
  return run(result);
}

// Activations that the engine computes as a table of all stored numbers.
Result<bool> StoredNode::look_up() {
  constexpr std::array<std::string_view, 12> kTables{"Sigmoid", "Tanh",     "Elu",         "Selu",
                                                     "Celu",    "Softplus", "Softsign",    "Mish",
                                                     "Gelu",    "Exp",      "HardSigmoid", "Swish"};
  if (std::ranges::find(kTables, std::string_view(node_.op_type())) == kTables.end()) return false;
  if (!only_first_is_stored() || dtype_size(type(0).dtype) != 1 ||
      dtype_size(wanted_->dtype) != 1) {
    return false;
  }
  return run(*wanted_);
}

}  // namespace

Result<std::optional<std::vector<FileTensor>>> translate_stored(
    NodeProto& node, int opset, const std::vector<FileTensor*>& inputs, const ElementType* wanted,
    GraphAssembly& graph) {
  std::optional<std::vector<FileTensor>> outputs;
  if (std::ranges::none_of(inputs, is_stored)) return outputs;
  StoredNode stored(node, opset, inputs, wanted, graph);
  TINYSPLIT_ASSIGN_OR_RETURN(const bool done, stored.translate());
  if (!done) return outputs;
  TINYSPLIT_RETURN_IF_ERROR(stored.context().attributes.expect_all_known());
  outputs = stored.context().outputs();
  if (node.op_type() == "QuantizeLinear") return outputs;
  for (FileTensor& output : *outputs) {
    FileTensor real;
    real.rank = output.rank;
    real.stored = std::make_shared<FileTensor>(std::move(output));
    output = std::move(real);
  }
  return outputs;
}

Result<FileTensor> real_tensor(GraphAssembly& graph, const FileTensor& tensor) {
  if (tensor.file.exists() || tensor.channels_last.exists()) return tensor;
  const Operand& numbers = existing(*tensor.stored);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand real,
                             dequantized(graph, numbers, *graph.quantization(numbers)));
  FileTensor there = in_other_terms(*tensor.stored, real);
  there.name = tensor.name;
  return there;
}

Result<FileTensor> stored_tensor(GraphAssembly& graph, const FileTensor& real,
                                 const ElementType& type) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand numbers,
                             quantized(graph, existing(real), type.dtype, *type.quantization));
  return in_other_terms(real, numbers);
}

}  // namespace tinysplit::onnx_format
