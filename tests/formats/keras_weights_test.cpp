#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "formats/hdf5_images.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/weights.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

// Group names that Keras itself wrote for these classes.
TEST(SnakeCase, AgreesWithKeras) {
  using keras::snake_case;
  EXPECT_EQ(snake_case("Conv2D"), "conv2d");
  EXPECT_EQ(snake_case("Conv2DTranspose"), "conv2d_transpose");
  EXPECT_EQ(snake_case("DepthwiseConv2D"), "depthwise_conv2d");
  EXPECT_EQ(snake_case("SeparableConv2D"), "separable_conv2d");
  EXPECT_EQ(snake_case("BatchNormalization"), "batch_normalization");
  EXPECT_EQ(snake_case("GlobalAveragePooling2D"), "global_average_pooling2d");
  EXPECT_EQ(snake_case("ReLU"), "re_lu");
  EXPECT_EQ(snake_case("PReLU"), "p_re_lu");
  EXPECT_EQ(snake_case("LeakyReLU"), "leaky_re_lu");
  EXPECT_EQ(snake_case("ELU"), "elu");
  EXPECT_EQ(snake_case("LSTM"), "lstm");
  EXPECT_EQ(snake_case(""), "");
}

std::shared_ptr<const Graph> read_weights(const std::string& bytes) {
  GraphResult graph = read_keras_model_bytes(bytes, "m");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : nullptr;
}

void move(std::int64_t file, const std::string& from, const std::string& to) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  EXPECT_GE(H5Lmove(file, from.c_str(), file, to.c_str(), links, H5P_DEFAULT), 0) << from;
  H5Pclose(links);
}

// Keras 2.12: another container, and layers with weights counted twice.
TEST(KerasWeights, ReadsTheNumberingOfOldArchives) {
  const std::string bytes = read_bytes(golden_file("batch_norm_dense.keras"));
  const std::string old = edit_weights(bytes, [](std::int64_t file) {
    const std::string container = "_layer_checkpoint_dependencies";
    move(file, "layers", container);
    move(file, container + "/dense_2", container + "/dense_4");
    move(file, container + "/dense_1", container + "/dense_2");
    move(file, container + "/batch_normalization_1", container + "/batch_normalization_2");
  });
  const auto expected = read_weights(bytes);
  const auto graph = read_weights(old);
  ASSERT_TRUE(expected && graph);
  expect_same_graph(*expected, *graph);
}

TEST(KerasWeights, ReadsOldArchivesWithPlainNumbering) {
  const std::string bytes = read_bytes(golden_file("many_of_a_class.keras"));
  const std::string old = edit_weights(
      bytes, [](std::int64_t file) { move(file, "layers", "_layer_checkpoint_dependencies"); });
  const auto expected = read_weights(bytes);
  const auto graph = read_weights(old);
  ASSERT_TRUE(expected && graph);
  expect_same_graph(*expected, *graph);
}

// Windows joined the parts of a group's name with a backslash, which HDF5 takes as part of it.
TEST(KerasWeights, ReadsArchivesWrittenOnWindows) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const std::string windows = edit_weights(bytes, [](std::int64_t file) {
    move(file, "layers/dense", "layers\\dense");
    move(file, "layers/dense_1", "layers\\dense_1");
    H5Ldelete(file, "layers", H5P_DEFAULT);
  });
  const auto expected = read_weights(bytes);
  const auto graph = read_weights(windows);
  ASSERT_TRUE(expected && graph);
  expect_same_graph(*expected, *graph);
}

// Twelve layers of a class: "conv2d_10" must not come before "conv2d_2".
TEST(KerasWeights, NumbersLayersInOrderAndNotAlphabetically) {
  const auto graph = read_weights(read_bytes(golden_file("many_of_a_class.keras")));
  ASSERT_TRUE(graph);
  const Entries entries = unzip(read_bytes(golden_file("many_of_a_class.keras")));
  Hdf5Image::edit(entries.at("model.weights.h5"), [&](hid_t file) {
    for (int i = 0; i < 12; ++i) {
      const std::string group = i == 0 ? "conv2d" : "conv2d_" + std::to_string(i);
      const hid_t bias = H5Dopen2(file, ("layers/" + group + "/vars/1").c_str(), H5P_DEFAULT);
      std::vector<float> expected(3);
      H5Dread(bias, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, expected.data());
      H5Dclose(bias);
      const Layer& layer = graph->layers()[static_cast<std::size_t>(i + 1)];
      const Node& node = graph->nodes()[static_cast<std::size_t>(layer.first_node)];
      const auto found = graph->value(node.inputs.at(2)).data->as<float>();
      EXPECT_EQ(std::vector<float>(found.begin(), found.end()), expected) << layer.name;
    }
  });
}

// HDF5 attributes are bounded; Keras splits a long list of names.
TEST(KerasWeights, ReadsWeightNamesSplitOverSeveralAttributes) {
  const std::string bytes = read_bytes(golden_file("k2_h5_features.h5"));
  const std::string split = Hdf5Image::edit(bytes, [](hid_t file) {
    const std::string group = "model_weights/batch_normalization";
    H5Adelete_by_name(file, group.c_str(), "weight_names", H5P_DEFAULT);
    const std::string layer = "batch_normalization/";
    write_texts(file, group, "weight_names0", {layer + "gamma:0", layer + "beta:0"}, false);
    write_texts(file, group, "weight_names1",
                {layer + "moving_mean:0", layer + "moving_variance:0"}, true);
  });
  const auto expected = read_weights(bytes);
  const auto graph = read_weights(split);
  ASSERT_TRUE(expected && graph);
  expect_same_graph(*expected, *graph);
}

TEST(KerasWeights, BoundsTheNamesOfWeights) {
  const std::string bytes = read_bytes(golden_file("k2_h5_features.h5"));
  for (const std::string& name :
       {std::string(2000, 'a'), std::string(40, '/') + "dense/kernel:0"}) {
    const std::string long_name = Hdf5Image::edit(bytes, [&](hid_t file) {
      H5Adelete_by_name(file, "model_weights/dense", "weight_names", H5P_DEFAULT);
      write_texts(file, "model_weights/dense", "weight_names", {name}, true);
    });
    expect_refused(long_name, StatusCode::kResourceExhausted, {"\"dense\" (Dense)", "parts"});
  }
}

TEST(KerasWeights, ReadsFloatsOfOtherWidths) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const std::vector<float> values = {1.5f, -2.0f, 0.25f, 65504.0f, -0.0f, 6.103515625e-05f};
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  for (const hid_t type : {H5T_IEEE_F64LE, half}) {
    const std::string other = edit_weights(bytes, [&](std::int64_t file) {
      H5Ldelete(file, "layers/dense/vars/1", H5P_DEFAULT);
      write_floats(file, "layers/dense/vars/1", {6}, values, H5P_DEFAULT, type);
    });
    const GraphResult graph = read_keras_model_bytes(other, "other");
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    const bool found = std::ranges::any_of((*graph)->values(), [&](const Value& value) {
      return value.is_constant() && value.shape == Shape{6} &&
             std::ranges::equal(value.data->as<float>(), values);
    });
    EXPECT_TRUE(found);
  }
  H5Tclose(half);
}

TEST(KerasWeights, RefusesWeightsThatAreNoFloats) {
  const std::string bytes = read_bytes(golden_file("flatten_dense.keras"));
  const std::string whole = edit_weights(bytes, [](std::int64_t file) {
    H5Ldelete(file, "layers/dense/vars/1", H5P_DEFAULT);
    write_floats(file, "layers/dense/vars/1", {6}, std::vector<float>(6), H5P_DEFAULT,
                 H5T_STD_I32LE);
  });
  expect_refused(whole, StatusCode::kUnimplemented, {"\"dense\" (Dense)", "bias", "integer"});
}

}  // namespace
}  // namespace tinysplit
