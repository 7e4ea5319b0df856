#include "formats/keras/keras_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "core/file.h"
#include "formats/hdf5_images.h"
#include "formats/keras_test_files.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using Row = std::tuple<std::string, std::string, std::int64_t, std::string>;

std::vector<Row> rows(const Graph& graph) {
  std::vector<Row> rows;
  for (const Layer& layer : graph.layers()) {
    rows.emplace_back(layer.name, layer.kind, layer.weight_bytes / 4,
                      graph.value(layer.outputs.at(0)).shape.to_string());
  }
  return rows;
}

std::shared_ptr<const Graph> read(const std::filesystem::path& path) {
  GraphResult graph = read_keras_model(path);
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : nullptr;
}

// Names, classes, count_params() and output shapes of the next tests are what Keras itself says.
TEST(KerasReader, NumbersLayersOfASequentialModelWithoutItsInput) {
  const auto graph = read(golden_file("k2_h5_sequential.h5"));
  ASSERT_TRUE(graph);
  EXPECT_EQ(rows(*graph), (std::vector<Row>{
                              {"conv2d", "Conv2D", 112, "[1,7,6,4]"},
                              {"batch_normalization", "BatchNormalization", 16, "[1,7,6,4]"},
                              {"max_pooling2d", "MaxPooling2D", 0, "[1,3,3,4]"},
                              {"depthwise_conv2d", "DepthwiseConv2D", 80, "[1,3,3,8]"},
                              {"leaky_re_lu", "LeakyReLU", 0, "[1,3,3,8]"},
                              {"dropout", "Dropout", 0, "[1,3,3,8]"},
                              {"flatten", "Flatten", 0, "[1,72]"},
                              {"dense", "Dense", 438, "[1,6]"},
                              {"dense_1", "Dense", 28, "[1,4]"},
                          }));
  ASSERT_EQ(graph->inputs().size(), 1u);
  EXPECT_EQ(graph->value(graph->inputs()[0]).name, "conv2d_input");
}

TEST(KerasReader, NumbersLayersOfAFunctionalModelWithItsInputs) {
  const auto graph = read(golden_file("two_inputs.keras"));
  ASSERT_TRUE(graph);
  EXPECT_EQ(rows(*graph), (std::vector<Row>{
                              {"b_image", "InputLayer", 0, "[1,6,5,3]"},
                              {"conv2d", "Conv2D", 112, "[1,4,3,4]"},
                              {"a_features", "InputLayer", 0, "[1,6]"},
                              {"flatten", "Flatten", 0, "[1,48]"},
                              {"dense", "Dense", 35, "[1,5]"},
                              {"concatenate", "Concatenate", 0, "[1,53]"},
                              {"dense_1", "Dense", 216, "[1,4]"},
                          }));
  ASSERT_EQ(graph->inputs().size(), 2u);
  EXPECT_EQ(graph->value(graph->inputs()[0]).name, "b_image");
  EXPECT_EQ(graph->value(graph->inputs()[1]).name, "a_features");
}

TEST(KerasReader, FindsWeightsWhateverTheLayersAreCalled) {
  for (const char* file : {"custom_names.keras", "h5_keras3_custom_names.h5",
                           "k2_h5_custom_names.h5", "k2_v3_custom_names.keras"}) {
    const auto graph = read(golden_file(file));
    ASSERT_TRUE(graph) << file;
    EXPECT_EQ(rows(*graph), (std::vector<Row>{
                                {"camera", "InputLayer", 0, "[1,8,8,3]"},
                                {"conv2d_1", "Conv2D", 112, "[1,6,6,4]"},
                                {"zz-norm.1", "BatchNormalization", 16, "[1,6,6,4]"},
                                {"A.relu", "ReLU", 0, "[1,6,6,4]"},
                                {"conv2d", "Conv2D", 148, "[1,4,4,4]"},
                                {"dense", "Flatten", 0, "[1,64]"},
                                {"Conv2D", "Dense", 195, "[1,3]"},
                            }))
        << file;
  }
}

TEST(KerasReader, CountsEveryParameterOfALayer) {
  const auto normalization = read(golden_file("normalization_channels.keras"));
  const auto separable = read(golden_file("separable_chain.keras"));
  ASSERT_TRUE(normalization && separable);
  EXPECT_EQ(normalization->layers()[0].weight_bytes, 4 * 7);  // with the count of values seen
  EXPECT_EQ(separable->layers()[0].weight_bytes, 4 * 51);
  EXPECT_EQ(separable->layers()[1].weight_bytes, 4 * 160);
}

TEST(KerasReader, MakesNoOperationOfLayersThatOnlyTrain) {
  const auto graph = read(golden_file("training_only.keras"));
  ASSERT_TRUE(graph);
  for (const Layer& layer : graph->layers()) {
    const bool works = layer.kind == "Conv2D" || layer.kind == "Dense" || layer.kind == "Flatten";
    EXPECT_EQ(layer.end_node - layer.first_node, works ? 1 : 0) << layer.name;
  }
  EXPECT_EQ(graph->layers()[0].outputs, graph->inputs());
}

TEST(KerasReader, ReadsTheMlperfTinyModels) {
  struct Known {
    const char* file;
    int layers;
    std::int64_t parameters;
    const char* output;
  };
  for (const Known& known :
       {Known{"ad01.h5", 29, 269992, "[1,640]"}, Known{"resnet8.h5", 30, 78666, "[1,10]"},
        Known{"vww_96.h5", 85, 221794, "[1,2]"}}) {
    if (!std::filesystem::exists(mlperf_file(known.file))) {
      GTEST_SKIP() << mlperf_file(known.file) << " is not there";
    }
    const auto graph = read(mlperf_file(known.file));
    ASSERT_TRUE(graph);
    std::int64_t bytes = 0;
    for (const Layer& layer : graph->layers()) bytes += layer.weight_bytes;
    EXPECT_EQ(graph->num_layers(), known.layers) << known.file;
    EXPECT_EQ(bytes, 4 * known.parameters) << known.file;
    EXPECT_EQ(graph->value(graph->outputs().at(0)).shape.to_string(), known.output);
  }
}

class GoldenModel : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenModel, HasTheInputsAndOutputsThatKerasRan) {
  const auto graph = read(GetParam());
  ASSERT_TRUE(graph);
  auto arrays = read_arrays(std::filesystem::path(GetParam()).replace_extension(".npz"));
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  std::size_t checked = 0;
  for (const auto& [names, letter] :
       {std::pair(graph->inputs(), "x"), std::pair(graph->outputs(), "y")}) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const NamedTensor& array : *arrays) {
        if (array.name != letter + std::to_string(i)) continue;
        Shape one = array.tensor.shape();
        one[0] = 1;
        EXPECT_EQ(graph->value(names[i]).shape.to_string(), one.to_string()) << array.name;
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, arrays->size());
}

// Not one weight is lost or counted twice: the sum over the layers is what the file holds.
TEST_P(GoldenModel, CountsTheWeightsThatTheFileHolds) {
  const auto graph = read(GetParam());
  ASSERT_TRUE(graph);
  const std::string bytes = read_bytes(GetParam());
  const bool archive = GetParam().extension() == ".keras";
  const std::string image = archive ? unzip(bytes).at("model.weights.h5") : bytes;
  std::int64_t elements = 0;
  Hdf5Image::edit(image, [&](hid_t file) {
    const auto visit = [](hid_t root, const char* name, const H5O_info_t* info,
                          void* sum) -> herr_t {
      // Random layers keep the state of their generators beside their weights.
      if (info->type != H5O_TYPE_DATASET || std::string(name).find("seed_gen") != std::string::npos)
        return 0;
      const hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT);
      const hid_t space = H5Dget_space(dataset);
      *static_cast<std::int64_t*>(sum) += H5Sget_simple_extent_npoints(space);
      H5Sclose(space);
      H5Dclose(dataset);
      return 0;
    };
    const hid_t group = H5Gopen2(file, archive ? "layers" : "model_weights", H5P_DEFAULT);
    H5Ovisit2(group, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &elements, H5O_INFO_BASIC);
    H5Gclose(group);
  });
  std::int64_t counted = 0;
  for (const Layer& layer : graph->layers()) counted += layer.weight_bytes;
  EXPECT_EQ(counted, 4 * elements);
}

INSTANTIATE_TEST_SUITE_P(KerasReader, GoldenModel, testing::ValuesIn(golden_models()),
                         [](const auto& parameter) {
                           std::string name = parameter.param.filename().string();
                           for (char& c : name)
                             c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

TEST(KerasReader, NamesTheGraphAfterTheFileAndDigestsIt) {
  const auto path = golden_file("dense_2d.keras");
  const auto graph = read(path);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->name(), "dense_2d");
  EXPECT_EQ(graph->digest(), sha256_hex(read_bytes(path)));
}

TEST(ModelReader, TellsTheFormatByContentAndNotByName) {
  const auto folder = std::filesystem::temp_directory_path() / "tinysplit_model_reader_test";
  std::filesystem::create_directories(folder);
  for (const char* file : {"dense_2d.keras", "k2_h5_features.h5"}) {
    const auto copy = folder / "model.bin";
    std::filesystem::copy_file(golden_file(file), copy,
                               std::filesystem::copy_options::overwrite_existing);
    const auto graph = read_model(copy);
    EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  }
  const auto other = folder / "image.keras";
  std::ofstream(other) << "\x89PNG and more";
  const auto refused = read_model(other);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("image.keras: it is "),
            std::string::npos);
  EXPECT_EQ(read_model(folder / "missing.keras").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(read_model(folder).status().code(), StatusCode::kInvalidArgument);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tinysplit
