// Models whose height and width are open (tests/data/open_sizes), at two sizes: the numbers of the
// frameworks that they are of, cut anywhere.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "layer_runs.h"

namespace tinysplit {
namespace {

struct OpenModel {
  const char* file;
  const char* framework;
  bool channels_last;
};

const std::filesystem::path kFolder =
    std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "tests/data/open_sizes";

std::string size_text(int height, int width, char between) {
  return std::to_string(height) + between + std::to_string(width);
}

void expect_right(const OpenModel& model, int height, int width, const std::string& stated) {
  SCOPED_TRACE(std::string(model.file) + " --input-shape " + stated);
  ReadOptions options;
  ASSERT_TRUE(options.sizes.add(stated).ok());
  const auto graph = read_model(kFolder / model.file, options);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph).value();
  auto arrays = read_arrays(kFolder / (std::string(model.framework) + "_" +
                                       size_text(height, width, 'x') + ".npz"))
                    .value();
  arrays.at(0).name = (*graph)->value((*graph)->inputs().at(0)).name;
  std::vector<NamedTensor> x;
  x.push_back({arrays[0].name, arrays[0].tensor.clone()});
  const int layers = (*graph)->num_layers();
  const auto uncut = test::run_layers(*engine, 0, layers, test::copies_of(x));
  ASSERT_EQ(uncut.size(), 1u);
  const auto expected = arrays.at(1).tensor.as<float>();
  ASSERT_EQ(uncut[0].tensor.shape(), arrays[1].tensor.shape());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(uncut[0].tensor.as<float>()[i], expected[i], 2e-6f);
  }
  for (int cut = 1; cut < layers; ++cut) {
    auto live = test::run_layers(*engine, 0, cut, test::copies_of(x));
    const auto tail = test::run_layers(*engine, cut, layers, std::move(live));
    ASSERT_EQ(tail.size(), 1u);
    EXPECT_EQ(
        std::memcmp(tail[0].tensor.data(), uncut[0].tensor.data(), uncut[0].tensor.num_bytes()), 0)
        << "cut " << cut;
  }
}

TEST(OpenSizes, AreThoseThatAreStated) {
  for (const OpenModel& model : {OpenModel{"keras3.keras", "keras3", true},
                                 {"keras3.h5", "keras3", true},
                                 {"lite.tflite", "lite", true},
                                 {"torch.onnx", "torch", false}}) {
    for (const auto& [height, width] : {std::pair(12, 10), std::pair(7, 16)}) {
      const std::string sizes = size_text(height, width, ',');
      expect_right(model, height, width,
                   model.channels_last ? "1," + sizes + ",3" : "1,3," + sizes);
      expect_right(model, height, width, model.channels_last ? sizes + ",3" : "x=1,3," + sizes);
    }
  }
}

TEST(OpenSizes, AreAskedForWhereNobodyStatesThem) {
  for (const char* file : {"keras3.keras", "keras3.h5", "lite.tflite", "torch.onnx"}) {
    const auto graph = read_model(kFolder / file);
    ASSERT_FALSE(graph.ok()) << file;
    EXPECT_EQ(graph.status().code(), StatusCode::kUnimplemented);
    EXPECT_NE(graph.status().message().find("such as --input-shape 1,"), std::string::npos)
        << graph.status().message();
  }
}

}  // namespace
}  // namespace tinysplit
