#include "training/architecture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "training/networks.h"

namespace tinysplit::training {
namespace {

TEST(Architecture, ListsParametersInTheOrderOfKeras) {
  const Result<Architecture> parsed = parse_architecture(sequential(
      {8, 8, 3}, {layer("SeparableConv2D", "s",
                        {{"filters", 5}, {"kernel_size", {3, 3}}, {"depth_multiplier", 2}}),
                  layer("BatchNormalization", "n"), layer("GlobalAveragePooling2D", "p"),
                  layer("Dense", "d", {{"units", 4}, {"use_bias", false}})}));
  ASSERT_TRUE(parsed.ok()) << parsed.status().to_string();
  std::vector<std::string> names;
  for (std::size_t p = 0; p < parsed->parameters.size(); ++p) {
    names.push_back(parsed->parameter_name(p) + parsed->parameters[p].shape.to_string());
  }
  const std::vector<std::string> expected = {"s/depthwise_kernel[3,3,3,2]",
                                             "s/pointwise_kernel[1,1,6,5]",
                                             "s/bias[5]",
                                             "n/gamma[5]",
                                             "n/beta[5]",
                                             "n/moving_mean[5]",
                                             "n/moving_variance[5]",
                                             "d/kernel[5,4]"};
  EXPECT_EQ(names, expected);
  EXPECT_EQ(parsed->count_weights(), 54u + 30 + 5 + 20 + 20);
  EXPECT_EQ(parsed->output_shape(), (Shape{1, 4}));
  EXPECT_EQ(parsed->input_shape(), (Shape{1, 8, 8, 3}));
  EXPECT_FALSE(parsed->parameters[5].trainable);
}

struct Refusal {
  std::string what;
  Json tested;
  StatusCode code;
};

TEST(Architecture, NamesLayerClassAndOptionOfWhatItRefuses) {
  using enum StatusCode;
  const std::vector<Refusal> refusals = {
      {"(LSTM)", layer("LSTM", "tested", {{"units", 3}}), kUnimplemented},
      {"(Conv2DTranspose)", layer("Conv2DTranspose", "tested"), kUnimplemented},
      {"axis", layer("BatchNormalization", "tested", {{"axis", 1}}), kUnimplemented},
      {"activity_regularizer",
       layer("Conv2D", "tested",
             {{"filters", 2},
              {"kernel_size", {2, 2}},
              {"activity_regularizer", {{"class_name", "L2"}}}}),
       kUnimplemented},
      {"kernel_constraint",
       layer("Conv2D", "tested",
             {{"filters", 2},
              {"kernel_size", {2, 2}},
              {"kernel_constraint", {{"class_name", "MaxNorm"}}}}),
       kUnimplemented},
      {"kernel_initializer",
       layer("Conv2D", "tested",
             {{"filters", 2}, {"kernel_size", {2, 2}}, {"kernel_initializer", "Orthogonal"}}),
       kUnimplemented},
      {"activation", layer("Activation", "tested", {{"activation", "mish"}}), kUnimplemented},
      {"dtype", layer("Flatten", "tested", {{"dtype", "int8"}}), kUnimplemented},
      {"data_format", layer("MaxPooling2D", "tested", {{"data_format", "channels_first"}}),
       kUnimplemented},
      {"rate", layer("Dropout", "tested", {{"rate", 1.5}}), kInvalidArgument},
      {"filters", layer("Conv2D", "tested", {{"kernel_size", {2, 2}}}), kInvalidArgument},
      {"groups",
       layer("Conv2D", "tested", {{"filters", 4}, {"kernel_size", {1, 1}}, {"groups", 3}}),
       kInvalidArgument},
      {"shape", layer("Conv2D", "tested", {{"filters", 2}, {"kernel_size", {9, 9}}}), kOutOfRange},
      {"target_shape", layer("Reshape", "tested", {{"target_shape", {5}}}), kInvalidArgument},
  };
  for (const Refusal& refusal : refusals) {
    const Status status = parse_architecture(sequential({4, 4, 2}, {refusal.tested})).status();
    EXPECT_EQ(status.code(), refusal.code) << refusal.what << ": " << status.to_string();
    EXPECT_NE(status.message().find(refusal.what), std::string::npos) << status.to_string();
    EXPECT_NE(status.message().find("\"tested\""), std::string::npos) << status.to_string();
  }
}

TEST(Architecture, RefusesSharedLayersAndSeveralOutputs) {
  Json shared = called_on(layer("Dense", "d", {{"units", 4}}), {"input"});
  shared["inbound_nodes"].push_back(called_on(layer("Dense", "d"), {"d"})["inbound_nodes"][0]);
  EXPECT_EQ(parse_architecture(functional({4}, {shared})).status().code(),
            StatusCode::kUnimplemented);
  Json model =
      Json::parse(functional({4}, {called_on(layer("Dense", "d", {{"units", 4}}), {"input"})}));
  model["config"]["output_layers"] = {{"d", 0, 0}, {"input", 0, 0}};
  EXPECT_EQ(parse_architecture(model.dump()).status().code(), StatusCode::kUnimplemented);
}

TEST(Architecture, SurvivesEveryTruncation) {
  const std::string config = functional(
      {4, 4, 2},
      {called_on(layer("Conv2D", "c", {{"filters", 2}, {"kernel_size", {2, 2}}}), {"input"}),
       called_on(layer("Flatten", "f"), {"c"})});
  ASSERT_TRUE(parse_architecture(config).ok());
  for (std::size_t length = 0; length < config.size(); ++length) {
    EXPECT_FALSE(parse_architecture(config.substr(0, length)).ok()) << length;
  }
}

// Mean, variance and bounds that the definitions give.
TEST(Initializer, HasTheSpreadOfKeras) {
  const Shape shape{3, 3, 20, 40};
  const double fan_in = 180, fan_out = 360;
  std::vector<float> values(static_cast<std::size_t>(shape.num_elements()));
  const auto expect = [&](const Initializer& initializer, double variance, double most) {
    Random random(9);
    initialize(initializer, shape, random, values);
    double sum = 0.0, squares = 0.0, largest = 0.0;
    for (const float value : values) {
      sum += value;
      squares += double{value} * value;
      largest = std::max(largest, std::fabs(double{value}));
    }
    const double count = static_cast<double>(values.size());
    EXPECT_NEAR(sum / count, 0.0, 4.0 * std::sqrt(variance / count));
    EXPECT_NEAR(squares / count / variance, 1.0, 0.05);
    EXPECT_LE(largest, most * 1.0001);
  };
  using Kind = Initializer::Kind;
  using Fan = Initializer::Fan;
  using enum Initializer::Distribution;
  const double glorot = 2.0 / (fan_in + fan_out), he = 2.0 / fan_in;
  constexpr Kind kScaled = Kind::kVarianceScaling;
  expect({kScaled, 0, 0, 1.0f, Fan::kAverage, kUniform}, glorot, std::sqrt(3 * glorot));
  expect({kScaled, 0, 0, 2.0f, Fan::kIn, kTruncatedNormal}, he,
         2.0 * std::sqrt(he) / 0.87962566103423978);
  expect({kScaled, 0, 0, 2.0f, Fan::kIn, kUniform}, he, std::sqrt(3 * he));
  expect({kScaled, 0, 0, 1.0f, Fan::kOut, kNormal}, 1.0 / fan_out, 1.0);
  expect({Kind::kUniform, -0.1f, 0.1f}, 0.04 / 12, 0.1);
}

TEST(Initializer, ReadsTheFormsOfKeras) {
  const auto initializer_of = [](const Json& json) {
    const Result<Architecture> parsed = parse_architecture(
        sequential({4}, {layer("Dense", "d", {{"units", 2}, {"kernel_initializer", json}})}));
    EXPECT_TRUE(parsed.ok()) << parsed.status().to_string();
    return parsed->parameters[0].initializer;
  };
  EXPECT_EQ(initializer_of("he_normal").scale, 2.0f);
  EXPECT_EQ(initializer_of({{"module", "keras.initializers"},
                            {"class_name", "HeNormal"},
                            {"config", {{"seed", nullptr}}}})
                .fan,
            Initializer::Fan::kIn);
  EXPECT_EQ(initializer_of({{"class_name", "Constant"}, {"config", {{"value", 0.5}}}}).first, 0.5f);
  const Initializer scaled = initializer_of(
      {{"class_name", "VarianceScaling"},
       {"config", {{"scale", 3.0}, {"mode", "fan_out"}, {"distribution", "uniform"}}}});
  EXPECT_EQ(scaled.scale, 3.0f);
  EXPECT_EQ(scaled.fan, Initializer::Fan::kOut);
  EXPECT_EQ(scaled.distribution, Initializer::Distribution::kUniform);
}

}  // namespace
}  // namespace tinysplit::training
