// Models used as layers: their layers are those of the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.h"
#include "formats/keras/graph_to_keras.h"
#include "formats/keras/json_text.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/model_config.h"
#include "formats/keras/model_inlining.h"
#include "formats/keras_test_files.h"
#include "graph/subgraph.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using keras::Json;
using Names = std::vector<std::string>;

Names layer_names(const Graph& graph) {
  Names names;
  for (const Layer& layer : graph.layers()) names.push_back(layer.name);
  return names;
}

Names layer_names(const std::string& file) {
  const GraphResult graph = read_keras_model(golden_file(file));
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? layer_names(**graph) : Names();
}

TEST(KerasNested, NamesTheLayersOfModelsInModels) {
  const Names expected = {"input_3",
                          "input_4",
                          "model/sequential_1/middle",
                          "model/sequential_1/sequential/innermost",
                          "model/sequential_1/sequential/normal",
                          "model/sum",
                          "dense"};
  EXPECT_EQ(layer_names("k2_h5_deeply_nested.h5"), expected);
  EXPECT_EQ(layer_names("k2_v3_deeply_nested.keras"), expected);
}

TEST(KerasNested, HasTheLayersOfASharedModelOnceWithTheOutputsOfAllCalls) {
  const GraphResult graph = read_keras_model(golden_file("siamese.keras"));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const Names expected = {"input_layer_1",      "input_layer_2",    "sequential/conv2d",
                          "sequential/flatten", "sequential/dense", "dot"};
  EXPECT_EQ(layer_names(**graph), expected);
  for (int i = 2; i < 5; ++i) {
    EXPECT_EQ((*graph)->layers()[static_cast<std::size_t>(i)].outputs.size(), 2u);
  }
}

TEST(KerasNested, RepeatsTheLayersWhereACallNeedsTheResultOfAnother) {
  const Names expected = {"input_layer_1", "block/conv",   "block/norm",
                          "block/relu",    "block/conv:2", "block/norm:2",
                          "block/relu:2",  "flatten",      "dense"};
  EXPECT_EQ(layer_names("shared_model_in_a_row.keras").size(), expected.size());
  const Names found = layer_names("shared_model_in_a_row.keras");
  for (std::size_t i = 1; i < std::min<std::size_t>(found.size(), 7); ++i) {
    EXPECT_EQ(found[i], expected[i]);
  }
}

TEST(KerasNested, TellsLayersOfOneNameInTwoModelsApart) {
  const Names names = layer_names("h5_keras3_alike_in_two_models.h5");
  EXPECT_EQ(std::ranges::count(names, "both/left/dense"), 1);
  EXPECT_EQ(std::ranges::count(names, "both/right/dense"), 1);
}

TEST(KerasNested, WritesEveryHeadAndTailUnderNamesThatKerasAllows) {
  for (const char* file : {"transfer_learning.keras", "k2_h5_slashes.h5", "k2_h5_deeply_nested.h5",
                           "shared_model_in_a_row.keras", "siamese.keras"}) {
    SCOPED_TRACE(file);
    const GraphResult graph = read_keras_model(golden_file(file));
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    const int layers = (*graph)->num_layers();
    for (int cut = 1; cut < layers; ++cut) {
      for (const auto& [begin, end] : {std::pair(0, cut), std::pair(cut, layers)}) {
        const auto part = extract_layers(**graph, begin, end);
        ASSERT_TRUE(part.ok()) << part.status().to_string();
        const auto written = write_keras_model(**part, KerasFileKind::kArchive);
        // A head that only hands inputs on has nothing to write.
        if (!written.ok()) {
          EXPECT_EQ(written.status().code(), StatusCode::kInvalidArgument)
              << written.status().to_string();
          continue;
        }
        const GraphResult again = read_keras_model_bytes(*written, "again");
        ASSERT_TRUE(again.ok()) << again.status().to_string();
        for (const std::string& name : layer_names(**again)) {
          EXPECT_EQ(name.find('/'), std::string::npos) << name;
        }
      }
    }
  }
}

Json reference(const std::string& layer, int call = 0) {
  return Json::array({layer, call, 0, Json::object()});
}

Json input(const std::string& name) {
  return {{"class_name", "InputLayer"},
          {"name", name},
          {"config", {{"name", name}, {"batch_input_shape", {nullptr, 4}}}},
          {"inbound_nodes", Json::array()}};
}

Json relu(const std::string& name, const Json& calls) {
  return {{"class_name", "ReLU"},
          {"name", name},
          {"config", {{"name", name}}},
          {"inbound_nodes", calls}};
}

Json functional(const std::string& name, const Json& layers, const Json& inputs,
                const Json& outputs) {
  return {
      {"class_name", "Functional"},
      {"name", name},
      {"config",
       {{"name", name}, {"layers", layers}, {"input_layers", inputs}, {"output_layers", outputs}}}};
}

Result<keras::ModelConfig> inlined(const Json& model) {
  // As text: the numbers of a file are unsigned, those of a literal are not.
  const auto config = keras::parse_model_config(keras::parse_json(model.dump()).value(), "2.15.0");
  if (!config.ok()) return config.status();
  return keras::inline_models(*config);
}

TEST(KerasNested, LeadsThroughModelsThatHandTheirInputsOn) {
  Json swap = functional("swap", {input("a"), input("b")}, {reference("a"), reference("b")},
                         {reference("b"), reference("a")});
  swap["inbound_nodes"] = {Json::array({reference("x"), reference("y")})};
  const Json second = Json::array({"swap", 1, 1, Json::object()});
  const Json model =
      functional("m", {input("x"), input("y"), swap, relu("r", {Json::array({second})})},
                 {reference("x"), reference("y")}, {reference("r")});
  const auto flat = inlined(model);
  ASSERT_TRUE(flat.ok()) << flat.status().to_string();
  ASSERT_EQ(flat->layers.size(), 3u);
  EXPECT_EQ(flat->layers[2].calls.at(0).inputs.at(0).layer, "x");
}

TEST(KerasNested, GivesANameThatIsTakenANumber) {
  Json base = functional("base", {input("a"), relu("r", {Json::array({reference("a")})})},
                         {reference("a")}, {reference("r")});
  base["inbound_nodes"] = {Json::array({reference("base/r")})};
  const Json model =
      functional("m", {input("x"), relu("base/r", {Json::array({reference("x")})}), base},
                 {reference("x")}, {reference("base", 1)});
  const auto flat = inlined(model);
  ASSERT_TRUE(flat.ok()) << flat.status().to_string();
  ASSERT_EQ(flat->layers.size(), 3u);
  EXPECT_EQ(flat->layers[2].name, "base/r_1");
  EXPECT_EQ(flat->outputs.at(0).layer, "base/r_1");
}

TEST(KerasNested, RefusesCallsThatDoNotFitTheModel) {
  Json base = functional("base", {input("a"), relu("r", {Json::array({reference("a")})})},
                         {reference("a")}, {reference("r")});
  const auto with_call = [&](const Json& call) {
    base["inbound_nodes"] = {call};
    return inlined(functional("m", {input("x"), base}, {reference("x")}, {reference("base", 1)}))
        .status();
  };
  EXPECT_TRUE(with_call(Json::array({reference("x")})).ok());
  const Status two = with_call(Json::array({reference("x"), reference("x")}));
  EXPECT_EQ(two.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(two.message().find("\"base\""), std::string::npos) << two.to_string();
  const Json masked = Json::array({"x", 0, 0, {{"mask", 3}}});
  EXPECT_EQ(with_call(Json::array({masked})).code(), StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tinysplit
