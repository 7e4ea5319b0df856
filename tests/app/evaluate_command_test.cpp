#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/process.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// The images beside the bundled model, in folders by class: their names begin with its number.
void sort_into_classes(const fs::path& images, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(images)) {
    const fs::path name = entry.path().filename();
    const fs::path folder = to / name.stem();
    fs::create_directories(folder);
    fs::copy_file(entry.path(), folder / name);
  }
}

TEST(EvaluateCommand, FashionMnistIsRecognised) {
  const Finished finished = run({"evaluate", model_path("fashion_resnet"), "--dataset",
                                 "fashion-mnist", "--cut", "6", "--limit", "600", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const Json result = Json::parse(finished.out);
  EXPECT_EQ(result.at("images"), 600);
  EXPECT_GT(result.at("accuracy").get<double>(), 0.88);
  EXPECT_LT(result.at("accuracy").get<double>(), 0.97);
  EXPECT_EQ(result.at("agreement"), 1.0);
  ASSERT_EQ(result.at("cuts").size(), 1u);
  const Json& cut = result.at("cuts")[0];
  EXPECT_EQ(cut.at("cut"), 6);
  EXPECT_EQ(cut.at("after"), "stem_pool");
  EXPECT_EQ(cut.at("live_bytes"), 14 * 14 * 16 * 4);
  EXPECT_GT(cut.at("wire_bytes").get<double>(), 14 * 14 * 16 * 4);
  EXPECT_GT(cut.at("tail_s").get<double>(), 0.0);
}

TEST(EvaluateCommand, EveryCutOfAFolderOfImages) {
  const TemporaryFolder folder;
  const fs::path model = model_path("fashion_resnet");
  sort_into_classes(model / "data", folder.path("images"));
  const std::string svg = folder.path("cuts.svg");
  const Finished finished = run({"evaluate", model, "--dataset", folder.path("images"),
                                 "--all-cuts", "--svg", svg, "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const Json result = Json::parse(finished.out);
  EXPECT_EQ(result.at("images"), 10);
  EXPECT_EQ(result.at("cuts").size(), 52u);
  for (const Json& cut : result.at("cuts")) {
    EXPECT_GE(cut.at("accuracy").get<double>(), 0.8) << cut;
    EXPECT_EQ(cut.at("agreement"), 1.0) << cut;
  }
  EXPECT_NE(read_bytes(svg).find("<svg"), std::string::npos);
  const Finished table = run({"evaluate", model, "--dataset", folder.path("images")});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_NE(table.out.find("10 images"), std::string::npos) << table.out;
}

TEST(EvaluateCommand, ImagesThatAreBrokenAreNamedAndLeftOut) {
  const TemporaryFolder folder;
  const fs::path model = model_path("fashion_resnet");
  sort_into_classes(model / "data", folder.path("images"));
  const fs::path first = fs::directory_iterator(folder.path("images"))->path();
  write_bytes(first / "broken.png", "\x89PNG\r\n\x1a\nno more");
  const Finished finished = run({"evaluate", model, "--dataset", folder.path("images"), "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out).at("skipped"), 1);
  EXPECT_NE(finished.err.find("broken.png"), std::string::npos);
}

// A model and images of two classes, told apart by one sigmoid.
const std::string kBinary = std::string(TINYSPLIT_SOURCE_DIR) + "/tests/data/binary_sigmoid";

TEST(EvaluateCommand, NamesDecideWhichClassIsWhich) {
  const TemporaryFolder folder;
  const fs::path model = model_path("fashion_resnet");
  // In the order of their names "bag" is the first class; of the model it is the ninth.
  for (const auto& entry : fs::directory_iterator(model / "data")) {
    const std::string name = entry.path().stem().string().substr(3);
    fs::create_directories(fs::path(folder.path("named")) / name);
    fs::copy_file(entry.path(), fs::path(folder.path("named")) / name / "x.png");
    if (name != "bag" && name != "dress") continue;
    fs::create_directories(fs::path(folder.path("some")) / name);
    fs::copy_file(entry.path(), fs::path(folder.path("some")) / name / "x.png");
  }
  for (const char* const images : {"named", "some"}) {
    const Finished finished = run({"evaluate", model, "--dataset", folder.path(images), "--json"});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    EXPECT_GE(Json::parse(finished.out).at("accuracy").get<double>(), 0.9) << images;
    EXPECT_EQ(finished.err, "");
  }
  fs::create_directories(folder.path("some/hat"));
  fs::copy_file(model / "data/03_dress.png", folder.path("some/hat/x.png"));
  expect_refused(run({"evaluate", model, "--dataset", folder.path("some")}), 2, "\"hat\"");
}

TEST(EvaluateCommand, ClassesOfAModelWithoutLabelsAreSaidToBeTakenInOrder) {
  const TemporaryFolder folder;
  fs::copy_file(kBinary + "/model/model.keras", folder.path("model.keras"));
  const Finished finished =
      run({"evaluate", folder.path("model.keras"), "--dataset", kBinary + "/images", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out).at("accuracy"), 1.0);
  EXPECT_NE(finished.err.find("labels.txt"), std::string::npos) << finished.err;
}

TEST(EvaluateCommand, OneSigmoidIsTheProbabilityOfTheSecondClass) {
  const std::string model = kBinary + "/model";
  const Finished finished = run({"evaluate", model, "--dataset", kBinary + "/images", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out).at("accuracy"), 1.0);
  for (const char* const name : {"a", "b"}) {
    const std::string image = kBinary + "/images/" + name + "/000.png";
    const Finished inferred = run({"infer", model, "--input", image});
    std::istringstream lines(inferred.out);
    std::string output, index, score, label;
    std::getline(lines, output);
    lines >> index >> score >> label;
    EXPECT_EQ(label, name) << inferred.out;
    EXPECT_EQ(index, label == "a" ? "0" : "1");
    EXPECT_GT(std::stod(score), 0.5) << inferred.out;
  }
}

TEST(EvaluateCommand, RefusesWithOneLine) {
  const std::string model = model_path("fashion_resnet");
  expect_refused(run({"evaluate", model, "--dataset", "/no/such/folder"}), 3, "/no/such/folder");
  expect_refused(run({"evaluate", "/no/such/model", "--dataset", "fashion-mnist"}), 3,
                 "/no/such/model");
  expect_refused(
      run({"evaluate", model, "--dataset", "fashion-mnist", "--limit", "5", "--cut", "52"}), 2,
      "51 layers");
  expect_refused(run({"evaluate", model, "--dataset", "fashion-mnist", "--cut", "1", "--all-cuts"}),
                 2, "--all-cuts");
  // Two scores, ten classes.
  expect_refused(
      run({"evaluate", model_path("test_model"), "--dataset", "fashion-mnist", "--limit", "5"}), 2,
      "10 classes");
  expect_refused(run({"evaluate", model, "--dataset", "fashion-mnist", "--limit", "5", "--svg",
                      "/no/such/folder/x.svg"}),
                 2, "/no/such/folder");
}

}  // namespace
}  // namespace tinysplit::test
