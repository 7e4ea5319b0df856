// The ways in which versions of Keras have written the same model.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "formats/hdf5_images.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using Json = nlohmann::json;

std::shared_ptr<const Graph> read(const std::string& bytes) {
  GraphResult graph = read_keras_model_bytes(bytes, "m");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : nullptr;
}

void expect_same(const std::string& a, const std::string& b) {
  const auto left = read(a);
  const auto right = read(b);
  ASSERT_TRUE(left && right);
  expect_same_graph(*left, *right);
}

const Op& only_op(const Graph& graph, const std::string& layer_name) {
  for (const Layer& layer : graph.layers()) {
    if (layer.name == layer_name)
      return graph.nodes()[static_cast<std::size_t>(layer.end_node - 1)].op;
  }
  throw std::out_of_range(layer_name);
}

TEST(KerasConfig, ReadsCallsInBothForms) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const std::string nested = edit_config(bytes, [](Json& config) {
    for (Json& layer : config["config"]["layers"]) {
      for (Json& node : layer["inbound_nodes"]) {
        const Json& argument = node["args"][0];
        Json references = Json::array();
        for (const Json& tensor : argument.is_array() ? argument : Json::array({argument})) {
          const Json& history = tensor["config"]["keras_history"];
          references.push_back({history[0], history[1], history[2], Json::object()});
        }
        node = references;
      }
    }
  });
  expect_same(bytes, nested);
  // Without the outer list, where there is one tensor.
  expect_same(
      bytes, edit_layer(nested, "flatten", [](Json& layer) {
        layer["inbound_nodes"] = Json::array({Json::array({"conv2d", 0, 0, Json::object()})});
      }));
  // As a keyword.
  expect_same(bytes, edit_layer(bytes, "flatten", [](Json& layer) {
                Json& node = layer["inbound_nodes"][0];
                node["kwargs"]["inputs"] = node["args"][0];
                node["args"] = Json::array();
              }));
}

TEST(KerasConfig, RefusesCallsThatMeanMore) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const auto refuse = [&](const std::function<void(Json&)>& edit, const std::string& part) {
    expect_refused(edit_layer(bytes, "flatten", [&](Json& layer) { edit(layer["inbound_nodes"]); }),
                   StatusCode::kUnimplemented, {"\"flatten\" (Flatten)", part});
  };
  refuse([](Json& nodes) { nodes[0]["kwargs"]["surplus"] = true; }, "surplus");
  refuse([](Json& nodes) { nodes[0]["args"].push_back(1.5); }, "several arguments");
  refuse([](Json& nodes) { nodes[0]["args"][0] = 1.5; }, "1.5");
  refuse([](Json& nodes) { nodes[0]["args"].push_back(nodes[0]["args"][0]); }, "several arguments");
  refuse([](Json& nodes) { nodes = "conv2d"; }, "malformed");
  const auto harmless = edit_layer(bytes, "flatten", [](Json& layer) {
    layer["inbound_nodes"][0]["kwargs"] = {{"training", false}, {"mask", nullptr}};
  });
  expect_same(bytes, harmless);
}

// Keras 3 runs a model with training=False whatever a call says, and records True for layers that
// were called without; Keras 2 does as the call says, and records nothing then.
TEST(KerasConfig, TrainingInACallIsWhatTheVersionMakesOfIt) {
  const std::string new_file = read_bytes(golden_file("augmented.keras"));
  for (const bool training : {false, true}) {
    expect_same(new_file, edit_layer(new_file, "random_flip", [&](Json& layer) {
                  layer["inbound_nodes"][0]["kwargs"]["training"] = training;
                }));
  }
  const std::string old_file = read_bytes(golden_file("k2_v3_augmented.keras"));
  const auto edited = edit_layer(
      old_file, "dropout", [](Json& layer) { layer["inbound_nodes"][0][0][3]["training"] = true; });
  expect_refused(edited, StatusCode::kUnimplemented, {"\"dropout\" (Dropout)", "training"});
}

TEST(KerasConfig, RefusesOutputsAndCallsThatAreNotThere) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const auto refuse = [&](int index, int number, const std::string& part) {
    expect_refused(edit_layer(bytes, "flatten",
                              [&](Json& layer) {
                                Json& tensor = layer["inbound_nodes"][0]["args"][0];
                                tensor["config"]["keras_history"][index] = number;
                              }),
                   StatusCode::kInvalidArgument, {"\"flatten\" (Flatten)", part});
  };
  refuse(2, 1, "output 1");
  refuse(1, 1, "call 1");
}

TEST(KerasConfig, SortsLayersThatAreOutOfOrder) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const std::string shuffled = edit_config(bytes, [](Json& config) {
    Json& layers = config["config"]["layers"];
    std::swap(layers[1], layers[3]);  // Flatten before the convolution that it reads
  });
  const auto graph = read(shuffled);
  ASSERT_TRUE(graph);
  std::vector<std::string> names;
  for (const Layer& layer : graph->layers()) names.push_back(layer.name);
  EXPECT_EQ(names, (std::vector<std::string>{"b_image", "a_features", "conv2d", "flatten", "dense",
                                             "concatenate", "dense_1"}));
}

TEST(KerasConfig, RefusesUnknownSourcesAndCycles) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const auto source = [&](const char* layer, const char* from) {
    return edit_layer(bytes, layer, [&](Json& json) {
      json["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = from;
    });
  };
  using enum StatusCode;
  expect_refused(source("flatten", "nobody"), kInvalidArgument,
                 {"\"flatten\" (Flatten)", "\"nobody\""});
  expect_refused(source("conv2d", "flatten"), kInvalidArgument, {"cycle"});
  expect_refused(source("flatten", "flatten"), kInvalidArgument,
                 {"\"flatten\" (Flatten)", "cycle"});
}

TEST(KerasConfig, ChecksInputsAndOutputsOfTheModel) {
  const std::string bytes = read_bytes(golden_file("two_inputs.keras"));
  const auto refuse = [&](const char* key, const Json& value, const std::string& part) {
    expect_refused(edit_config(bytes, [&](Json& config) { config["config"][key] = value; }),
                   StatusCode::kInvalidArgument, {part});
  };
  refuse("input_layers", {{"b_image", 0, 0}}, "\"a_features\" (InputLayer)");
  refuse("input_layers", {{"b_image", 0, 0}, {"a_features", 0, 0}, {"b_image", 0, 0}}, "twice");
  refuse("input_layers", {{"b_image", 0, 0}, {"dense", 0, 0}}, "\"dense\"");
  refuse("output_layers", {{"nobody", 0, 0}}, "\"nobody\"");
  refuse("output_layers", Json::array(), "output_layers");
  refuse("output_layers", {3, 4}, "malformed");
}

TEST(KerasConfig, TakesOutputsOfADictionaryByName) {
  const std::string bytes = read_bytes(golden_file("output_in_the_middle.keras"));
  const auto graph = read(edit_config(bytes, [](Json& config) {
    config["config"]["output_layers"] = {{"z", {"last", 0, 0}}, {"a", {"middle", 0, 0}}};
  }));
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->value(graph->outputs().at(0)).name, "middle");
  EXPECT_EQ(graph->value(graph->outputs().at(1)).name, "last");
}

TEST(KerasConfig, GivesAnOutputThatIsListedTwiceOnce) {
  const auto graph = read(read_bytes(golden_file("repeated_outputs.keras")));
  ASSERT_TRUE(graph);
  ASSERT_EQ(graph->outputs().size(), 3u);
  EXPECT_EQ(graph->value(graph->outputs()[0]).shape, (Shape{1, 3}));
  EXPECT_EQ(graph->value(graph->outputs()[1]).shape, (Shape{1, 4}));
  EXPECT_EQ(graph->outputs()[2], graph->inputs()[0]);
}

TEST(KerasConfig, GivesAnOutputThatALayerHandsOnOnce) {
  std::size_t handed_on = 0;
  const std::string bytes =
      edit_config(read_bytes(golden_file("inverted_bottleneck.keras")), [&](Json& config) {
        Json outputs = Json::array();
        for (const Json& layer : config["config"]["layers"]) {
          outputs.push_back({layer["config"]["name"], 0, 0});
          if (layer["class_name"] == "Dropout") ++handed_on;
        }
        config["config"]["output_layers"] = outputs;
      });
  ASSERT_GT(handed_on, 0u);
  const auto graph = read(bytes);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->outputs().size() + handed_on, graph->layers().size());
}

TEST(KerasConfig, FindsTheInputOfASequentialModelWhereverItStands) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const auto without_input = [&](const std::function<void(Json&)>& edit) {
    return edit_config(bytes, [&](Json& config) {
      Json& inner = config["config"];
      inner["layers"].erase(0);
      inner.erase("build_input_shape");
      edit(inner);
    });
  };
  const auto first = read(without_input([](Json& inner) {
    inner["layers"][0]["config"]["batch_input_shape"] = {nullptr, 4, 5, 3};
  }));
  const auto built = read(without_input([](Json& inner) {
    inner["build_input_shape"] = {nullptr, 4, 5, 3};
  }));
  const auto listed = read(edit_config(bytes, [](Json& config) {
    const Json layers = config["config"]["layers"];
    config["config"] = layers;  // Keras before 2.2.3
  }));
  ASSERT_TRUE(first && built && listed);
  EXPECT_EQ(first->value(first->inputs()[0]).name, "flatten_input");
  for (const auto& graph : {first, built, listed}) {
    EXPECT_EQ(graph->num_layers(), 4);
    EXPECT_EQ(graph->value(graph->inputs()[0]).shape.to_string(), "[1,4,5,3]");
  }
  expect_refused(without_input([](Json&) {}), StatusCode::kInvalidArgument, {"shape of its input"});
}

// clip(0.2 x + 0.5) in Keras 2, relu6(x + 3) / 6 in Keras 3.
TEST(KerasConfig, TakesHardSigmoidFromTheVersion) {
  const auto slope = [](const std::string& bytes, const std::string& layer) {
    const auto graph = read(bytes);
    const auto& op = std::get<ActivationOp>(only_op(*graph, layer));
    EXPECT_EQ(op.kind, ActivationKind::kHardSigmoid);
    EXPECT_EQ(op.beta, 0.5f);
    return op.alpha;
  };
  const std::string keras2 = read_bytes(golden_file("k2_v3_activations.keras"));
  const std::string keras3 = read_bytes(golden_file("activation_layers.keras"));
  EXPECT_EQ(slope(keras2, "activation_10"), 0.2f);
  EXPECT_EQ(slope(read_bytes(golden_file("k2_h5_activations.h5")), "activation_10"), 0.2f);
  EXPECT_EQ(slope(keras3, "activation_11"), 1.0f / 6.0f);
  // Without a version, the form of the input layer tells.
  for (const auto& [bytes, layer, expected] : {std::tuple(keras2, "activation_10", 0.2f),
                                               std::tuple(keras3, "activation_11", 1.0f / 6.0f)}) {
    Entries entries = unzip(bytes);
    entries.erase("metadata.json");
    EXPECT_EQ(slope(zip(entries), layer), expected);
  }
  Entries entries = unzip(keras3);
  entries["metadata.json"] = R"({"keras_version": "1.2.2"})";
  expect_refused(zip(entries), StatusCode::kUnimplemented, {"Keras 1.2.2"});
}

TEST(KerasConfig, ReadsActivationsInEveryForm) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const auto with = [&](const Json& activation) {
    return edit_layer(bytes, "dense",
                      [&](Json& layer) { layer["config"]["activation"] = activation; });
  };
  const Json function = {{"module", "builtins"},
                         {"class_name", "function"},
                         {"config", "relu"},
                         {"registered_name", "function"}};
  expect_same(bytes, with(function));
  expect_same(
      bytes,
      with({{"module", "keras.layers"}, {"class_name", "ReLU"}, {"config", Json::object()}}));
  expect_same(with("linear"), with(nullptr));
  const auto leaky = read(with({{"class_name", "LeakyReLU"}, {"config", {{"alpha", 0.25}}}}));
  ASSERT_TRUE(leaky);
  const auto& op = std::get<ActivationOp>(only_op(*leaky, "dense"));
  EXPECT_EQ(op.kind, ActivationKind::kThresholdRelu);
  EXPECT_EQ(op.alpha, 0.25f);
  // Above the threshold, not at it.
  const auto above = read(with({{"class_name", "ReLU"}, {"config", {{"threshold", 0.5}}}}));
  ASSERT_TRUE(above);
  EXPECT_EQ(std::get<ActivationOp>(only_op(*above, "dense")).gamma, std::nextafter(0.5f, 1.0f));
  Json custom = function;
  custom["registered_name"] = "mine>relu";
  expect_refused(with(custom), StatusCode::kUnimplemented, {"\"dense\" (Dense)", "activation"});
  expect_refused(with(7), StatusCode::kUnimplemented, {"\"dense\" (Dense)", "activation", "7"});
}

TEST(KerasConfig, RefusesClassesOfOtherPackagesByTheNamesOfKeras) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  for (const auto& [key, value] : {std::pair("module", "my_package.layers"),
                                   std::pair("registered_name", "my_package>Dense")}) {
    expect_refused(edit_layer(bytes, "dense", [&](Json& layer) { layer[key] = value; }),
                   StatusCode::kUnimplemented, {"\"dense\" (Dense)", "class"});
  }
}

TEST(KerasConfig, RefusesOptionsThatChangeTheResult) {
  struct Case {
    const char* file;
    const char* layer;
    const char* option;
    Json value;
    StatusCode code;
  };
  using enum StatusCode;
  for (const Case& c : {
           Case{"batch_norm_standalone.keras",
                "batch_normalization",
                "axis",
                {1, 3},
                kUnimplemented},
           Case{"batch_norm_standalone.keras", "batch_normalization", "axis", 0, kUnimplemented},
           Case{"batch_norm_standalone.keras", "batch_normalization", "renorm", true,
                kUnimplemented},
           Case{"batch_norm_standalone.keras", "batch_normalization", "epsilon", "small",
                kInvalidArgument},
           Case{"softmax_1d.keras", "softmax", "axis", {0}, kUnimplemented},
           Case{"softmax_1d.keras", "softmax", "axis", 2, kInvalidArgument},
           Case{"flatten_dense.keras", "dense", "quantization_config", {{"a", 1}}, kUnimplemented},
           Case{"flatten_dense.keras", "dense", "dtype", "int8", kUnimplemented},
           Case{"flatten_dense.keras", "dense", "use_bias", "yes", kInvalidArgument},
           Case{"flatten_dense.keras", "input_layer", "sparse", true, kUnimplemented},
           Case{"flatten_dense.keras", "input_layer", "ragged", true, kUnimplemented},
           Case{"flatten_dense.keras", "input_layer", "dtype", "complex64", kUnimplemented},
           Case{"pooling_chain.keras", "conv2d", "padding", "causal", kUnimplemented},
           Case{"concatenate_vectors.keras", "concatenate", "axis", 0, kUnimplemented},
           Case{"permute_chain.keras", "permute", "dims", {1, 1, 2}, kInvalidArgument},
           Case{"reshape_chain.keras", "reshape", "target_shape", {-1, -1}, kInvalidArgument},
           Case{"reshape_chain.keras", "reshape", "target_shape", {5, -1}, kInvalidArgument},
           Case{"zero_padding_conv.keras",
                "zero_padding2d",
                "padding",
                {{1, 2, 3}, 1},
                kInvalidArgument},
       }) {
    SCOPED_TRACE(std::string(c.layer) + " " + c.option + " " + c.value.dump());
    const std::string changed =
        edit_layer(read_bytes(golden_file(c.file)), c.layer,
                   [&](Json& layer) { layer["config"][c.option] = c.value; });
    expect_refused(changed, c.code, {std::string("\"") + c.layer + "\" ("});
  }
}

}  // namespace
}  // namespace tinysplit
