#include "training/named_architectures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "formats/keras/keras_reader.h"
#include "training/architecture.h"

namespace tinysplit::training {
namespace {

Result<Architecture> parsed(std::string_view name, const std::vector<std::int64_t>& input = {},
                            std::int64_t classes = 0) {
  const Result<std::string> config = named_architecture(name, input, classes);
  if (!config.ok()) return config.status();
  return parse_architecture(*config);
}

TEST(NamedArchitectures, AreNetworksOfTheirDefaultsAndOfOtherSizes) {
  for (const NamedArchitecture& named : named_architectures()) {
    const auto whole = parsed(named.name);
    ASSERT_TRUE(whole.ok()) << named.name << ": " << whole.status().to_string();
    EXPECT_EQ(whole->name, named.name);
    for (const std::vector<std::int64_t>& input :
         {std::vector<std::int64_t>{33, 27, 1}, {64, 48, 3}, {4, 4, 3}}) {
      const auto other = parsed(named.name, input, 7);
      ASSERT_TRUE(other.ok()) << named.name << ": " << other.status().to_string();
      EXPECT_TRUE(std::ranges::equal(other->input_shape().dims().subspan(1), input));
      const std::int64_t outputs = named.classes == 0 ? input[0] * input[1] * input[2] : 7;
      EXPECT_EQ(other->output_shape(), (Shape{1, outputs}));
    }
  }
}

// The numbers of the models that were here before, and of the published keyword spotter.
TEST(NamedArchitectures, HaveTheirNumberOfWeights) {
  EXPECT_EQ(parsed("original")->count_weights(), 166'978U);
  EXPECT_EQ(parsed("original")->layers.size(), 6U);  // the input of a Sequential model among them
  EXPECT_EQ(parsed("fashion_resnet")->count_weights(), 84'042U);
  EXPECT_EQ(parsed("fashion_resnet")->layers.size(), 51U);
  EXPECT_EQ(parsed("ds_cnn")->count_weights(), 24'908U);
}

// The classes of the layers, but for the scale of the pixels, which is outside of those models.
std::vector<std::string> kinds_of(const Architecture& architecture) {
  std::vector<std::string> kinds;
  for (const ArchitectureLayer& layer : architecture.layers) {
    if (layer.class_name != "Rescaling") kinds.push_back(layer.class_name);
  }
  return kinds;
}

TEST(NamedArchitectures, AreThoseOfMlperfTiny) {
  const std::filesystem::path folder =
      std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "../shared/models/mlperf_tiny";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  const std::map<std::string, std::string> files{
      {"resnet8", "resnet8.h5"}, {"mobilenet_v1_025", "vww_96.h5"}, {"autoencoder", "ad01.h5"}};
  for (const auto& [name, file] : files) {
    const auto ours = parsed(name);
    const auto theirs = read_keras_model(folder / file);
    ASSERT_TRUE(ours.ok() && theirs.ok()) << name;
    std::vector<std::string> kinds;
    std::int64_t weight_bytes = 0;
    for (const Layer& layer : (*theirs)->layers()) {
      kinds.push_back(layer.kind);
      weight_bytes += layer.weight_bytes;
    }
    EXPECT_EQ(kinds_of(*ours), kinds) << name;
    EXPECT_EQ(std::int64_t(ours->count_weights()) * 4, weight_bytes) << name;
  }
}

TEST(NamedArchitectures, RefuseWhatDoesNotFit) {
  EXPECT_NE(named_architecture("resnet9", {}, 0).status().message().find("mobilenet_v1_025"),
            std::string::npos);
  EXPECT_FALSE(parsed("resnet8", {640}).ok());
  EXPECT_FALSE(parsed("original", {3, 20, 3}).ok());
  EXPECT_FALSE(parsed("resnet8", {32, 32, 3}, -1).ok());
  EXPECT_FALSE(parsed("resnet8", {0, 32, 3}).ok());
  EXPECT_FALSE(parsed("resnet8", {1 << 20, 1 << 20, 3}).ok());
}

}  // namespace
}  // namespace tinysplit::training
