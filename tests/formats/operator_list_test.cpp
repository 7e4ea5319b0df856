// The lists of what is supported tell the truth: each operator, of each element type that its row
// claims, is in a model whose outputs another implementation computed and that a test here holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/operation_table.h"
#include "formats/model_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx_backend_cases.h"
#include "formats/operator_survey.h"
#include "formats/tflite/tflite_reader.h"
#include "graph/graph.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

fs::path data_folder(const char* folder) {
  return fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data" / folder;
}

std::vector<fs::path> models_in(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(data_folder(folder))) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".keras" || extension == ".h5" || extension == ".tflite" ||
        extension == ".onnx") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

class Operators : public testing::TestWithParam<int> {
 protected:
  const OperatorList list_ = list_operators()[static_cast<std::size_t>(GetParam())];
};

TEST_P(Operators, AreListedOnceEachInOrder) {
  EXPECT_TRUE(std::ranges::is_sorted(list_.supported, {}, &SupportedOperator::name));
  std::set<std::string_view> names;
  for (const SupportedOperator& row : list_.supported) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " comes twice";
  }
  for (const RefusedOperator& row : list_.refused) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is refused twice, or supported";
    EXPECT_FALSE(row.reason.empty()) << row.name;
  }
  EXPECT_FALSE(list_.notes.empty());
}

INSTANTIATE_TEST_SUITE_P(Formats, Operators, testing::Values(0, 1, 2));

// What a row does beside its translator, to tell rows of one translator apart.
std::string kind_of(const keras::OperationRow& row) {
  std::string kind = std::to_string(row.kind.index());
  const auto add = [&kind](auto number) {
    kind += " " + std::to_string(static_cast<double>(number));
  };
  if (const auto* binary = std::get_if<BinaryKind>(&row.kind)) add(static_cast<int>(*binary));
  if (const auto* unary = std::get_if<UnaryKind>(&row.kind)) add(static_cast<int>(*unary));
  if (const auto* reduce = std::get_if<ReduceKind>(&row.kind)) add(static_cast<int>(*reduce));
  if (const auto* flag = std::get_if<bool>(&row.kind)) add(*flag);
  if (const auto* op = std::get_if<ActivationOp>(&row.kind)) {
    add(static_cast<int>(op->kind));
    for (const float number : {op->alpha, op->beta, op->gamma}) add(number);
  }
  return kind;
}

// Each operation and function, or another name of the same.
void expect_operations_seen(const std::set<std::string>& seen) {
  std::vector<std::pair<std::string, keras::OperationRow>> rows;
  for (const auto& row : keras::keras_operation_rows()) rows.emplace_back("operation ", row);
  for (const auto& row : keras::tensorflow_operation_rows()) rows.emplace_back("function ", row);
  for (const auto& [prefix, row] : rows) {
    // Keras 2 saves no operands of it: the row is there to say so.
    if (row.name == "einsum") continue;
    const bool found = std::ranges::any_of(rows, [&, &row = row](const auto& other) {
      return other.second.translate == row.translate && kind_of(other.second) == kind_of(row) &&
             seen.contains(other.first + std::string(other.second.name));
    });
    EXPECT_TRUE(found) << prefix << row.name << " is in no golden model";
  }
}

// The golden models of Keras; the masters of their outputs are in keras_golden_test.
TEST(KerasOperators, EachIsInAGoldenModel) {
  std::set<std::string> seen;
  for (const fs::path& file : models_in("keras")) {
    const auto uses = count_keras_layers(read_file(file, limits::kMaxModelFileBytes).value());
    ASSERT_TRUE(uses.ok()) << file << uses.status().to_string();
    for (const OperatorUse& use : *uses) {
      EXPECT_TRUE(use.supported) << file << " has " << use.kind;
      seen.insert(use.kind);
      // A function stands under its own name.
      if (!use.kind.starts_with("function tf.")) continue;
      const std::string function = use.kind.substr(std::string("function tf.").size());
      seen.insert(function == "__operators__.getitem" ? "SlicingOpLambda" : "TFOpLambda");
      seen.insert("function " + std::string(keras::function_without_module(function)));
    }
  }
  expect_operations_seen(seen);
  for (const SupportedOperator& row : keras_operators().supported) {
    // There is nothing to compute, or it is Functional by another name.
    if (row.note.options.starts_with("does nothing") || row.name == "Model") continue;
    EXPECT_TRUE(seen.contains(std::string(row.name))) << row.name << " is in no golden model";
  }
}

// Of what a layer makes, and of what its first operation works on.
TypeSet types_of(const Graph& graph, const Layer& layer) {
  TypeSet types;
  for (const ValueId id : layer.outputs) types.insert(graph.value(id).dtype);
  if (layer.first_node == layer.end_node) return types;
  const Node& first = graph.nodes()[static_cast<std::size_t>(layer.first_node)];
  if (!first.inputs.empty()) types.insert(graph.value(first.inputs.front()).dtype);
  return types;
}

// They make constants, which no layer shows, or hand on what others make.
const std::set<std::string> kWithoutTypes{
    "SHAPE", "FILL", "WHILE", "IF", "CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"};

TEST(TfliteOperators, EachIsInAGoldenModelOfEveryTypeThatItClaims) {
  std::map<std::string, TypeSet> seen;
  for (const fs::path& file : models_in("tflite")) {
    const auto graph = read_model(file);
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    for (const Layer& layer : (*graph)->layers()) {
      seen[layer.kind] = seen[layer.kind] | types_of(**graph, layer);
    }
  }
  for (const SupportedOperator& row : tflite_operators().supported) {
    const std::string name(row.name);
    ASSERT_TRUE(seen.contains(name)) << name << " is in no golden model";
    if (kWithoutTypes.contains(name)) continue;
    for (const DType type : {DType::kFloat32, DType::kInt8, DType::kUint8, DType::kInt16,
                             DType::kInt32, DType::kInt64, DType::kBool}) {
      EXPECT_TRUE(!row.note.types.contains(type) || seen[name].contains(type))
          << name << " of " << dtype_name(type) << " is in no golden model";
    }
  }
}

// ONNX's own tests, as far as they pass (tests/data/onnx_backend_passes.txt), and the golden
// models.
TEST(OnnxOperators, EachIsInATestThatPassesAndNoOtherIsUnknown) {
  const auto cases = test::find_backend_cases();
  ASSERT_FALSE(cases.empty()) << "libonnx-testdata is not installed: scripts/setup does it";
  std::set<std::string> passes, seen;
  std::ifstream list(data_folder("") / "onnx_backend_passes.txt");
  for (std::string name; std::getline(list, name);) passes.insert(name);
  std::set<std::string, std::less<>> known;
  const OperatorList all = onnx_operators();
  for (const RefusedOperator& row : all.refused) known.emplace(row.name);
  const auto look = [&](const fs::path& file, bool passed) {
    const auto uses = count_onnx_operators(read_file(file, limits::kMaxModelFileBytes).value());
    if (!uses.ok()) return;
    for (const OperatorUse& use : *uses) {
      if (use.supported && passed) seen.insert(use.kind);
      const bool of_other_domain = use.kind.find('.') != std::string::npos;
      EXPECT_TRUE(use.supported || of_other_domain || known.contains(use.kind))
          << use.kind << " of " << file << " is not listed as refused";
    }
  };
  for (const auto& test : cases) {
    look(test.folder / "model.onnx", passes.contains(test.group + "/" + test.name));
  }
  for (const fs::path& file : models_in("onnx")) look(file, true);
  // Newer than the tests that are installed, or tested there on old operator sets alone.
  const std::set<std::string> untested{
      "Gelu",     "GlobalMaxPool", "GroupNormalization", "LpNormalization", "Mish", "Not", "Range",
      "Softsign", "Swish"};
  for (const SupportedOperator& row : all.supported) {
    const std::string name(row.name);
    EXPECT_NE(seen.contains(name), untested.contains(name))
        << name << (untested.contains(name) ? " is tested by now" : " is in no test that passes");
  }
}

}  // namespace
}  // namespace tinysplit
