// NaN, infinities, -0 and denormal numbers, alone and among others: operations keep NaN as Keras
// does, and computed together with the clip behind them they give what they give one by one.
#include "special_numbers.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "engine/engine.h"
#include "graph/graph_builder.h"
#include "kernels/kernel.h"

namespace tinysplit {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kMax = std::numeric_limits<float>::max();

Tensor random_tensor(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& x : tensor.as<float>()) x = static_cast<float>(random() % 2001) / 1000 - 1;
  return tensor;
}

struct Model {
  explicit Model(const Shape& shape) : builder("model", "") {
    last = builder.add_input("in", DType::kFloat32, shape).value();
  }

  void add(const Op& op, std::vector<Tensor> constants = {}) {
    const std::string name = "layer" + std::to_string(layers++);
    ASSERT_TRUE(builder.begin_layer(name, "Test").ok());
    std::vector<ValueId> inputs = {last};
    for (Tensor& each : constants) inputs.push_back(builder.add_constant(std::move(each)));
    const Result<ValueId> out = builder.add_op(op, std::move(inputs));
    ASSERT_TRUE(out.ok()) << out.status().to_string();
    last = *out;
    ASSERT_TRUE(builder.end_layer({last}).ok());
  }

  std::shared_ptr<Engine> engine(BackendPolicy backend = BackendPolicy::kAuto) {
    EXPECT_TRUE(builder.add_output(last).ok());
    EngineOptions options;
    options.backend = backend;
    return Engine::create(builder.build().value(), options).value();
  }

  GraphBuilder builder;
  ValueId last = -1;
  int layers = 0;
};

std::vector<float> run(Engine& engine, int begin, int end, const Tensor& input) {
  const auto segment = engine.make_segment(begin, end);
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  const Status status = (*segment)->run(std::vector<TensorView>{input.view()});
  EXPECT_TRUE(status.ok()) << status.to_string();
  const auto y = (*segment)->output(0).as<float>();
  return {y.begin(), y.end()};
}

void expect_same_bits(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_TRUE(test::same_number(found[i], expected[i]))
        << i << ": " << found[i] << " instead of " << expected[i];
  }
}

struct Kernelled {
  const char* name;
  Op op;
  Shape input;
  Shape kernel;
  std::int64_t filters;
};

std::vector<Kernelled> operations_with_kernels() {
  Conv2dOp same;
  same.spatial.pad_before = same.spatial.pad_after = {1, 1};
  Conv2dOp depthwise = same;
  depthwise.groups = 16;
  ConvTranspose2dOp transposed;
  transposed.spatial.stride = {2, 2};
  return {
      {"conv", same, {1, 9, 7, 3}, {3, 3, 3, 20}, 20},
      {"pointwise", Conv2dOp{}, {1, 5, 5, 16}, {1, 1, 16, 33}, 33},
      {"depthwise", depthwise, {1, 8, 8, 16}, {3, 3, 1, 16}, 16},
      {"transposed", transposed, {1, 4, 5, 6}, {3, 3, 10, 6}, 10},
      {"small dense", DenseOp{}, {1, 37}, {37, 11}, 11},
      {"large dense", DenseOp{}, {1, 1500}, {1500, 40}, 40},
      {"rows of dense", DenseOp{}, {1, 6, 40}, {40, 19}, 19},
  };
}

// With a clip fused behind it, and cut off in front of the clip.
void expect_exact_clip(const Kernelled& with, const Clip& clip, const Tensor& input,
                       BackendPolicy backend) {
  Model model(with.input);
  model.add(with.op, [&] {
    std::vector<Tensor> constants;
    constants.push_back(random_tensor(with.kernel, 3));
    constants.push_back(random_tensor({with.filters}, 4));
    return constants;
  }());
  model.add(ActivationOp{ActivationKind::kClip, clip.low, clip.high});
  const auto engine = model.engine(backend);
  const auto whole = run(*engine, 0, 2, input);
  const auto head = run(*engine, 0, 1, input);
  Tensor cut(DType::kFloat32, engine->graph().value(engine->graph().outputs()[0]).shape);
  std::ranges::copy(head, cut.as<float>().begin());
  expect_same_bits(run(*engine, 1, 2, cut), whole);
  for (std::size_t i = 0; i < head.size(); ++i) {
    const float x = head[i];
    const float expected = std::isnan(x) ? kNan : std::min(std::max(x, clip.low), clip.high);
    ASSERT_TRUE(std::isnan(expected) ? std::isnan(whole[i]) : whole[i] == expected) << i;
  }
}

TEST(SpecialNumbers, AFusedClipKeepsThem) {
  for (const Kernelled& each : operations_with_kernels()) {
    for (const Clip clip : {Clip{0.0f, kInf}, Clip{0.0f, 6.0f}}) {
      for (const BackendPolicy backend :
           {BackendPolicy::kAuto, BackendPolicy::kOneDnn, BackendPolicy::kXnnpack}) {
        for (const float special :
             {kNan, -kNan, kInf, -kInf, -0.0f, 1e-40f, -1e-40f, kMax, -kMax}) {
          SCOPED_TRACE(std::string(each.name) + " with " + std::to_string(special) + ", backend " +
                       std::to_string(static_cast<int>(backend)));
          Tensor one = random_tensor(each.input, 1);
          one.as<float>()[one.as<float>().size() / 2] = special;
          expect_exact_clip(each, clip, one, backend);
          Tensor all(DType::kFloat32, each.input);
          std::ranges::fill(all.as<float>(), special);
          expect_exact_clip(each, clip, all, backend);
        }
      }
    }
  }
}

// NaN makes NaN of every output that it goes into, and of no other.
TEST(SpecialNumbers, NanReachesWhatReadsIt) {
  for (const Kernelled& each : operations_with_kernels()) {
    SCOPED_TRACE(each.name);
    Model model(each.input);
    std::vector<Tensor> constants;
    constants.push_back(random_tensor(each.kernel, 3));
    for (float& w : constants[0].as<float>()) w = w == 0.0f ? 1.0f : w;
    constants.push_back(random_tensor({each.filters}, 4));
    model.add(each.op, std::move(constants));
    model.add(ActivationOp{ActivationKind::kClip, 0.0f, kInf});
    const auto engine = model.engine();
    const Tensor plain = random_tensor(each.input, 1);
    Tensor moved = plain.clone(), with_nan = plain.clone();
    moved.as<float>()[0] += 1000.0f;
    with_nan.as<float>()[0] = kNan;
    const auto before = run(*engine, 0, 1, plain), after = run(*engine, 0, 1, moved);
    const auto found = run(*engine, 0, 2, with_nan);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(std::isnan(found[i]), before[i] != after[i]) << i;
    }
  }
}

float applied(const Op& op, float x, std::size_t count, BackendPolicy backend) {
  Model model({1, static_cast<std::int64_t>(count)});
  model.add(op);
  Tensor input(DType::kFloat32, Shape{1, static_cast<std::int64_t>(count)});
  std::ranges::fill(input.as<float>(), x);
  const auto y = run(*model.engine(backend), 0, 1, input);
  for (const float each : y) EXPECT_TRUE(test::same_number(each, y[0])) << each << " and " << y[0];
  return y[0];
}

TEST(SpecialNumbers, ActivationsOfNanAreNan) {
  using Kind = ActivationKind;
  for (const Kind kind :
       {Kind::kClip, Kind::kSigmoid, Kind::kTanh, Kind::kElu, Kind::kSelu, Kind::kGeluErf,
        Kind::kGeluTanh, Kind::kSwish, Kind::kHardSigmoid, Kind::kHardSwish, Kind::kSoftplus,
        Kind::kExp, Kind::kCelu, Kind::kSoftsign, Kind::kMish, Kind::kScaledTanh, Kind::kScaledSelu,
        Kind::kLinear}) {
    for (const std::size_t count : {1u, 7u, 16u, 61u}) {
      for (const BackendPolicy backend : {BackendPolicy::kAuto, BackendPolicy::kXnnpack}) {
        const ActivationOp op{kind, kind == Kind::kClip ? 0.0f : 1.0f, 6.0f};
        EXPECT_TRUE(std::isnan(applied(op, kNan, count, backend))) << static_cast<int>(kind);
      }
    }
  }
}

// Values of Keras 3 on TensorFlow.
TEST(SpecialNumbers, ActivationsOfInfinitiesAreTheirLimits) {
  using Kind = ActivationKind;
  const auto expect = [](const ActivationOp& op, float below, float above) {
    for (const std::size_t count : {1u, 19u}) {
      const auto same = [](float found, float expected) {
        return std::isnan(expected) ? std::isnan(found) : found == expected;
      };
      const float found_below = applied(op, -kInf, count, BackendPolicy::kAuto);
      const float found_above = applied(op, kInf, count, BackendPolicy::kAuto);
      EXPECT_TRUE(same(found_below, below)) << static_cast<int>(op.kind) << ": " << found_below;
      EXPECT_TRUE(same(found_above, above)) << static_cast<int>(op.kind) << ": " << found_above;
    }
  };
  expect({Kind::kClip, 0.0f, kInf}, 0.0f, kInf);
  expect({Kind::kClip, 0.0f, 6.0f}, 0.0f, 6.0f);
  expect({Kind::kSigmoid}, 0.0f, 1.0f);
  expect({Kind::kTanh}, -1.0f, 1.0f);
  expect({Kind::kElu, 1.0f}, -1.0f, kInf);
  expect({Kind::kCelu, 1.0f}, -1.0f, kInf);
  expect({Kind::kSoftplus}, 0.0f, kInf);
  expect({Kind::kExp}, 0.0f, kInf);
  expect({Kind::kHardSigmoid, 1.0f / 6, 0.5f}, 0.0f, 1.0f);
  expect({Kind::kHardSwish}, kNan, kInf);
  expect({Kind::kSwish}, kNan, kInf);
  expect({Kind::kGeluErf}, kNan, kInf);
  expect({Kind::kSoftsign}, kNan, kNan);
}

TEST(SpecialNumbers, ReductionsAndChoicesKeepNan) {
  for (const std::size_t place : {0u, 1u, 8u, 16u, 39u}) {
    Tensor input = random_tensor({1, 40}, 2);
    input.as<float>()[place] = kNan;
    for (const ReduceKind kind : {ReduceKind::kMax, ReduceKind::kMin, ReduceKind::kLogSumExp}) {
      Model model({1, 40});
      model.add(ReduceOp{kind, {1}, true});
      EXPECT_TRUE(std::isnan(run(*model.engine(), 0, 1, input)[0])) << place;
    }
    for (const BinaryKind kind : {BinaryKind::kMaximum, BinaryKind::kMinimum}) {
      Model model({1, 40});
      model.add(BinaryOp{kind}, [] {
        std::vector<Tensor> constants;
        constants.push_back(random_tensor({40}, 5));
        return constants;
      }());
      const auto y = run(*model.engine(), 0, 1, input);
      for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i == place) << i;
    }
    Model softmax({1, 40});
    softmax.add(SoftmaxOp{1, false});
    for (const float y : run(*softmax.engine(), 0, 1, input)) EXPECT_TRUE(std::isnan(y));
  }
  Model pooled({1, 3, 3, 2});
  pooled.add(GlobalPoolOp{PoolKind::kMax});
  Tensor image = random_tensor({1, 3, 3, 2}, 6);
  image.as<float>()[7] = kNan;
  const auto y = run(*pooled.engine(), 0, 1, image);
  EXPECT_FALSE(std::isnan(y[0]));
  EXPECT_TRUE(std::isnan(y[1]));
}

// The maximum over a window passes over NaN, as Keras' does.
TEST(SpecialNumbers, MaxPoolingPassesOverNan) {
  for (const std::int64_t channels : {1, 3, 16, 19}) {
    Model model({1, 2, 4, channels});
    Pool2dOp op;
    op.window = {2, 2};
    op.spatial.stride = {2, 2};
    model.add(op);
    const auto engine = model.engine();
    for (const std::size_t place : {0u, 1u, 4u, 5u}) {
      Tensor input(DType::kFloat32, Shape{1, 2, 4, channels});
      std::ranges::fill(input.as<float>(), -2.0f);
      for (std::int64_t c = 0; c < channels; ++c) {
        input
            .as<float>()[place * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)] =
            kNan;
      }
      for (const float y : run(*engine, 0, 1, input)) EXPECT_EQ(y, -2.0f) << place;
    }
  }
}

}  // namespace
}  // namespace tinysplit
