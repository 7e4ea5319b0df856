#include "kernels/quantized_cases.h"

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tinysplit {
namespace {

using Json = nlohmann::json;

Shape shape_of(const Json& json) {
  const auto dims = json.get<std::vector<std::int64_t>>();
  return Shape::create(dims).value();
}

Spatial2d spatial_of(const Json& options) {
  Spatial2d spatial;
  options.at("stride").get_to(spatial.stride);
  options.at("dilation").get_to(spatial.dilation);
  options.at("pad_before").get_to(spatial.pad_before);
  options.at("pad_after").get_to(spatial.pad_after);
  return spatial;
}

Op conv2d(const Json& o) { return Conv2dOp{spatial_of(o), o.at("groups")}; }

Op conv_transpose2d(const Json& o) {
  ConvTranspose2dOp op{spatial_of(o), {}, o.at("groups")};
  o.at("output_padding").get_to(op.output_padding);
  return op;
}

Op pool2d(const Json& o) {
  Pool2dOp op;
  op.kind = o.at("kind") == "max" ? PoolKind::kMax : PoolKind::kAverage;
  o.at("window").get_to(op.window);
  op.spatial = spatial_of(o);
  return op;
}

Op reduce(const Json& o) {
  static const std::map<std::string, ReduceKind> kinds{{"mean", ReduceKind::kMean},
                                                       {"sum", ReduceKind::kSum},
                                                       {"max", ReduceKind::kMax},
                                                       {"min", ReduceKind::kMin}};
  return ReduceOp{kinds.at(o.at("kind")), o.at("axes"), o.at("keep_dims")};
}

Op binary(const Json& o) {
  static const std::map<std::string, BinaryKind> kinds{
      {"add", BinaryKind::kAdd},
      {"subtract", BinaryKind::kSubtract},
      {"multiply", BinaryKind::kMultiply},
      {"maximum", BinaryKind::kMaximum},
      {"minimum", BinaryKind::kMinimum},
      {"squared_difference", BinaryKind::kSquaredDifference},
      {"equal", BinaryKind::kEqual},
      {"less", BinaryKind::kLess},
      {"less_equal", BinaryKind::kLessEqual},
      {"greater", BinaryKind::kGreater},
      {"greater_equal", BinaryKind::kGreaterEqual}};
  return BinaryOp{kinds.at(o.at("kind"))};
}

Op activation(const Json& o) {
  static const std::map<std::string, ActivationKind> kinds{
      {"clip", ActivationKind::kClip},
      {"sigmoid", ActivationKind::kSigmoid},
      {"tanh", ActivationKind::kTanh},
      {"elu", ActivationKind::kElu},
      {"gelu_erf", ActivationKind::kGeluErf},
      {"gelu_tanh", ActivationKind::kGeluTanh},
      {"exp", ActivationKind::kExp},
      {"hard_swish", ActivationKind::kHardSwish},
      {"threshold_relu", ActivationKind::kThresholdRelu}};
  const auto number = [&](const char* name) {
    if (!o.contains(name)) return 0.0f;
    return o[name].is_null() ? std::numeric_limits<float>::infinity() : o[name].get<float>();
  };
  return ActivationOp{kinds.at(o.at("kind")), number("alpha"), number("beta"), number("gamma")};
}

Op resize(const Json& o) {
  ResizeOp op;
  op.kind = ResizeKind::kBilinear;
  op.coordinates = o.at("coordinates") == "half_pixel"      ? ResizeCoordinates::kHalfPixel
                   : o.at("coordinates") == "align_corners" ? ResizeCoordinates::kAlignCorners
                                                            : ResizeCoordinates::kAsymmetric;
  o.at("size").get_to(op.size);
  return op;
}

Op op_of(const std::string& name, const Json& options) {
  static const std::map<std::string, std::function<Op(const Json&)>> makers{
      {"conv2d", conv2d},
      {"conv_transpose2d", conv_transpose2d},
      {"dense", [](const Json&) { return DenseOp{}; }},
      {"matmul",
       [](const Json& o) {
         return MatmulOp{o.at("transpose_a"), o.at("transpose_b")};
       }},
      {"pool2d", pool2d},
      {"reduce", reduce},
      {"binary", binary},
      {"activation", activation},
      {"prelu", [](const Json&) { return PreluOp{}; }},
      {"softmax",
       [](const Json& o) {
         return SoftmaxOp{o.at("axis"), o.at("logarithm")};
       }},
      {"concat", [](const Json& o) { return ConcatOp{o.at("axis")}; }},
      {"quantize", [](const Json&) { return QuantizeOp{}; }},
      {"dequantize", [](const Json&) { return DequantizeOp{}; }},
      {"resize", resize},
      {"normalize", [](const Json& o) {
         return NormalizeOp{NormalizeKind::kL2, o.at("axes"), o.at("epsilon")};
       }}};
  return makers.at(name)(options);
}

DType dtype_of(const std::string& name) {
  for (const DType dtype : {DType::kFloat32, DType::kInt8, DType::kUint8, DType::kInt16,
                            DType::kInt32, DType::kInt64, DType::kBool}) {
    if (dtype_name(dtype) == name) return dtype;
  }
  throw std::runtime_error("no dtype " + name);
}

Value value_of(const Json& json, const std::string& blob) {
  Value value;
  value.dtype = dtype_of(json.at("dtype"));
  value.shape = shape_of(json.at("shape"));
  Tensor tensor(value.dtype, value.shape);
  const std::size_t offset = json.at("offset");
  if (offset + tensor.num_bytes() > blob.size()) throw std::runtime_error("tensor out of the file");
  std::memcpy(tensor.data(), blob.data() + offset, tensor.num_bytes());
  value.data = std::make_shared<const Tensor>(std::move(tensor));
  if (json.contains("scale")) {
    value.quantization = Quantization{json.at("scale"), json.at("zero_point"), json.at("axis")};
  }
  return value;
}

}  // namespace

KernelSpec QuantizedCase::spec() const {
  KernelSpec spec;
  spec.op = &op;
  for (const Value& input : inputs) spec.inputs.push_back(&input);
  spec.output = &output;
  spec.clip = clip;
  return spec;
}

std::vector<QuantizedCase> read_quantized_cases(const std::filesystem::path& folder) {
  std::ifstream tensors(folder / "tensors.bin", std::ios::binary);
  const std::string blob{std::istreambuf_iterator<char>(tensors), {}};
  std::ifstream lines(folder / "cases.jsonl");
  std::vector<QuantizedCase> cases;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    QuantizedCase read;
    read.name = json.at("name");
    read.op = op_of(json.at("op"), json.at("options"));
    for (const Json& input : json.at("inputs")) read.inputs.push_back(value_of(input, blob));
    read.output = value_of(json.at("output"), blob);
    if (json.contains("clip")) {
      const Json& high = json["clip"][1];
      read.clip = Clip{json["clip"][0].get<float>(),
                       high.is_null() ? std::numeric_limits<float>::infinity() : high.get<float>()};
    }
    cases.push_back(std::move(read));
  }
  return cases;
}

}  // namespace tinysplit
