// Model files that we write, through our own reader: the files of Keras itself taken apart and
// written again read as they did before.
#include "formats/keras/keras_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

#include "formats/hdf5_images.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/json_text.h"
#include "formats/keras/keras_order.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/weights.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;   // NOLINT
using namespace keras;  // NOLINT

// A .keras file of Keras 3 taken apart.
struct TakenApart {
  std::string config;
  std::deque<Tensor> tensors;
  std::vector<SavedLayer> layers;
  bool one_part = true;   // no layer keeps its weights in several parts
  bool all_float = true;  // no weight is of another type
};

void collect_weights(Hdf5File& file, Hdf5File::Address group, const std::string& part,
                     SavedLayer& layer, TakenApart& all) {
  const auto vars = file.find(group, "vars").value();
  const std::size_t count = vars ? file.members(*vars).value()->size() : 0;
  if (count > 0 && !layer.weights.empty()) all.one_part = false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = file.find(*vars, std::to_string(i)).value();
    const Hdf5File::Dataset dataset = file.dataset(*at).value();
    if (!dataset.is_float32()) {
      all.all_float = false;  // how many values a Normalization has seen
      continue;
    }
    Tensor& tensor = all.tensors.emplace_back(DType::kFloat32, dataset.shape);
    ASSERT_TRUE(file.read(dataset, tensor.as<float>()).ok());
    layer.weights.push_back({part + "w" + std::to_string(i), tensor.view()});
  }
  for (const auto& [name, address] : *file.members(group).value()) {
    if (name == "vars") continue;
    collect_weights(file, address, std::string(part).append(name).append("/"), layer, all);
  }
}

TakenApart take_apart(const std::string& bytes) {
  const Entries entries = unzip(bytes);
  TakenApart all;
  all.config = entries.at("config.json");
  const std::string& weights = entries.at("model.weights.h5");
  Hdf5File file = Hdf5File::open(weights).value();
  std::map<std::string, int> numbers;
  const ModelConfig model = parse_model_config(parse_json(all.config).value(), "3.0.0").value();
  for (const LayerConfig& layer : model.layers) {
    if (layer.is_operation()) continue;
    const std::string kind = snake_case(layer.class_name);
    const int number = numbers[kind]++;
    const std::string group = number == 0 ? kind : kind + "_" + std::to_string(number);
    const auto address = file.find(file.root(), "layers/" + group).value();
    SavedLayer saved{layer.name, {}};
    if (address) collect_weights(file, *address, "", saved, all);
    if (!saved.weights.empty()) all.layers.push_back(std::move(saved));
  }
  return all;
}

bool holds_a_model(const ModelConfig& model) {
  return std::ranges::any_of(model.layers, [](const LayerConfig& layer) {
    return layer.model || (layer.wrapped && layer.wrapped->model);
  });
}

bool is_of_keras3(const std::filesystem::path& path) {
  return path.extension() == ".keras" && !path.filename().string().starts_with("k2_");
}

TEST(KerasWriter, WritesAgainWhatKerasWrote) {
  int archives = 0, hdf5_files = 0;
  for (const auto& path : golden_models()) {
    if (!is_of_keras3(path)) continue;
    SCOPED_TRACE(path.filename().string());
    const std::string bytes = read_bytes(path);
    const TakenApart parts = take_apart(bytes);
    if (!parts.all_float) continue;
    const auto model = parse_model_config(parse_json(parts.config).value(), "3.0.0").value();
    const auto archive = write_keras_archive(parts.config, parts.layers);
    const auto hdf5_file = write_keras_hdf5(parts.config, parts.layers);
    if (holds_a_model(model)) {
      EXPECT_EQ(archive.status().code(), StatusCode::kUnimplemented);
      EXPECT_EQ(hdf5_file.status().code(), StatusCode::kUnimplemented);
      continue;
    }
    ASSERT_TRUE(archive.ok()) << archive.status().to_string();
    ASSERT_TRUE(hdf5_file.ok()) << hdf5_file.status().to_string();
    const auto original = read_keras_model_bytes(bytes, "model").value();
    const GraphResult again = read_keras_model_bytes(*archive, "model");
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    expect_same_graph(**again, *original);
    ++archives;
    if (!parts.one_part) continue;  // a legacy file keeps them in an order of their own
    const GraphResult legacy = read_keras_model_bytes(*hdf5_file, "model");
    ASSERT_TRUE(legacy.ok()) << legacy.status().to_string();
    expect_same_graph(**legacy, *original);
    ++hdf5_files;
    if (HasFailure()) return;
  }
  EXPECT_GT(archives, 70);
  EXPECT_GT(hdf5_files, 60);
}

TEST(KerasWriter, ListsLayersAsKerasDoes) {
  int models = 0;
  std::mt19937 random(3);
  for (const auto& path : golden_models()) {
    if (!is_of_keras3(path)) continue;
    SCOPED_TRACE(path.filename().string());
    const TakenApart parts = take_apart(read_bytes(path));
    Json config = parse_json(parts.config).value();
    const auto model = parse_model_config(config, "3.0.0").value();
    if (text_of(config["class_name"]) != "Functional") continue;
    std::vector<std::size_t> expected(model.layers.size());
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    EXPECT_EQ(keras_order(model).value(), expected);
    ++models;
    if (holds_a_model(model)) continue;
    // Whatever order it is given in.
    std::vector<Json> layers = config["config"]["layers"];
    std::ranges::shuffle(layers, random);
    config["config"]["layers"] = layers;
    const auto in_order = write_keras_archive(parts.config, parts.layers);
    EXPECT_EQ(write_keras_archive(config.dump(), parts.layers).value(), in_order.value());
  }
  EXPECT_GT(models, 20);
}

// A Sequential model of `count` dense layers of 2 units.
TakenApart dense_model(int count, const std::string& prefix = "dense") {
  TakenApart parts;
  Json layers = Json::array();
  layers.push_back(
      {{"class_name", "InputLayer"}, {"config", {{"name", "in"}, {"batch_shape", {nullptr, 2}}}}});
  std::mt19937 random(5);
  for (int i = 0; i < count; ++i) {
    const std::string name = prefix + std::to_string(i);
    layers.push_back({{"class_name", "Dense"}, {"config", {{"name", name}, {"units", 2}}}});
    Tensor& kernel = parts.tensors.emplace_back(DType::kFloat32, Shape{2, 2});
    Tensor& bias = parts.tensors.emplace_back(DType::kFloat32, Shape{2});
    for (float& each : kernel.as<float>()) each = static_cast<float>(random() % 1000);
    parts.layers.push_back({name, {{"kernel", kernel.view()}, {"bias", bias.view()}}});
  }
  parts.config =
      Json{{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", layers}}}}.dump();
  return parts;
}

TEST(KerasWriter, SplitsListsThatAreTooLongForAnAttribute) {
  const TakenApart parts = dense_model(1000, std::string(90, 'n'));
  const std::string bytes = write_keras_hdf5(parts.config, parts.layers).value();
  Hdf5File file = Hdf5File::open(bytes).value();
  const auto group = file.find(file.root(), "model_weights").value();
  EXPECT_FALSE(file.strings(*group, "layer_names").value().has_value());
  EXPECT_EQ(long_attribute(file, *group, "layer_names").value().size(), 1001u);
  const GraphResult graph = read_keras_model_bytes(bytes, "model");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->num_layers(), 1000);
}

TEST(KerasWriter, WritesWhatTheHdf5LibraryReads) {
  const TakenApart parts = dense_model(2);
  const Entries entries = unzip(write_keras_archive(parts.config, parts.layers).value());
  Hdf5Image::edit(entries.at("model.weights.h5"), [&](hid_t file) {
    const hid_t dataset = H5Dopen2(file, "layers/dense_1/vars/0", H5P_DEFAULT);
    ASSERT_GE(dataset, 0);
    std::array<float, 4> values{};
    EXPECT_GE(H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    EXPECT_TRUE(std::ranges::equal(values, parts.tensors[2].as<float>()));
    H5Dclose(dataset);
  });
}

TEST(KerasWriter, EqualModelsAreEqualBytes) {
  const TakenApart parts = dense_model(30);
  EXPECT_EQ(write_keras_archive(parts.config, parts.layers).value(),
            write_keras_archive(parts.config, parts.layers).value());
  EXPECT_EQ(write_keras_hdf5(parts.config, parts.layers).value(),
            write_keras_hdf5(parts.config, parts.layers).value());
}

void expect_refused_by_both(const std::string& config, const std::vector<SavedLayer>& layers,
                            const std::string& part) {
  for (const auto& written :
       {write_keras_archive(config, layers), write_keras_hdf5(config, layers)}) {
    ASSERT_FALSE(written.ok()) << part;
    EXPECT_EQ(written.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(written.status().message().find(part), std::string::npos)
        << written.status().to_string();
  }
}

TEST(KerasWriter, RefusesWhatDoesNotFitTogether) {
  const TakenApart good = dense_model(2);
  expect_refused_by_both("no json", good.layers, "JSON");
  expect_refused_by_both("{}", good.layers, "Keras model");
  auto layers = good.layers;
  layers[1].layer = "other";
  expect_refused_by_both(good.config, layers, "\"other\"");
  layers = good.layers;
  layers[1].layer = layers[0].layer;
  expect_refused_by_both(good.config, layers, "given twice");
  layers = good.layers;
  layers[0].weights[1].name = "kernel";
  expect_refused_by_both(good.config, layers, "two weights named \"kernel\"");
  layers[0].weights[1].name = "";
  expect_refused_by_both(good.config, layers, "proper name");
  layers = good.layers;
  const Tensor whole(DType::kInt8, Shape{2, 2});
  layers[0].weights[0].value = whole.view();
  expect_refused_by_both(good.config, layers, "int8");
  std::string slashed = good.config;
  slashed.replace(slashed.find("dense1"), 6, "dens/1");
  expect_refused_by_both(slashed, {}, "'/'");
}

TEST(KerasWriter, RefusesLayersThatKerasWouldLeaveOut) {
  const TakenApart parts = take_apart(read_bytes(golden_file("residual.keras")));
  Json config = parse_json(parts.config).value();
  Json extra = config["config"]["layers"].back();
  extra["name"] = extra["config"]["name"] = "dangling";
  config["config"]["layers"].push_back(extra);
  expect_refused_by_both(config.dump(), parts.layers, "\"dangling\"");
}

}  // namespace
}  // namespace tinysplit
