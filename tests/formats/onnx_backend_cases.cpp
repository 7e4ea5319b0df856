#include "formats/onnx_backend_cases.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/file.h"
#include "engine/engine.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/tensor_data.h"
#include "kernels/float16.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "/usr/include/onnx/backend/test/data";
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

struct DataSet {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

Tensor as_half(const Tensor& real) {
  Tensor half(DType::kFloat16, real.shape());
  std::ranges::transform(real.as<float>(), half.as<std::uint16_t>().begin(), native::float_to_half);
  return half;
}

Tensor as_float(const TensorView& half) {
  Tensor real(DType::kFloat32, half.shape);
  std::ranges::transform(half.as<std::uint16_t>(), real.as<float>().begin(), native::half_to_float);
  return real;
}

Result<std::vector<Tensor>> read_tensors(const fs::path& folder, const std::string& prefix) {
  std::vector<Tensor> tensors;
  for (int i = 0; fs::exists(folder / (prefix + std::to_string(i) + ".pb")); ++i) {
    const fs::path path = folder / (prefix + std::to_string(i) + ".pb");
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, kMostBytes));
    ::onnx::TensorProto proto;
    if (!proto.ParseFromString(bytes)) return invalid_argument(path.string() + " is no tensor");
    const bool half = proto.data_type() == ::onnx::TensorProto::FLOAT16;
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, onnx_format::take_tensor(proto, std::nullopt));
    tensors.push_back(half ? as_half(tensor) : std::move(tensor));
  }
  return tensors;
}

Result<DataSet> read_data_set(const fs::path& folder) {
  DataSet set;
  TINYSPLIT_ASSIGN_OR_RETURN(set.inputs, read_tensors(folder, "input_"));
  TINYSPLIT_ASSIGN_OR_RETURN(set.outputs, read_tensors(folder, "output_"));
  return set;
}

// The bounds of the format's own runner, with room for float32 in another order of sums.
bool close(double found, double expected) {
  if (std::isnan(expected)) return std::isnan(found);
  if (std::isinf(expected)) return found == expected;
  return std::abs(found - expected) <= 1e-6 + 1e-3 * std::abs(expected);
}

template <typename T>
std::string difference(const TensorView& found, const Tensor& expected) {
  for (std::size_t i = 0; i < expected.as<T>().size(); ++i) {
    const auto a = static_cast<double>(found.as<T>()[i]);
    const auto b = static_cast<double>(expected.as<T>()[i]);
    const bool real = std::is_floating_point_v<T>;
    if (real ? !close(a, b) : a != b) {
      return "element " + std::to_string(i) + " is " + std::to_string(a) + ", not " +
             std::to_string(b);
    }
  }
  return {};
}

// Empty if they agree.
std::string compare(const TensorView& found, const Tensor& expected) {
  if (found.dtype != expected.dtype() || !(found.shape == expected.shape())) {
    return std::string(dtype_name(found.dtype)) + found.shape.to_string() + " instead of " +
           std::string(dtype_name(expected.dtype())) + expected.shape().to_string();
  }
  switch (expected.dtype()) {
    case DType::kFloat32:
      return difference<float>(found, expected);
    case DType::kInt8:
      return difference<std::int8_t>(found, expected);
    case DType::kUint8:
    case DType::kBool:
      return difference<std::uint8_t>(found, expected);
    case DType::kFloat16:
      return difference<float>(as_float(found).view(), as_float(expected.view()));
    case DType::kInt16:
      return difference<std::int16_t>(found, expected);
    case DType::kInt32:
      return difference<std::int32_t>(found, expected);
    case DType::kInt64:
      return difference<std::int64_t>(found, expected);
  }
  return "has an unknown type";
}

// Runs a data set; `fixed`: its inputs but the first are constants. A Status is a refusal, a text
// what is wrong.
Result<std::string> run_data_set(const std::string& bytes, const std::vector<std::string>& names,
                                 const DataSet& set, bool fixed) {
  OnnxOptions options;
  for (std::size_t i = 1; fixed && i < std::min(set.inputs.size(), names.size()); ++i) {
    options.fixed_inputs[names[i]] = std::make_shared<const Tensor>(set.inputs[i].clone());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_onnx_model_bytes(bytes, "case", options));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto segment, engine->make_segment(0, graph->num_layers()));
  std::vector<TensorView> inputs;
  for (const ValueId id : graph->inputs()) {
    const auto found = std::ranges::find(names, graph->value(id).name);
    const auto i = static_cast<std::size_t>(found - names.begin());
    if (i >= set.inputs.size()) return std::string("the case has too few inputs");
    inputs.push_back(set.inputs[i].view());
  }
  TINYSPLIT_RETURN_IF_ERROR(segment->run(inputs));
  if (graph->outputs().size() != set.outputs.size()) return std::string("number of outputs");
  for (std::size_t i = 0; i < set.outputs.size(); ++i) {
    const auto at = std::ranges::find(segment->outputs(), graph->outputs()[i]);
    const auto k = static_cast<std::size_t>(at - segment->outputs().begin());
    const std::string wrong = compare(segment->output(k), set.outputs[i]);
    if (!wrong.empty()) return "output " + std::to_string(i) + ": " + wrong;
  }
  return std::string();
}

void judge(BackendResult& result, const std::string& bytes, const std::vector<std::string>& names) {
  for (int k = 0; fs::exists(result.test.folder / ("test_data_set_" + std::to_string(k))); ++k) {
    const auto set = read_data_set(result.test.folder / ("test_data_set_" + std::to_string(k)));
    if (!set.ok()) {
      // Types that the project does not have; the reader must refuse them as well.
      const auto graph = read_onnx_model_bytes(bytes, "case");
      result.outcome = BackendOutcome::kRefused;
      result.reason = set.status().message();
      return;
    }
    Result<std::string> wrong = run_data_set(bytes, names, *set, false);
    if (!wrong.ok()) {
      result.reason = wrong.status().to_string();
      wrong = run_data_set(bytes, names, *set, true);
      if (result.outcome == BackendOutcome::kPassed) {
        result.outcome = BackendOutcome::kPassedFixed;
      }
    }
    if (!wrong.ok()) {
      result.outcome = BackendOutcome::kRefused;
      // A constant rank or axis is refused first; what stays is the better reason.
      result.reason = wrong.status().to_string();
      return;
    }
    if (!wrong->empty()) {
      result.outcome = BackendOutcome::kWrong;
      result.reason = *wrong;
      return;
    }
  }
}

}  // namespace

std::vector<BackendCase> find_backend_cases() {
  std::vector<BackendCase> cases;
  for (const std::string group : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(fs::path(kFolder) / group, error)) {
      if (!fs::exists(entry.path() / "model.onnx")) continue;
      cases.push_back({group, entry.path().filename().string(), entry.path()});
    }
  }
  std::ranges::sort(cases, {}, [](const BackendCase& c) { return c.group + "/" + c.name; });
  return cases;
}

BackendResult run_backend_case(const BackendCase& test) {
  BackendResult result{test, BackendOutcome::kPassed, "", ""};
  const auto bytes = read_file(test.folder / "model.onnx", kMostBytes);
  ::onnx::ModelProto model;
  if (!bytes.ok() || !model.ParseFromString(*bytes)) {
    result.outcome = BackendOutcome::kWrong;
    result.reason = "the case cannot be read";
    return result;
  }
  std::set<std::string> operators;
  for (const auto& node : model.graph().node()) operators.insert(node.op_type());
  for (const std::string& name : operators) {
    result.operators += (result.operators.empty() ? "" : ", ") + name;
  }
  std::vector<std::string> names;
  std::set<std::string> weights;
  for (const auto& tensor : model.graph().initializer()) weights.insert(tensor.name());
  for (const auto& input : model.graph().input()) {
    if (!weights.contains(input.name())) names.push_back(input.name());
  }
  judge(result, *bytes, names);
  return result;
}

std::string backend_report(const std::vector<BackendResult>& results) {
  std::map<std::string, std::array<int, 4>> counts;
  std::map<std::string, std::vector<const BackendResult*>> failing;
  for (const BackendResult& result : results) {
    ++counts[result.test.group][static_cast<std::size_t>(result.outcome)];
    if (!result.passed()) failing[result.operators].push_back(&result);
  }
  std::ostringstream text;
  text << "# ONNX backend tests\n\n"
          "The format's own test cases, as Debian's `libonnx-testdata` installs them, read and "
          "run.\n"
          "\"With fixed inputs\": all inputs but the first are made constants of the model, since\n"
          "weights, shapes and axes must be known when a model is read. Written by\n"
          "`TINYSPLIT_ONNX_REPORT=docs/onnx-backend-tests.md build/release/tinysplit_formats_test\n"
          "--gtest_filter='OnnxBackend.*'`.\n\n"
          "| group | cases | passed | passed with fixed inputs | refused | wrong |\n"
          "|---|---|---|---|---|---|\n";
  for (const auto& [group, count] : counts) {
    text << "| " << group << " | " << count[0] + count[1] + count[2] + count[3];
    for (const int number : count) text << " | " << number;
    text << " |\n";
  }
  text << "\n## What is refused\n\n| operators of the case | cases | reason of the first |\n"
          "|---|---|---|\n";
  for (const auto& [operators, cases] : failing) {
    std::string reason = cases.front()->reason.substr(0, 160);
    std::ranges::replace(reason, '|', '/');
    std::ranges::replace(reason, '\n', ' ');
    text << "| " << operators.substr(0, 80) << " | " << cases.size() << " | " << reason << " |\n";
  }
  return text.str();
}

}  // namespace tinysplit::test
