#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "core/random.h"
#include "formats/image/png_writer.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A data set of bright and dark images.
class TrainCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    Random random(1);
    for (int i = 0; i < 60; ++i) {
      const bool is_bright = i % 2 == 1;
      const fs::path folder = folder_.path(is_bright ? "data/bright" : "data/dark");
      fs::create_directories(folder);
      std::vector<std::uint8_t> pixels(64);
      for (auto& pixel : pixels) {
        pixel = static_cast<std::uint8_t>(random.below(120) + (is_bright ? 130 : 0));
      }
      write_bytes(folder / (std::to_string(i) + ".png"), *encode_png(pixels, {8, 8, 1}));
    }
  }

  // Where a training writes to; the model is always called "model".
  std::string output(const std::string& place) const { return folder_.path(place + "/model"); }
  std::string model_in(const std::string& place) const {
    return read_bytes(output(place) + "/model.keras");
  }

  std::vector<std::string> arguments(const std::string& place,
                                     const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"train",
                                      "--arch",
                                      "original",
                                      "--input",
                                      "8x8x1",
                                      "--batch",
                                      "4",
                                      "--augment",
                                      "shift=1",
                                      "--dataset",
                                      folder_.path("data"),
                                      "--output",
                                      output(place)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryFolder folder_;
};

TEST_F(TrainCommand, MakesAModelFolder) {
  const Finished finished = run(arguments("a", {"--epochs", "12", "--json"}));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const Json json = Json::parse(finished.out);
  EXPECT_EQ(json.at("epochs").size(), 12U);
  EXPECT_GT(json.at("accuracy").get<double>(), 0.8);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(output("a"))) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"README.md", "analytics.json", "confusion.svg", "data",
                                             "labels.txt", "model.keras", "training.svg"}));
  const Finished inferred =
      run({"infer", output("a"), "--input", output("a") + "/data/0_bright_a.png"});
  EXPECT_EQ(inferred.exit_code, 0) << inferred.err;
  EXPECT_NE(inferred.out.find("bright"), std::string::npos) << inferred.out;
}

TEST_F(TrainCommand, KilledGoesOnToTheSameBits) {
  ASSERT_EQ(run(arguments("whole", {"--epochs", "12"})).exit_code, 0);
  {
    Process killed(arguments("killed", {"--epochs", "12"}));
    // The checkpoint of an epoch is there before the next one is reported.
    ASSERT_TRUE(killed.read_line() && killed.read_line());
    killed.signal(SIGKILL);
    EXPECT_EQ(killed.finish().exit_code, 128 + SIGKILL);
  }
  expect_refused(run(arguments("killed")), 2, "--resume");
  expect_refused(run({"train", "--resume", "--epochs", "5", "--output", output("killed")}), 2,
                 "epochs is 12, not 5");
  const Finished resumed = run({"train", "--resume", "--output", output("killed")});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(model_in("killed"), model_in("whole"));
  EXPECT_FALSE(fs::exists(output("killed") + "/training.checkpoint"));
}

TEST_F(TrainCommand, InterruptedSaysHowToGoOn) {
  {
    Process interrupted(arguments("b", {"--epochs", "100000"}));
    ASSERT_TRUE(interrupted.read_line().has_value());
    interrupted.signal(SIGINT);
    const Finished finished = interrupted.finish();
    EXPECT_EQ(finished.exit_code, 128 + SIGINT);
    EXPECT_NE(finished.err.find("tinysplit train --resume --output " + output("b")),
              std::string::npos)
        << finished.err;
  }
  EXPECT_TRUE(fs::exists(output("b") + "/training.checkpoint"));
  write_bytes(output("b") + "/training.checkpoint", "TSCKPT01");
  expect_refused(run({"train", "--resume", "--output", output("b")}), 2, "training.checkpoint");
}

TEST_F(TrainCommand, StartsFromWeights) {
  ASSERT_EQ(run(arguments("first", {"--epochs", "12"})).exit_code, 0);
  // So slow that nothing is learned.
  const std::vector<std::string> still = {"--epochs", "1", "--learning-rate", "1e-9", "--json"};
  const auto accuracy = [&](const std::string& place, std::vector<std::string> more) {
    more.insert(more.end(), still.begin(), still.end());
    const Finished finished = run(arguments(place, more));
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return Json::parse(finished.out).at("accuracy").get<double>();
  };
  EXPECT_LT(accuracy("drawn", {}), 0.7);
  EXPECT_GT(accuracy("taken", {"--weights", output("first")}), 0.8);
  std::vector<std::string> words = {"train",       "--weights",          output("first"),
                                    "--dataset",   folder_.path("data"), "--output",
                                    output("same")};
  words.insert(words.end(), still.begin(), still.end());
  const Finished same = run(words);
  ASSERT_EQ(same.exit_code, 0) << same.err;
  EXPECT_NE(same.err.find("6 of the network's 6 weights are those of " + output("first")),
            std::string::npos)
      << same.err;
  expect_refused(run(arguments("none", {"--weights", model_path("fashion_resnet")})), 2,
                 "scales pixels in");
  write_bytes(output("same") + "/preprocessing.json", "{}");
  expect_refused(run(words), 2, "take raw ones");
}

TEST_F(TrainCommand, KeepsWhatIsThere) {
  ASSERT_EQ(run(arguments("a", {"--epochs", "1"})).exit_code, 0);
  const std::string finished = model_in("a");
  expect_refused(run(arguments("a", {"--epochs", "2"})), 2, "--force");
  EXPECT_EQ(model_in("a"), finished);
  {
    // Until the other is finished, the model stays; the checkpoint is gone on from as always.
    Process begun(arguments("a", {"--epochs", "100000", "--force"}));
    ASSERT_TRUE(begun.read_line().has_value());
    begun.signal(SIGKILL);
    begun.finish();
  }
  EXPECT_EQ(model_in("a"), finished);
  fs::remove(output("a") + "/training.checkpoint");
  EXPECT_EQ(run(arguments("a", {"--epochs", "2", "--force"})).exit_code, 0);
  EXPECT_NE(model_in("a"), finished);

  for (const char* const name : {"README.md", "labels.txt", "training.svg", "analytics.json"}) {
    const std::string place = std::string("with_") + name;
    fs::create_directories(output(place));
    write_bytes(output(place) + "/" + name, "mine");
    expect_refused(run(arguments(place, {"--force"})), 2, name);
    EXPECT_EQ(read_bytes(output(place) + "/" + name), "mine");
  }
  fs::create_directories(output("file"));
  write_bytes(output("file") + "/data", "a file");
  expect_refused(run(arguments("file")), 2, "in the way");
}

TEST_F(TrainCommand, WritesNothingAmongTheImages) {
  for (const std::string place : {"data", "data/model", "data/dark/../model"}) {
    std::vector<std::string> words = arguments("");
    words.back() = folder_.path(place);
    expect_refused(run(words), 2, "taken for a class");
  }
  EXPECT_FALSE(fs::exists(folder_.path("data/model")));
}

// Without --epochs and --batch.
std::vector<std::string> by_itself(const std::string& data, const std::string& output) {
  return {"train",     "--arch", "original", "--input", "8x8x1",
          "--dataset", data,     "--output", output,    "--json"};
}

TEST_F(TrainCommand, FewImagesAreLearnedByDefault) {
  const Finished finished = run(by_itself(folder_.path("data"), output("few")));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.err.find("54 images for training"), std::string::npos) << finished.err;
  const Json json = Json::parse(finished.out);
  EXPECT_GT(json.at("epochs").size(), 10U);
  EXPECT_EQ(json.at("accuracy"), 1.0);
  EXPECT_EQ(json.at("note"), "");
  ASSERT_EQ(json.at("classes").size(), 2U);
  EXPECT_EQ(json.at("classes")[0].at("name"), "bright");
  EXPECT_EQ(json.at("classes")[1].at("images"), 3);
  const std::string readme = read_bytes(output("few") + "/README.md");
  EXPECT_NE(readme.find("| dark | 100.00% | 3 |"), std::string::npos) << readme;
  EXPECT_NE(readme.find("--epochs"), std::string::npos) << "the numbers chosen are to be repeated";
}

TEST_F(TrainCommand, CallsOutWhatIsNoBetterThanChance) {
  const Finished finished = run(arguments("still", {"--epochs", "1", "--learning-rate", "1e-12"}));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find("Little was learned"), std::string::npos) << finished.out;
  EXPECT_NE(read_bytes(output("still") + "/README.md").find("Little was learned"),
            std::string::npos);
}

TEST_F(TrainCommand, SaysWhichImagesWereTestedAndWhichLeftOut) {
  fs::create_directories(folder_.path("parts"));
  fs::copy(folder_.path("data"), folder_.path("parts/Training"), fs::copy_options::recursive);
  fs::copy(folder_.path("data"), folder_.path("parts/testing"), fs::copy_options::recursive);
  fs::create_directories(folder_.path("parts/more"));
  write_bytes(folder_.path("parts/Training/dark/a.tiff"), "II*");
  Finished finished = run(by_itself(folder_.path("parts"), output("split")));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out).at("images"), 60);
  EXPECT_EQ(Json::parse(finished.out).at("images_are"), "test");
  EXPECT_NE(finished.err.find("more is left out"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("1 .tiff"), std::string::npos) << finished.err;

  // Nothing is held out: that its accuracy tells little is said.
  finished = run(arguments("seen", {"--validation", "0", "--epochs", "1"}));
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find("images that it was trained on"), std::string::npos) << finished.out;

  fs::remove_all(folder_.path("data/dark"));
  expect_refused(run(arguments("single")), 2, "one class");
}

TEST_F(TrainCommand, SaysWhatIsWrong) {
  expect_refused(run({"train", "--arch", "original", "--output", output("c")}), 2, "--dataset");
  expect_refused(run({"train", "--resume", "--output", output("d")}), 3, "training.checkpoint");
  expect_refused(run(arguments("e", {"--optimizer", "lion"})), 2, "lion");
  expect_refused(run(arguments("f", {"--epochs", "0"})), 2, "epochs");
  write_bytes(folder_.path("data/dark/0.png"), "no image");
  expect_refused(run(arguments("g")), 2, "data/dark/0.png");
  const Finished skipped = run(arguments("h", {"--skip-bad-images", "--epochs", "1"}));
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_NE(skipped.err.find("left out: " + folder_.path("data/dark/0.png")), std::string::npos);
  const Finished exploded = run(arguments("i", {"--skip-bad-images", "--learning-rate", "1e30",
                                                "--optimizer", "sgd", "--warmup", "0"}));
  EXPECT_EQ(exploded.exit_code, 2);
  EXPECT_NE(exploded.err.find("not a finite number"), std::string::npos) << exploded.err;
}

}  // namespace
}  // namespace tinysplit::test
