// Damaged files of models whose layers are made of others: recurrent, nested, shared, attention.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using Json = nlohmann::json;

const std::vector<std::string>& composed_archives() {
  static const std::vector<std::string> kFiles = {
      "arithmetic",    "attention_scores",       "bidirectional",
      "deeply_nested", "recurrent_states",       "shared_around_another",
      "siamese",       "time_distributed_model", "k2_v3_arithmetic",
      "k2_v3_siamese", "k2_v3_deeply_nested",    "k2_v3_recurrent_states"};
  return kFiles;
}

class ComposedArchive : public testing::TestWithParam<std::string> {
 protected:
  Entries entries() const { return unzip(read_bytes(golden_file(GetParam() + ".keras"))); }
};

// What damage leaves valid may load; an error says something, and nothing crashes or hangs.
void read_damaged(const std::string& bytes) {
  const GraphResult graph = read_keras_model_bytes(bytes, "damaged");
  EXPECT_NE(graph.ok(), !graph.status().message().empty());
}

TEST_P(ComposedArchive, SurvivesValuesOfOtherTypesAnywhereInTheConfiguration) {
  const Entries entries = this->entries();
  const Json config = Json::parse(entries.at("config.json")).flatten();
  const Json others = {
      nullptr,        true,          -1,       0, 1, 2, 1e30, 9223372036854775807u, "", "dense",
      Json::object(), Json::array(), {1, 2, 3}};
  std::mt19937 random(5);
  for (auto item = config.begin(); item != config.end(); ++item) {
    Json changed = Json::parse(entries.at("config.json"));
    changed[Json::json_pointer(item.key())] = others[random() % others.size()];
    Entries copy = entries;
    copy["config.json"] = changed.dump();
    read_damaged(zip(copy, false));
  }
}

// Calls that name another call or output, or another layer: the ways to connect layers wrongly.
TEST_P(ComposedArchive, SurvivesLayersConnectedInOtherWays) {
  const Entries entries = this->entries();
  const Json config = Json::parse(entries.at("config.json")).flatten();
  std::vector<std::string> names;
  std::vector<std::string> places;
  for (auto item = config.begin(); item != config.end(); ++item) {
    const bool connects = item.key().find("keras_history") != std::string::npos ||
                          item.key().find("inbound_nodes") != std::string::npos ||
                          item.key().find("_layers") != std::string::npos;
    if (connects) places.push_back(item.key());
    if (connects && item->is_string()) names.push_back(item->get<std::string>());
  }
  if (places.empty()) return;  // a Sequential model connects nothing by name
  std::mt19937 random(13);
  for (int copy = 0; copy < 100; ++copy) {
    Json changed = config;
    for (auto edits = 1 + random() % 3; edits > 0; --edits) {
      Json& place = changed[places[random() % places.size()]];
      if (place.is_string()) place = names[random() % names.size()];
      if (place.is_number()) place = random() % 4;
    }
    Entries damaged = entries;
    damaged["config.json"] = changed.unflatten().dump();
    read_damaged(zip(damaged, false));
  }
}

TEST_P(ComposedArchive, SurvivesFlippedBytesBehindTheChecksum) {
  const Entries entries = this->entries();
  std::mt19937 random(17);
  for (const char* name : {"config.json", "model.weights.h5"}) {
    for (int copy = 0; copy < 100; ++copy) {
      Entries damaged = entries;
      std::string& bytes = damaged[name];
      for (auto flips = 1 + random() % 4; flips > 0; --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      read_damaged(zip(damaged, false));
    }
  }
}

TEST_P(ComposedArchive, IsRefusedWithoutAnyOfItsWeights) {
  Entries entries = this->entries();
  entries["model.weights.h5"] =
      unzip(read_bytes(golden_file("relu_options.keras"))).at("model.weights.h5");
  EXPECT_FALSE(read_keras_model_bytes(zip(entries), "weightless").ok());
}

INSTANTIATE_TEST_SUITE_P(KerasHostile, ComposedArchive, testing::ValuesIn(composed_archives()),
                         [](const auto& parameter) { return parameter.param; });

class ComposedHdf5 : public testing::TestWithParam<std::string> {};

TEST_P(ComposedHdf5, RefusesTruncations) {
  const std::string bytes = read_bytes(golden_file(GetParam() + ".h5"));
  ASSERT_TRUE(read_keras_model_bytes(bytes, "whole").ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const GraphResult graph =
        read_keras_model_bytes(std::string_view(bytes).substr(0, size), "cut");
    ASSERT_FALSE(graph.ok()) << size << " of " << bytes.size() << " bytes";
  }
}

TEST_P(ComposedHdf5, SurvivesFlippedBytes) {
  const std::string bytes = read_bytes(golden_file(GetParam() + ".h5"));
  std::vector<std::size_t> places;  // most of an HDF5 file is zeros that nothing reads
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\0') places.push_back(i);
  }
  std::mt19937 random(19);
  for (int copy = 0; copy < 500; ++copy) {
    std::string damaged = bytes;
    for (auto flips = 1 + random() % 4; flips > 0; --flips) {
      damaged[places[random() % places.size()]] = static_cast<char>(random());
    }
    read_damaged(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(KerasHostile, ComposedHdf5,
                         testing::Values("k2_h5_siamese", "k2_h5_deeply_nested",
                                         "k2_h5_recurrent_states", "h5_keras3_transformer_block"),
                         [](const auto& parameter) { return parameter.param; });

// Models within models, each called twice by the one around it.
TEST(KerasHostileModels, BoundsCallsThatMultiply) {
  const auto reference = [](const std::string& layer, int call) {
    return Json::array({layer, call, 0, Json::object()});
  };
  Json model = {{"class_name", "Dropout"}, {"name", "m"}, {"config", {{"rate", 0.5}}}};
  // Deep enough for 2^17 calls, which add no operation that another limit could count.
  constexpr int kDepth = 17;
  for (int depth = 0; depth < kDepth; ++depth) {
    const std::string name = "m" + std::to_string(depth);
    const bool of_model = depth > 0;
    Json inner = model;
    inner["name"] = "inner";
    inner["config"]["name"] = "inner";
    inner["inbound_nodes"] = {Json::array({reference("x", 0)}),
                              Json::array({reference("inner", of_model ? 1 : 0)})};
    const Json input = {{"class_name", "InputLayer"},
                        {"name", "x"},
                        {"config", {{"name", "x"}, {"batch_input_shape", {nullptr, 4}}}},
                        {"inbound_nodes", Json::array()}};
    model = {{"class_name", "Functional"},
             {"name", name},
             {"config",
              {{"name", name},
               {"layers", {input, inner}},
               {"input_layers", {{"x", 0, 0}}},
               {"output_layers", {{"inner", of_model ? 2 : 1, 0}}}}}};
  }
  Entries entries = unzip(read_bytes(golden_file("relu_options.keras")));
  entries["config.json"] = model.dump();
  entries["metadata.json"] = R"({"keras_version": "2.15.0"})";
  expect_refused(zip(entries), StatusCode::kResourceExhausted, {"(Functional)", "called more"});
}

}  // namespace
}  // namespace tinysplit
