#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "sample_models.h"

namespace tinysplit::test {
namespace {

std::vector<NamedTensor> numbers_for(const Graph& graph) {
  std::vector<NamedTensor> inputs;
  std::vector<Tensor> numbers = numbers_for_inputs(graph);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    inputs.push_back({graph.value(graph.inputs()[i]).name, std::move(numbers[i])});
  }
  return inputs;
}

class ExportCommand : public ::testing::Test {
 protected:
  Finished export_to(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"export", kModel, "--output", output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  const std::string kModel = data_path("keras/residual.keras");
  TemporaryFolder folder_;
};

TEST_F(ExportCommand, SaysWhatItWrote) {
  const std::string output = folder_.path("head.keras");
  const Finished finished = export_to(output, {"--part", "head", "--cut", "5", "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto said = nlohmann::json::parse(finished.out);
  EXPECT_EQ(said.at("target"), "keras");
  EXPECT_EQ(said.at("begin"), 0);
  EXPECT_EQ(said.at("end"), 5);
  EXPECT_EQ(said.at("bytes"), std::filesystem::file_size(output));
  const auto facts = nlohmann::json::parse(run({"inspect", kModel, "--json"}).out);
  EXPECT_EQ(said.at("inputs"), facts.at("inputs"));
  EXPECT_EQ(said.at("outputs"), facts.at("cuts").at(5).at("live_tensors"));
  const auto head = read_model(output).value();
  ASSERT_EQ(head->outputs().size(), said.at("outputs").size());
  for (std::size_t i = 0; i < head->outputs().size(); ++i) {
    EXPECT_EQ(head->value(head->outputs()[i]).name, said.at("outputs")[i].at("name"));
  }
}

TEST_F(ExportCommand, PrintsATableForPeople) {
  const Finished finished = export_to(folder_.path("tail.h5"), {"--part", "tail", "--cut", "3"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  for (const char* part : {"tail.h5: layers [3, ", "of residual", "input 0", "output 0"}) {
    EXPECT_NE(finished.out.find(part), std::string::npos) << finished.out;
  }
}

TEST_F(ExportCommand, SameCommandSameBytes) {
  const std::string first = folder_.path("a.keras"), second = folder_.path("b.keras");
  ASSERT_EQ(export_to(first).exit_code, 0);
  ASSERT_EQ(export_to(second).exit_code, 0);
  EXPECT_EQ(read_bytes(first), read_bytes(second));
}

TEST_F(ExportCommand, WritesATailThatTakesTheLiveTensors) {
  const auto facts = nlohmann::json::parse(run({"inspect", kModel, "--json"}).out);
  for (const char* file : {"tail.onnx", "tail.tflite"}) {
    const std::string output = folder_.path(file);
    ASSERT_EQ(export_to(output, {"--part", "tail", "--cut", "4"}).exit_code, 0) << file;
    const auto tail = read_model(output);
    ASSERT_TRUE(tail.ok()) << tail.status().to_string();
    const auto& live = facts.at("cuts").at(4).at("live_tensors");
    ASSERT_EQ((*tail)->inputs().size(), live.size()) << file;
    for (std::size_t i = 0; i < live.size(); ++i) {
      EXPECT_EQ((*tail)->value((*tail)->inputs()[i]).shape.to_string(),
                Shape::create(live[i].at("shape").get<std::vector<std::int64_t>>())->to_string())
          << file;
    }
  }
}

// From the input to the first cut in the model, to the second in the file, from there in the model.
TEST_F(ExportCommand, LayersBetweenTwoCutsTakeTheirPlaceInTheModel) {
  const auto layers = nlohmann::json::parse(run({"inspect", kModel, "--json"}).out).at("layers");
  const auto run_part = [&](const std::string& model, const std::string& from,
                            const std::string& to, std::vector<std::string> more) {
    more.insert(more.begin(), {"infer", model, "--input", from, "--output", to});
    const Finished finished = run(more);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    auto outputs = read_arrays(to);
    return outputs.ok() ? std::move(outputs->at(0).tensor) : Tensor();
  };
  const std::string x = folder_.path("x.npz"), y = folder_.path("y.npz");
  const std::string first = folder_.path("first.npz"), second = folder_.path("second.npz");
  ASSERT_TRUE(write_npz(x, numbers_for(*read_model(kModel).value())).ok());
  const Tensor uncut = run_part(kModel, x, y, {});
  const int count = static_cast<int>(layers.size());
  for (int begin = 1; begin + 2 < count; begin += 2) {
    const std::string end =
        "after:" + layers.at(std::size_t(begin) + 1).at("name").get<std::string>();
    const std::string middle = folder_.path("middle" + std::to_string(begin) + ".keras");
    SCOPED_TRACE(middle + " to " + end);
    const Finished written =
        export_to(middle, {"--begin", std::to_string(begin), "--end", end, "--json"});
    ASSERT_EQ(written.exit_code, 0) << written.err;
    const auto said = nlohmann::json::parse(written.out);
    EXPECT_EQ(said.at("part"), "middle");
    EXPECT_EQ(said.at("end"), begin + 2);
    run_part(kModel, x, first, {"--end", std::to_string(begin)});
    run_part(middle, first, second, {});
    const Tensor cut_twice = run_part(kModel, second, y, {"--begin", end});
    ASSERT_EQ(cut_twice.shape(), uncut.shape());
    // Some of these cuts part a convolution from its batch normalisation.
    for (std::size_t k = 0; k < uncut.as<float>().size(); ++k) {
      EXPECT_NEAR(cut_twice.as<float>()[k], uncut.as<float>()[k], 1e-5f);
    }
  }
}

TEST_F(ExportCommand, WrongUseIsRefused) {
  const std::string output = folder_.path("x.keras");
  expect_refused(export_to(output, {"--cut", "3"}), 2, "--part head");
  expect_refused(export_to(output, {"--part", "head"}), 2, "1 to ");
  expect_refused(export_to(output, {"--part", "head", "--cut", "0"}), 2, "1 to ");
  expect_refused(export_to(output, {"--part", "tail", "--cut", "1000"}), 2, "0 to ");
  expect_refused(export_to(output, {"--part", "middle"}), 2, "middle");
  expect_refused(export_to(output, {"--begin", "3", "--cut", "3"}), 2, "excludes");
  expect_refused(export_to(output, {"--begin", "3", "--end", "3"}), 2, "[3, 3)");
  expect_refused(export_to(output, {"--begin", "1000"}), 2, "--begin 1000: the model has");
  expect_refused(export_to(output, {"--end", "after:nowhere"}), 3, "no layer of that name");
  expect_refused(export_to(output, {"--target", "caffe"}), 2, "keras, h5");
  expect_refused(export_to(folder_.path("x.bin")), 2, "--target");
  expect_refused(export_to(folder_.path("x.h5"), {"--target", "keras"}), 2, ".keras, or leave");
  expect_refused(run({"export", "/nonexistent.keras", "--output", output}), 3, "/nonexistent");
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(ExportCommand, TheModelIsNotOverwritten) {
  const std::string model = folder_.path("m.keras");
  std::filesystem::copy_file(kModel, model);
  std::filesystem::create_symlink(model, folder_.path("link.keras"));
  for (const std::string& output : {model, folder_.path("link.keras")}) {
    const Finished finished =
        run({"export", model, "--output", output, "--part", "head", "--cut", "3"});
    expect_refused(finished, 2, "the model itself");
    EXPECT_EQ(read_bytes(model), read_bytes(kModel));
  }
}

TEST_F(ExportCommand, TellsWhatQuantisedNumbersMean) {
  const Finished finished = run(
      {"export", data_path("tflite/int8_dense.tflite"), "--output", folder_.path("whole.tflite")});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find(" * (q "), std::string::npos) << finished.out;
  EXPECT_EQ(finished.out.find("- -"), std::string::npos) << finished.out;
}

TEST_F(ExportCommand, WhatCannotBeWrittenIsRefused) {
  expect_refused(export_to("/proc/x/y.keras"), 2, "cannot write /proc/x/y.keras");
  expect_refused(export_to(folder_.path("none/y.keras")), 2, "cannot write");
  expect_refused(export_to("/dev/full", {"--target", "keras"}), 1, "No space left");
  const std::string quantised = data_path("tflite/int8_dense.tflite");
  expect_refused(run({"export", quantised, "--output", folder_.path("x.keras")}), 2, "quantised");
  EXPECT_TRUE(folder_.files().empty());
}

}  // namespace
}  // namespace tinysplit::test
