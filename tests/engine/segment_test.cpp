#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

#include "engine/engine.h"
#include "engine/named_run.h"
#include "engine/profiler.h"
#include "formats/model_reader.h"

namespace tinysplit {
namespace {

std::shared_ptr<Engine> bundled(const std::string& name, BackendPolicy backend) {
  const std::filesystem::path folder =
      std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "models" / name;
  const auto graph = read_model(folder / (name + ".keras"));
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  EngineOptions options;
  options.backend = backend;
  return Engine::create(*graph, options).value();
}

std::shared_ptr<Engine> bundled(const std::string& name) {
  return bundled(name, BackendPolicy::kAuto);
}

Tensor ramp(const Shape& shape) {
  Tensor tensor(DType::kFloat32, shape);
  std::iota(tensor.as<float>().begin(), tensor.as<float>().end(), 0.0f);
  for (float& value : tensor.as<float>()) value = static_cast<float>(static_cast<int>(value) % 256);
  return tensor;
}

std::vector<float> output_of(Engine& engine) {
  auto segment = engine.make_segment(0, engine.graph().num_layers()).value();
  const Tensor input = ramp(engine.graph().value(engine.graph().inputs()[0]).shape);
  const TensorView view = input.view();
  EXPECT_TRUE(segment->run({&view, 1}).ok());
  const auto values = segment->output(0).as<float>();
  return {values.begin(), values.end()};
}

TEST(Segment, BackendsAgree) {
  for (const char* name : {"test_model", "fashion_resnet"}) {
    const auto onednn = output_of(*bundled(name, BackendPolicy::kOneDnn));
    const auto xnnpack = output_of(*bundled(name, BackendPolicy::kXnnpack));
    ASSERT_EQ(onednn.size(), xnnpack.size());
    for (std::size_t i = 0; i < onednn.size(); ++i) EXPECT_NEAR(onednn[i], xnnpack[i], 1e-4f);
  }
}

TEST(Segment, RejectsLayersThatAreNotThere) {
  const auto engine = bundled("test_model");
  EXPECT_EQ(engine->make_segment(-1, 2).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(engine->make_segment(3, 2).status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(engine->make_segment(0, 6).status().code(), StatusCode::kOutOfRange);
}

TEST(Segment, RejectsAnotherShape) {
  const auto engine = bundled("test_model");
  auto segment = engine->make_segment(0, 5).value();
  const Tensor wrong = ramp(Shape{1, 20, 20, 1});
  const TensorView view = wrong.view();
  EXPECT_EQ(segment->run({&view, 1}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(segment->run(std::span<const TensorView>()).code(), StatusCode::kInvalidArgument);
}

TEST(Segment, RunsAgainWithTheSameResult) {
  const auto engine = bundled("fashion_resnet");
  EXPECT_EQ(output_of(*engine), output_of(*engine));
}

TEST(Segment, ThreadsShareAnEngine) {
  const auto engine = bundled("fashion_resnet");
  const auto expected = output_of(*engine);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& result : found) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) result = output_of(*engine);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : found) EXPECT_EQ(result, expected);
}

TEST(Segment, SharesMemoryBetweenValues) {
  const auto engine = bundled("fashion_resnet");
  const auto segment = engine->make_segment(0, engine->graph().num_layers()).value();
  std::size_t all = 0;
  for (const Value& value : engine->graph().values()) {
    if (!value.is_constant()) all += value.num_bytes();
  }
  EXPECT_LT(segment->arena_bytes(), all);
}

TEST(NamedRun, TakesABatchAndIntegers) {
  const auto engine = bundled("test_model");
  auto segment = engine->make_segment(0, 5).value();
  Tensor batch(DType::kUint8, Shape{3, 20, 20, 3});
  for (std::size_t i = 0; i < batch.num_bytes(); ++i)
    batch.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(i % 251);
  std::vector<NamedTensor> inputs;
  inputs.push_back({"", batch.clone()});
  const auto all = run_named(*segment, engine->graph(), std::move(inputs));
  ASSERT_TRUE(all.ok()) << all.status().to_string();
  ASSERT_EQ(all->front().tensor.shape().to_string(), "[3,2]");
  for (std::size_t sample = 0; sample < 3; ++sample) {
    Tensor one(DType::kUint8, Shape{20, 20, 3});
    std::memcpy(one.data(), batch.data() + sample * 1200, 1200);
    std::vector<NamedTensor> single;
    single.push_back({"", std::move(one)});
    const auto alone = run_named(*segment, engine->graph(), std::move(single));
    ASSERT_TRUE(alone.ok());
    EXPECT_EQ(std::memcmp(alone->front().tensor.data(), all->front().tensor.data() + sample * 8, 8),
              0);
  }
}

TEST(NamedRun, NamesTheTensorThatIsMissing) {
  const auto engine = bundled("fashion_resnet");
  auto segment = engine->make_segment(0, engine->graph().num_layers()).value();
  const auto status = run_named(*segment, engine->graph(), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  const std::string& name = engine->graph().value(engine->graph().inputs()[0]).name;
  EXPECT_NE(status.message().find(name), std::string::npos);
}

// Every reading is a millisecond after the one before.
class TickingClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return now_ns_ += 1'000'000; }

 private:
  mutable std::int64_t now_ns_ = 0;
};

TEST(Profiler, GivesFoldedLayersNoTimeOfTheirOwn) {
  const auto engine = bundled("fashion_resnet");
  ProfileOptions options;
  options.runs = 3;
  const auto analytics = profile_model(*engine, {}, options, TickingClock());
  ASSERT_TRUE(analytics.ok()) << analytics.status().to_string();
  ASSERT_EQ(analytics->num_layers(), engine->graph().num_layers());
  bool folded = false;
  for (const LayerAnalytics& layer : analytics->layers) {
    if (layer.kind == "Conv2D") {
      EXPECT_NEAR(layer.time_s, 1e-3, 1e-9);
    }
    if (layer.kind == "BatchNormalization") folded = folded || layer.time_s == 0.0;
  }
  EXPECT_TRUE(folded);
}

}  // namespace
}  // namespace tinysplit
