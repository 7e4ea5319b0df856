#include "evaluation/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

#include "evaluation/class_of_output.h"
#include "evaluation/sample_feed.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kSide = 6;
constexpr std::size_t kClasses = 3;

// Random pixels with random labels.
LabelledImages random_images(std::size_t count, std::int64_t channels = 1) {
  std::mt19937 random(2);
  LabelledImages images;
  images.name = "random";
  images.classes = {"a", "b", "c"};
  images.images =
      Tensor(DType::kUint8, Shape{static_cast<std::int64_t>(count), kSide, kSide, channels});
  for (std::uint8_t& pixel : images.images.as<std::uint8_t>()) {
    pixel = static_cast<std::uint8_t>(random());
  }
  for (std::size_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<std::int32_t>(random() % kClasses));
  }
  return images;
}

Preprocessing scaled_by(float scale, float offset) {
  Preprocessing preprocessing;
  preprocessing.channels.fill({scale, offset});
  preprocessing.is_stated = true;
  return preprocessing;
}

Tensor random_weights(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 0.1f);
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.as<float>()) value = normal(random);
  return tensor;
}

// A convolution, a residual sum over it, scores of `scores` classes; with `early` they are made
// before the last layer, which makes another output.
std::shared_ptr<const Graph> make_model(std::int64_t scores, bool early = false) {
  GraphBuilder builder("model", std::string(64, 'a'));
  const ValueId x = builder.add_input("x", DType::kFloat32, Shape{1, kSide, kSide, 1}).value();
  const auto layer = [&](const char* name, Op op, std::vector<ValueId> inputs) {
    EXPECT_TRUE(builder.begin_layer(name, name).ok());
    const ValueId y = builder.add_op(std::move(op), std::move(inputs)).value();
    EXPECT_TRUE(builder.end_layer({y}).ok());
    return y;
  };
  const auto weights = [&](const Shape& shape, unsigned seed) {
    return builder.add_constant(random_weights(shape, seed));
  };
  Conv2dOp conv;
  conv.spatial.pad_before = conv.spatial.pad_after = {1, 1};
  const ValueId a = layer("a", conv, {x, weights(Shape{3, 3, 1, 4}, 1)});
  const ValueId b = layer("b", conv, {a, weights(Shape{3, 3, 4, 4}, 2)});
  const ValueId sum = layer("sum", BinaryOp{BinaryKind::kAdd}, {a, b});
  constexpr std::int64_t kCells = kSide * kSide * 4;
  const ValueId flat = layer("flat", ReshapeOp{Shape{1, kCells}}, {sum});
  const ValueId dense = layer("dense", DenseOp{}, {flat, weights(Shape{kCells, scores}, 3)});
  EXPECT_TRUE(builder.add_output(dense).ok());
  if (early) {
    EXPECT_TRUE(builder.add_output(layer("late", ActivationOp{ActivationKind::kTanh}, {b})).ok());
  }
  return builder.build().value();
}

std::shared_ptr<Engine> engine_of(const std::shared_ptr<const Graph>& graph) {
  return Engine::create(graph).value();
}

TEST(EvaluateCut, EveryCutGivesTheClassesOfTheUncutModel) {
  const LabelledImages images = random_images(100);
  const EvaluationData data{images, scaled_by(1.0f, -127.5f)};
  for (const bool early : {false, true}) {
    const auto engine = engine_of(make_model(kClasses, early));
    const auto uncut = classify(*engine, data, {}).value();
    const std::set<std::int32_t> found(uncut.begin(), uncut.end());
    EXPECT_GT(found.size(), 1u);
    for (int cut = 0; cut <= engine->graph().num_layers(); ++cut) {
      const auto result = evaluate_cut(*engine, cut, data, {}).value();
      EXPECT_EQ(result.cut, cut);
      EXPECT_EQ(result.predictions, uncut) << "cut " << cut;
    }
  }
}

TEST(EvaluateCut, CountsTheBytesThatCross) {
  const LabelledImages images = random_images(10);
  const auto engine = engine_of(make_model(kClasses));
  // Pixels travel as bytes, though the model computes on floats.
  const auto input = evaluate_cut(*engine, 0, {images, {}}, {}).value();
  EXPECT_EQ(input.live_bytes, 4 * kSide * kSide);
  EXPECT_GT(input.wire_bytes, kSide * kSide);
  EXPECT_LT(input.wire_bytes, kSide * kSide + 40);
  // Behind "b" the sum still needs "a".
  const auto branch = evaluate_cut(*engine, 2, {images, {}}, {}).value();
  EXPECT_EQ(branch.live_bytes, 2 * 4 * 4 * kSide * kSide);
  EXPECT_GT(branch.wire_bytes, static_cast<double>(branch.live_bytes));
  const auto uncut = evaluate_cut(*engine, engine->graph().num_layers(), {images, {}}, {}).value();
  EXPECT_EQ(uncut.live_bytes, 0);
  EXPECT_EQ(uncut.wire_bytes, 0.0);
}

TEST(EvaluateCut, SeveralWorkersGiveTheSameAndTellOfEveryImage) {
  const LabelledImages images = random_images(333);
  const auto engine = engine_of(make_model(kClasses));
  const auto alone = evaluate_cut(*engine, 2, {images, {}}, {}).value();
  EvaluationOptions options;
  options.workers = 4;
  std::size_t told = 0;
  options.on_images = [&](std::size_t count) { told += count; };
  const auto together = evaluate_cut(*engine, 2, {images, {}}, options).value();
  EXPECT_EQ(together.predictions, alone.predictions);
  EXPECT_EQ(told, 333u);
}

// A clock that ticks with every reading: three readings between four make one tick each.
class TickingClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return 1000 * ticks_++; }

 private:
  mutable std::atomic<std::int64_t> ticks_{0};
};

TEST(EvaluateCut, TimesHeadCodecAndTailByTheClock) {
  const LabelledImages images = random_images(5);
  const auto engine = engine_of(make_model(kClasses));
  const TickingClock clock;
  const auto result = evaluate_cut(*engine, 2, {images, {}}, {}, clock).value();
  EXPECT_DOUBLE_EQ(result.head_s, 1e-6);
  EXPECT_DOUBLE_EQ(result.codec_s, 1e-6);
  EXPECT_DOUBLE_EQ(result.tail_s, 1e-6);
}

TEST(EvaluateCut, RefusesWhatDoesNotFit) {
  const auto engine = engine_of(make_model(kClasses));
  const LabelledImages images = random_images(3);
  EXPECT_EQ(evaluate_cut(*engine, 6, {images, {}}, {}).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(evaluate_cut(*engine, -1, {images, {}}, {}).status().code(), StatusCode::kOutOfRange);
  const LabelledImages coloured = random_images(3, 3);
  EXPECT_NE(classify(*engine, {coloured, {}}, {}).status().message().find("[1,6,6,1]"),
            std::string::npos);
  const auto other = engine_of(make_model(7));
  const Status classes = classify(*other, {images, {}}, {}).status();
  EXPECT_NE(classes.message().find("3 classes"), std::string::npos) << classes.message();
  EXPECT_NE(classes.message().find("[1,7]"), std::string::npos) << classes.message();
}

TEST(EvaluateCut, NoImagesGiveNoPredictions) {
  const auto engine = engine_of(make_model(kClasses));
  const LabelledImages none = random_images(0);
  EXPECT_TRUE(classify(*engine, {none, {}}, {}).value().empty());
}

// Image 3 as an input of this type and shape takes it.
Tensor fed(const LabelledImages& images, const ElementType& type, const Shape& shape,
           const Preprocessing& preprocessing) {
  GraphBuilder builder("feed", "");
  const ValueId x = builder.add_input("x", type, shape).value();
  EXPECT_TRUE(builder.begin_layer("flat", "Flatten").ok());
  const ValueId y = builder.add_op(ReshapeOp{Shape{1, shape.num_elements()}}, {x}).value();
  EXPECT_TRUE(builder.end_layer({y}).ok());
  EXPECT_TRUE(builder.add_output(y).ok());
  const auto graph = builder.build().value();
  return SampleFeed::create(*graph, images, preprocessing).value().tensor(3).value();
}

TEST(SampleFeed, FillsEachTypeOfInput) {
  const LabelledImages images = random_images(4);
  const auto pixels = images.images.as<std::uint8_t>().subspan(3 * kSide * kSide, kSide * kSide);
  const Shape shape{1, kSide, kSide, 1};
  const Preprocessing shares = scaled_by(1.0f / 255.0f, -0.5f);
  const Quantization pixel_steps{{1.0f}, {-128}, -1}, share_steps{{1.0f / 255.0f}, {0}, -1};
  const Tensor real = fed(images, DType::kFloat32, shape, {});
  const Tensor scaled = fed(images, DType::kFloat32, shape, shares);
  const Tensor int8 = fed(images, {DType::kInt8, pixel_steps}, shape, {});
  const Tensor bytes = fed(images, {DType::kUint8, Quantization{{1.0f}, {0}, -1}}, shape, {});
  // Without a statement pixels are stored as they are; with one, what they become is.
  const Tensor raw = fed(images, {DType::kInt8, share_steps}, shape, {});
  const Tensor stored = fed(images, {DType::kInt8, share_steps}, shape, shares);
  const Tensor wide =
      fed(images, {DType::kInt16, Quantization{{255.0f / 32767}, {0}, -1}}, shape, {});
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const int pixel = pixels[i];
    EXPECT_EQ(real.as<float>()[i], static_cast<float>(pixel));
    EXPECT_NEAR(scaled.as<float>()[i], static_cast<float>(pixel) / 255.0f - 0.5f, 1e-6f);
    EXPECT_EQ(int8.as<std::int8_t>()[i], pixel - 128);
    EXPECT_EQ(bytes.as<std::uint8_t>()[i], pixel);
    EXPECT_EQ(raw.as<std::int8_t>()[i], pixel - 128);
    EXPECT_NEAR(stored.as<std::int8_t>()[i], pixel - 127.5, 0.51);
    EXPECT_NEAR(wide.as<std::int16_t>()[i], pixel / 255.0 * 32767, 0.51);
  }
}

TEST(SampleFeed, ScalesEachChannelInEitherLayout) {
  const LabelledImages images = random_images(4, 3);
  Preprocessing preprocessing = scaled_by(1.0f, 0.0f);
  for (std::size_t c = 0; c < 3; ++c) preprocessing.channels[c].offset = 1000.0f * float(c + 1);
  const Tensor last = fed(images, DType::kFloat32, Shape{1, kSide, kSide, 3}, preprocessing);
  const Tensor first = fed(images, DType::kFloat32, Shape{1, 3, kSide, kSide}, preprocessing);
  const auto pixels = images.images.as<std::uint8_t>().subspan(3 * 3 * kSide * kSide);
  constexpr std::size_t kPlane = kSide * kSide;
  for (std::size_t i = 0; i < kPlane; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      const float number = static_cast<float>(pixels[3 * i + c]) + 1000.0f * float(c + 1);
      EXPECT_EQ(last.as<float>()[3 * i + c], number);
      EXPECT_EQ(first.as<float>()[c * kPlane + i], number);
    }
  }
}

TEST(ImageInput, KnowsTheLayoutFromTheShapeOrAsStated) {
  Value input;
  const auto size_of = [&](const Shape& shape, std::optional<bool> first) {
    input.shape = shape;
    Preprocessing preprocessing;
    preprocessing.channels_first = first;
    const auto taken = ImageInput::create(input, preprocessing);
    if (!taken.ok()) return std::vector<std::size_t>{};
    return std::vector{taken->size().height, taken->size().width, taken->size().channels};
  };
  using Size = std::vector<std::size_t>;
  EXPECT_EQ(size_of(Shape{1, 8, 9, 3}, {}), (Size{8, 9, 3}));
  EXPECT_EQ(size_of(Shape{1, 1, 8, 9}, {}), (Size{8, 9, 1}));
  EXPECT_EQ(size_of(Shape{1, 3, 8, 1}, {}), (Size{3, 8, 1}));
  EXPECT_EQ(size_of(Shape{1, 3, 8, 1}, true), (Size{8, 1, 3}));
  EXPECT_EQ(size_of(Shape{1, 3, 8, 9}, false), Size{});
  EXPECT_EQ(size_of(Shape{1, 4, 8, 9}, {}), Size{});
  EXPECT_EQ(size_of(Shape{2, 3, 8, 9}, {}), Size{});
  EXPECT_EQ(size_of(Shape{1, 3, 8}, {}), Size{});
}

TEST(BestClass, IsTheFirstOfTheHighest) {
  const auto graph = make_model(4);
  const ValueId id = graph->outputs()[0];
  EXPECT_EQ(count_classes(*graph), 4U);
  Tensor scores(DType::kFloat32, Shape{1, 4});
  scores.as<float>()[1] = scores.as<float>()[3] = 2.0f;
  EXPECT_EQ(best_class(*graph, id, scores).index, 1);
}

// A dense layer of one number, and what comes after it.
std::shared_ptr<const Graph> make_binary(const std::vector<Op>& after) {
  GraphBuilder builder("binary", "");
  const ValueId x = builder.add_input("x", DType::kFloat32, Shape{1, 2}).value();
  EXPECT_TRUE(builder.begin_layer("all", "Dense").ok());
  ValueId y =
      builder.add_op(DenseOp{}, {x, builder.add_constant(random_weights(Shape{2, 1}, 1))}).value();
  for (const Op& op : after) y = builder.add_op(op, {y}).value();
  EXPECT_TRUE(builder.end_layer({y}).ok());
  EXPECT_TRUE(builder.add_output(y).ok());
  return builder.build().value();
}

TEST(BestClass, OneNumberOfASigmoidIsTheProbabilityOfTheSecondClass) {
  const Op sigmoid = ActivationOp{ActivationKind::kSigmoid};
  for (const auto& graph :
       {make_binary({sigmoid}), make_binary({sigmoid, ReshapeOp{Shape{1, 1, 1}}})}) {
    const ValueId id = find_scores(*graph, 2).value();
    EXPECT_FALSE(find_scores(*graph, 3).ok());
    EXPECT_EQ(count_classes(*graph), 2U);
    Tensor score(DType::kFloat32, graph->value(id).shape);
    for (const auto& [number, index] : {std::pair{0.3f, 0}, {0.5f, 0}, {0.51f, 1}}) {
      score.as<float>()[0] = number;
      const ScoredClass best = best_class(*graph, id, score);
      EXPECT_EQ(best.index, index) << number;
      EXPECT_FLOAT_EQ(best.score, index == 1 ? number : 1 - number);
    }
  }
}

TEST(BestClass, OneNumberWithoutASigmoidIsALogit) {
  const auto graph = make_binary({});
  const ValueId id = find_scores(*graph, 2).value();
  Tensor score(DType::kFloat32, Shape{1, 1});
  score.as<float>()[0] = 0.3f;
  EXPECT_EQ(best_class(*graph, id, score).index, 1);
  EXPECT_NEAR(best_class(*graph, id, score).score, 0.5744425f, 1e-6f);
  score.as<float>()[0] = -2.0f;
  EXPECT_EQ(best_class(*graph, id, score).index, 0);
  EXPECT_NEAR(best_class(*graph, id, score).score, 0.8807971f, 1e-6f);
}

TEST(BestClass, StoredSharesAreProbabilities) {
  GraphBuilder builder("stored", "");
  const Quantization share{{1.0f / 256}, {-128}, -1};
  const ValueId x = builder.add_input("x", {DType::kInt8, share}, Shape{1, 1, 1}).value();
  EXPECT_TRUE(builder.begin_layer("flat", "Flatten").ok());
  const ValueId y = builder.add_op(ReshapeOp{Shape{1, 1}}, {x}).value();
  EXPECT_TRUE(builder.end_layer({y}).ok());
  EXPECT_TRUE(builder.add_output(y).ok());
  const auto graph = builder.build().value();
  Tensor number(DType::kInt8, Shape{1, 1});
  number.as<std::int8_t>()[0] = 64;  // stands for 192/256
  EXPECT_EQ(best_class(*graph, graph->outputs()[0], number).index, 1);
  EXPECT_FLOAT_EQ(best_class(*graph, graph->outputs()[0], number).score, 0.75f);
  number.as<std::int8_t>()[0] = -64;
  EXPECT_EQ(best_class(*graph, graph->outputs()[0], number).index, 0);
}

TEST(EqualShare, CountsEqualEntries) {
  const std::vector<std::int32_t> a{1, 2, 3, 4}, b{1, 0, 3, 0};
  EXPECT_DOUBLE_EQ(equal_share(a, b), 0.5);
  EXPECT_DOUBLE_EQ(equal_share({}, {}), 1.0);
}

}  // namespace
}  // namespace tinysplit
