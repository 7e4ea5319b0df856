#include "training/training_run.h"

#include <gtest/gtest.h>

#include <cmath>

#include "training/named_architectures.h"
#include "training/training_images.h"

namespace tinysplit::training {
namespace {

constexpr ImageSize kRunSize{8, 8, 1};
constexpr std::int64_t kBatch = 16;

// Small, and with all that keeps state of its own: batch normalisation, dropout, momenta.
constexpr const char* kConfig = R"({"class_name": "Sequential", "config": {"name": "tiny",
 "layers": [
  {"class_name": "InputLayer", "config": {"batch_shape": [null, 8, 8, 1], "name": "image"}},
  {"class_name": "Rescaling", "config": {"name": "scale", "scale": 0.004, "offset": 0.0}},
  {"class_name": "Conv2D", "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3]}},
  {"class_name": "BatchNormalization", "config": {"name": "norm", "momentum": 0.9}},
  {"class_name": "Activation", "config": {"name": "relu", "activation": "relu"}},
  {"class_name": "Flatten", "config": {"name": "flatten"}},
  {"class_name": "Dropout", "config": {"name": "dropout", "rate": 0.2}},
  {"class_name": "Dense", "config": {"name": "classes", "units": 3, "activation": "softmax"}}
 ]}})";

class TrainingRuns : public testing::Test {
 protected:
  TrainingOptions options() const {
    TrainingOptions options;
    options.epochs = 4;
    options.batches.batch = kBatch;
    options.batches.augmentation.shift = 1;
    options.schedule.rate = 0.01;
    return options;
  }

  Result<TrainingRun> make_run(const TrainingOptions& options, const Clock& clock) const {
    Result<Architecture> architecture = parse_architecture(kConfig);
    if (!architecture.ok()) return architecture.status();
    NetworkOptions network_options;
    network_options.batch = kBatch;
    Result<Network> network = Network::create(
        std::make_shared<const Architecture>(std::move(*architecture)), network_options);
    if (!network.ok()) return network.status();
    return TrainingRun::create(std::move(*network), train_, &validation_, options, "{}", clock);
  }
  TrainingRun run_with(const TrainingOptions& options) const {
    Result<TrainingRun> run = make_run(options, clock_);
    EXPECT_TRUE(run.ok()) << run.status().to_string();
    return std::move(*run);
  }

  ManualClock clock_;
  LabelledImages train_ = test::striped_images(100, 3, kRunSize, 1);
  LabelledImages validation_ = test::striped_images(40, 3, kRunSize, 2);
};

// All weights as bytes.
std::string bytes_of(const Network& network) {
  std::string bytes;
  for (std::size_t i = 0; i < network.architecture().parameters.size(); ++i) {
    const auto parameter = network.parameter(i).bytes();
    bytes.append(reinterpret_cast<const char*>(parameter.data()), parameter.size());
  }
  return bytes;
}

TEST_F(TrainingRuns, Learn) {
  TrainingOptions longer = options();
  longer.epochs = 15;
  TrainingRun run = run_with(longer);
  ASSERT_TRUE(run.run({}).ok());
  ASSERT_EQ(run.history().size(), 15U);
  EXPECT_LT(run.history().back().loss, 0.5 * run.history().front().loss);
  EXPECT_GT(run.history().back().validation_accuracy, 0.9);
  EXPECT_EQ(run.history().back().images, 96);
}

TEST_F(TrainingRuns, OfAnyLengthLearnSomething) {
  // A warm-up as long as the training, or longer, would begin and end at a rate of 0.
  for (const double warmup : {0.0, 1.0, 3.0}) {
    for (const std::size_t images :
         {std::size_t{4}, std::size_t{kBatch}, std::size_t{kBatch} + 1}) {
      train_ = test::striped_images(images, 3, kRunSize, 1);
      TrainingOptions shortest = options();
      shortest.epochs = 1;
      shortest.schedule.warmup_epochs = warmup;
      TrainingRun run = run_with(shortest);
      const std::string before = bytes_of(run.network());
      ASSERT_TRUE(run.run({}).ok());
      EXPECT_NE(bytes_of(run.network()), before) << images << " images, warm-up " << warmup;
    }
  }
}

TEST_F(TrainingRuns, GiveTheSameBitsEachTime) {
  TrainingRun first = run_with(options());
  TrainingRun second = run_with(options());
  ASSERT_TRUE(first.run({}).ok() && second.run({}).ok());
  EXPECT_EQ(bytes_of(first.network()), bytes_of(second.network()));
}

TEST_F(TrainingRuns, StoppedAfterAnyStepGoOnAsIfTheyHadNotBeen) {
  TrainingRun whole = run_with(options());
  int steps = 0;
  TrainingHooks counting;
  counting.on_step = [&](const TrainingProgress&) { ++steps; };
  ASSERT_TRUE(whole.run(counting).ok());
  for (int stop_at = 0; stop_at <= steps; stop_at += 3) {
    std::string kept;
    TrainingHooks hooks;
    int step = 0;
    hooks.on_step = [&](const TrainingProgress&) { ++step; };
    hooks.should_stop = [&] { return step == stop_at; };
    hooks.save = [&](const Checkpoint& checkpoint) {
      kept = format_checkpoint(checkpoint);
      return ok_status();
    };
    TrainingRun stopped = run_with(options());
    const Status status = stopped.run(hooks);
    EXPECT_EQ(status.code(), stop_at < steps ? StatusCode::kCancelled : StatusCode::kOk);

    TrainingRun resumed = run_with(options());
    ASSERT_TRUE(resumed.restore(*parse_checkpoint(kept)).ok());
    ASSERT_TRUE(resumed.run({}).ok());
    EXPECT_EQ(bytes_of(resumed.network()), bytes_of(whole.network())) << stop_at;
    ASSERT_EQ(resumed.history().size(), whole.history().size());
    for (std::size_t i = 0; i < whole.history().size(); ++i) {
      EXPECT_EQ(resumed.history()[i].loss, whole.history()[i].loss);
      EXPECT_EQ(resumed.history()[i].accuracy, whole.history()[i].accuracy);
      EXPECT_EQ(resumed.history()[i].validation_loss, whole.history()[i].validation_loss);
    }
  }
}

TEST_F(TrainingRuns, KeepTheBestWeightsWhenTheyStopEarly) {
  TrainingOptions wild = options();
  wild.epochs = 60;
  wild.patience = 3;
  wild.schedule.kind = ScheduleKind::kConstant;
  wild.schedule.rate = 0.2;
  TrainingRun run = run_with(wild);
  ASSERT_TRUE(run.run({}).ok());
  const auto epochs = std::int64_t(run.history().size());
  ASSERT_LT(epochs, wild.epochs);
  EXPECT_EQ(epochs, run.best_epoch() + wild.patience);
  const auto best = std::size_t(run.best_epoch() - 1);
  for (const EpochRecord& record : run.history()) {
    EXPECT_GE(record.validation_loss, run.history()[best].validation_loss);
  }
  BatchOptions batches = wild.batches;
  const auto score = score_network(run.network(), validation_, batches);
  EXPECT_EQ(score->loss, run.history()[best].validation_loss);
}

TEST_F(TrainingRuns, SayWhereTheLossIsNoNumberAndKeepNoSuchCheckpoint) {
  TrainingOptions exploding = options();
  exploding.optimizer.kind = OptimizerKind::kSgd;
  exploding.schedule.rate = 1e30;
  exploding.schedule.warmup_epochs = 2.0;
  exploding.checkpoint_seconds = 0.0;
  TrainingRun run = run_with(exploding);
  std::vector<std::string> kept;
  TrainingHooks hooks;
  hooks.save = [&](const Checkpoint& checkpoint) {
    kept.push_back(format_checkpoint(checkpoint));
    return ok_status();
  };
  const Status status = run.run(hooks);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("not a finite number"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("epoch 1"), std::string::npos) << status.message();
  for (const std::string& bytes : kept) {
    const Result<Checkpoint> checkpoint = parse_checkpoint(bytes);
    ASSERT_TRUE(checkpoint.ok());
    for (const Tensor& tensor : checkpoint->parameters) {
      for (const float value : tensor.as<float>()) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

TEST_F(TrainingRuns, EndWithTheErrorOfKeepingACheckpoint) {
  TrainingRun run = run_with(options());
  TrainingHooks hooks;
  hooks.save = [](const Checkpoint&) { return resource_exhausted("the disk is full"); };
  EXPECT_EQ(run.run(hooks).message(), "the disk is full");
  EXPECT_EQ(run.history().size(), 1U);
}

TEST_F(TrainingRuns, KeepACheckpointEverySoOften) {
  TrainingOptions often = options();
  often.checkpoint_seconds = 10.0;
  TrainingRun run = run_with(often);
  std::vector<std::pair<std::int64_t, std::int64_t>> kept;
  TrainingHooks hooks;
  hooks.on_step = [&](const TrainingProgress&) { clock_.advance_ns(6'000'000'000); };
  hooks.save = [&](const Checkpoint& checkpoint) {
    kept.emplace_back(checkpoint.epoch, checkpoint.batch);
    return ok_status();
  };
  ASSERT_TRUE(run.run(hooks).ok());
  ASSERT_GE(kept.size(), 5U);
  EXPECT_EQ(kept[0], (std::pair<std::int64_t, std::int64_t>{0, 3}));
  EXPECT_EQ(kept.back(), (std::pair<std::int64_t, std::int64_t>{4, 0}));
}

TEST_F(TrainingRuns, RefuseACheckpointOfOtherData) {
  Checkpoint kept;
  TrainingHooks hooks;
  hooks.save = [&](const Checkpoint& checkpoint) {
    kept = *parse_checkpoint(format_checkpoint(checkpoint));
    return ok_status();
  };
  ASSERT_TRUE(run_with(options()).run(hooks).ok());
  Checkpoint other = *parse_checkpoint(format_checkpoint(kept));
  other.parameters.pop_back();
  EXPECT_NE(run_with(options()).restore(std::move(other)).message().find("another network"),
            std::string::npos);
  train_.labels[5] = (train_.labels[5] + 1) % 3;
  EXPECT_NE(run_with(options()).restore(std::move(kept)).message().find("images have changed"),
            std::string::npos);
}

TEST_F(TrainingRuns, RefuseWhatDoesNotFit) {
  train_ = test::striped_images(10, 3, {9, 8, 1});
  EXPECT_NE(make_run(options(), clock_).status().message().find("another size"), std::string::npos);
  train_ = test::striped_images(10, 3, kRunSize);
  TrainingOptions large = options();
  large.batches.batch = kBatch + 1;
  EXPECT_FALSE(make_run(large, clock_).ok());
}

TEST(Task, FollowsFromTheEndOfTheNetwork) {
  const auto task = [](const char* name, std::int64_t outputs, std::size_t classes) {
    const std::vector<std::int64_t> input{20, 20, 3};
    return task_of(*parse_architecture(*named_architecture(name, input, outputs)), classes);
  };
  EXPECT_EQ(task("resnet8", 5, 5)->loss, LossKind::kCrossEntropy);
  EXPECT_EQ(task("original", 5, 5)->loss, LossKind::kBinaryCrossEntropy);
  EXPECT_EQ(task("original", 1, 2)->target, TargetKind::kYesOrNo);
  EXPECT_EQ(task("autoencoder", 0, 5)->target, TargetKind::kInput);
  EXPECT_EQ(task("autoencoder", 0, 5)->loss, LossKind::kMeanSquaredError);
  EXPECT_EQ(task("autoencoder", 0, 1)->target, TargetKind::kInput);
  EXPECT_NE(task("resnet8", 1, 1).status().message().find("one class"), std::string::npos);
  EXPECT_NE(task("original", 1, 1).status().message().find("one class"), std::string::npos);
  EXPECT_NE(task("resnet8", 5, 6).status().message().find("6 classes"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit::training
