#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/process.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;

Json inspect(const std::string& model) {
  const Finished finished = run({"inspect", model, "--json"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
  return Json::parse(finished.out);
}

std::vector<std::string> names(const Json& tensors) {
  std::vector<std::string> list;
  for (const Json& tensor : tensors) list.push_back(tensor.at("name"));
  return list;
}

TEST(InspectCommand, DescribesAModelThatIsKnown) {
  const Json model = inspect(model_path("test_model"));
  const Json image = {{"name", "image"}, {"shape", {1, 20, 20, 3}}, {"dtype", "float32"}};
  EXPECT_EQ(model.at("inputs"), Json::array({image}));
  EXPECT_EQ(names(model.at("outputs")), std::vector<std::string>{"classes"});
  ASSERT_EQ(model.at("layers").size(), 5u);
  // 32 filters of 3x3x3 and a bias over 18x18 places.
  const Json convolution = {{"index", 0},
                            {"name", "conv"},
                            {"kind", "Conv2D"},
                            {"output_shape", {1, 18, 18, 32}},
                            {"macs", 18 * 18 * 32 * 27},
                            {"weight_bytes", 4 * (27 * 32 + 32)}};
  EXPECT_EQ(model.at("layers")[0], convolution);
  ASSERT_EQ(model.at("cuts").size(), 6u);
  EXPECT_EQ(model.at("cuts")[0].at("live_bytes"), 4 * 20 * 20 * 3);
  EXPECT_EQ(model.at("cuts")[1].at("live_bytes"), 4 * 18 * 18 * 32);
  EXPECT_EQ(model.at("cuts")[5].at("cut"), 5);
}

TEST(InspectCommand, CutThroughAResidualBlockNamesBothTensors) {
  const Json model = inspect(data_path("keras/residual.keras"));
  const std::vector<std::string> both = {"activation", "conv2d_1"};
  EXPECT_EQ(names(model.at("cuts")[5].at("live_tensors")), both);
  EXPECT_EQ(model.at("cuts")[5].at("live_bytes"), 2 * 4 * 8 * 8 * 4);
}

TEST(InspectCommand, AFileAndItsFolderAreTheSame) {
  EXPECT_EQ(inspect(model_path("test_model")), inspect(model_path("test_model/test_model.keras")));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(InspectCommand, DrawsTheSameGraphAsTheTableHas) {
  const std::string file = data_path("keras/residual.keras");
  const Json model = inspect(file);
  const Finished svg = run({"inspect", file, "--svg", "-"});
  EXPECT_EQ(svg.exit_code, 0) << svg.err;
  EXPECT_EQ(count(svg.out, "<circle"), model.at("layers").size());
  EXPECT_NE(svg.out.find(" in 2 tensors"), std::string::npos);
  const Finished dot = run({"inspect", file, "--dot", "-"});
  EXPECT_EQ(dot.exit_code, 0) << dot.err;
  EXPECT_EQ(dot.out.rfind("digraph", 0), 0u);
  EXPECT_EQ(count(dot.out, " [label=\"float32"), count(svg.out, "<path"));
}

TEST(InspectCommand, DrawingThatCannotBeWrittenIsAnError) {
  const Finished finished =
      run({"inspect", model_path("test_model"), "--svg", "/proc/no/such/folder.svg"});
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_NE(finished.err.find("folder.svg"), std::string::npos) << finished.err;
}

TEST(InspectCommand, TableHasALineForEveryLayer) {
  const Finished finished = run({"inspect", model_path("test_model")});
  EXPECT_EQ(finished.exit_code, 0);
  for (const char* layer : {"conv", "pool", "flatten", "(input)", "all on the device"}) {
    EXPECT_NE(finished.out.find(layer), std::string::npos) << layer;
  }
}

TEST(InspectCommand, MissingModelHasExitCode3) {
  expect_refused(run({"inspect", "/nonexistent/model.keras"}), 3, "/nonexistent/model.keras");
  TemporaryFolder folder;
  expect_refused(run({"inspect", folder.path("")}), 3, "folder without a model");
}

// A model that breaks off anywhere is refused with its name.
TEST(InspectCommand, TruncatedModelIsRefused) {
  TemporaryFolder folder;
  for (const std::string& source :
       {model_path("test_model/test_model.keras"), data_path("keras/k2_h5_sequential.h5")}) {
    const std::string whole = read_bytes(source);
    const std::string path = folder.path(source.ends_with(".h5") ? "cut.h5" : "cut.keras");
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{100}, whole.size() / 2, whole.size() - 1000}) {
      write_bytes(path, whole.substr(0, size));
      expect_refused(run({"inspect", path}), 2, path);
    }
  }
}

TEST(InspectCommand, ReaderThatStopsEarlyEndsItQuietly) {
  Process process({"inspect", data_path("keras/residual.keras"), "--json"});
  process.close_output();
  const Finished finished = process.finish();
  EXPECT_EQ(finished.err, "");
}

TEST(InspectCommand, OutputThatCannotBeWrittenIsAnError) {
  expect_refused(run({"inspect", model_path("test_model")}, "/dev/full"), 1, "No space left");
}

// What is read of several is said beside the output, which stays JSON.
TEST(InspectCommand, NotesTheSignaturesAndReadsTheChosenOne) {
  const std::string model =
      std::string(TINYSPLIT_SOURCE_DIR) + "/tests/data/tflite_bad/good_signatures.tflite";
  const Finished unchosen = run({"inspect", model, "--json"});
  EXPECT_EQ(unchosen.exit_code, 0) << unchosen.err;
  EXPECT_EQ(names(Json::parse(unchosen.out).at("inputs")), std::vector<std::string>{"text_in"});
  for (const char* word : {"note: ", "\"encode\"", "\"decode\"", "--signature"}) {
    EXPECT_NE(unchosen.err.find(word), std::string::npos) << unchosen.err;
  }
  const Finished chosen = run({"inspect", model, "--json", "--signature", "encode"});
  EXPECT_EQ(chosen.exit_code, 0);
  EXPECT_EQ(chosen.err, "");
  EXPECT_EQ(names(Json::parse(chosen.out).at("inputs")), std::vector<std::string>{"code_in"});
  const Finished other = run({"inspect", model_path("test_model"), "--signature", "encode"});
  EXPECT_NE(other.exit_code, 0);
  EXPECT_NE(other.err.find("only TensorFlow Lite models have signatures"), std::string::npos)
      << other.err;
}

}  // namespace
}  // namespace tinysplit::test
