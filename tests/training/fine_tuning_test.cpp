#include "training/fine_tuning.h"

#include <gtest/gtest.h>

#include <set>

#include "formats/keras/keras_reader.h"
#include "quantization/folding.h"
#include "quantization/treatment.h"
#include "training/named_architectures.h"
#include "training/network_score.h"
#include "training/training_images.h"

namespace tinysplit::training {
namespace {

// Architectures with the weights that they start from.
TrainedModel fresh_model(const std::string& name, const std::vector<std::int64_t>& input,
                         std::int64_t classes) {
  TrainedModel model;
  model.architecture = std::make_shared<const Architecture>(
      *parse_architecture(*named_architecture(name, input, classes)));
  NetworkOptions options;
  options.batch = 1;
  const Network network = *Network::create(model.architecture, options);
  for (std::size_t i = 0; i < model.architecture->parameters.size(); ++i) {
    model.parameters.push_back(
        std::make_shared<const Tensor>(Tensor::copy_of(network.parameter(i))));
  }
  return model;
}

// Whatever the int8 network gives a range of its own has one of that name while it is trained.
TEST(FineTuning, KnowsTheRangesOfTheFoldedNetwork) {
  for (const NamedArchitecture& named : named_architectures()) {
    const std::string name(named.name);
    const TrainedModel model = fresh_model(name, {}, 0);
    NetworkOptions options;
    options.batch = 1;
    options.fake_quantize = true;
    const Result<Network> network = Network::create(model.architecture, options);
    ASSERT_TRUE(network.ok()) << network.status().to_string();
    std::set<std::string> known;
    for (const ActivationRange& range : network->ranges()) known.insert(range.layer);
    const auto graph = read_keras_model_bytes(*keras_file_of(*network, {}), name);
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    const auto folded = fold_operations(**graph).value();
    for (const Layer& layer : folded->layers()) {
      if (treatment_of(*folded, layer).kind != TreatmentKind::kFree) continue;
      EXPECT_TRUE(known.contains(folded->value(layer.outputs[0]).name))
          << name << ": " << folded->value(layer.outputs[0]).name;
    }
  }
}

class FineTunes : public testing::Test {
 protected:
  static constexpr ImageSize kSize{8, 8, 1};
  LabelledImages images_ = test::striped_images(96, 2, kSize, 1);
  TrainedModel model_ = fresh_model("original", {8, 8, 1}, 2);
};

TEST_F(FineTunes, ByTheSeedAlone) {
  FineTuningOptions options;
  options.batch = 8;
  const auto tuned = [&] { return fine_tune(model_, images_, {}, options).value(); };
  const FineTuned first = tuned(), second = tuned();
  EXPECT_EQ(first.keras_file, second.keras_file);
  ASSERT_EQ(first.ranges.size(), second.ranges.size());
  for (std::size_t i = 0; i < first.ranges.size(); ++i) {
    EXPECT_EQ(first.ranges[i].low, second.ranges[i].low);
    EXPECT_EQ(first.ranges[i].high, second.ranges[i].high);
  }
  options.seed = 2;
  EXPECT_NE(tuned().keras_file, first.keras_file);
}

TEST_F(FineTunes, Learning) {
  FineTuningOptions options;
  options.batch = 8;
  options.epochs = 12;
  options.learning_rate = 3e-3;
  const Result<FineTuned> tuned = fine_tune(model_, images_, {}, options);
  ASSERT_TRUE(tuned.ok()) << tuned.status().to_string();
  ASSERT_EQ(tuned->history.size(), 12U);
  EXPECT_LT(tuned->history.back().loss, 0.5 * tuned->history.front().loss);
  // The first kernel was trained on pixels 0..1, so that what lies before it is not the file's.
  for (const ActivationRange& range : tuned->ranges) EXPECT_NE(range.layer, "image");
}

TEST_F(FineTunes, NothingThatDoesNotFit) {
  images_.classes.push_back("a third");
  const Status status = fine_tune(model_, images_, {}, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("3 classes"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tinysplit::training
