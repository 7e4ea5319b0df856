#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "app/process.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"

namespace tinysplit::test {
namespace {

struct ModelAndInput {
  std::string name;
  std::string path;
  std::string input;  // empty: random values

  friend void PrintTo(const ModelAndInput& model, std::ostream* stream) { *stream << model.name; }
};

std::vector<NamedTensor> random_inputs(const Graph& graph) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> values(-1.0f, 1.0f);
  std::vector<NamedTensor> inputs;
  for (const ValueId id : graph.inputs()) {
    Tensor tensor(DType::kFloat32, graph.value(id).shape);
    std::ranges::generate(tensor.as<float>(), [&] { return values(random); });
    inputs.push_back({graph.value(id).name, std::move(tensor)});
  }
  return inputs;
}

double largest_difference(const std::string& a, const std::string& b) {
  const auto left = read_arrays(a).value();
  const auto right = read_arrays(b).value();
  EXPECT_EQ(left.size(), right.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto x = left[i].tensor.as<float>();
    const auto y = right[i].tensor.as<float>();
    EXPECT_EQ(x.size(), y.size());
    for (std::size_t k = 0; k < x.size(); ++k) {
      largest = std::max(largest, std::abs(static_cast<double>(x[k]) - static_cast<double>(y[k])));
    }
  }
  return largest;
}

class InferCommandCuts : public ::testing::TestWithParam<ModelAndInput> {};

// Head to a file, tail from that file: at every cut what the uncut model gives, byte for byte.
TEST_P(InferCommandCuts, HeadThenTailGivesTheUncutOutput) {
  const auto [name, model, given] = GetParam();
  TemporaryFolder folder;
  const auto graph = read_model(model).value();
  std::string input = given;
  if (input.empty()) {
    input = folder.path("x.npz");
    ASSERT_TRUE(write_npz(input, random_inputs(*graph)).ok());
  }
  const std::string uncut = folder.path("uncut.npz");
  const std::string live = folder.path("live.npz");
  const std::string output = folder.path("y.npz");
  ASSERT_EQ(run({"infer", model, "--input", input, "--output", uncut}).exit_code, 0);
  const auto facts = nlohmann::json::parse(run({"inspect", model, "--json"}).out);
  for (const auto& cut : facts.at("cuts")) {
    const std::string at = std::to_string(cut.at("cut").get<int>());
    const Finished head = run({"infer", model, "--input", input, "--end", at, "--output", live});
    ASSERT_EQ(head.exit_code, 0) << head.err;
    const Finished tail = run({"infer", model, "--input", live, "--begin", at, "--output", output});
    ASSERT_EQ(tail.exit_code, 0) << "cut " << at << ": " << tail.err;
    if (cut.at("splits_fusion").get<bool>()) {
      EXPECT_LT(largest_difference(uncut, output), 1e-5) << "cut " << at;
    } else {
      EXPECT_EQ(read_bytes(uncut), read_bytes(output)) << "cut " << at;
    }
    if (at == std::to_string(graph->num_layers())) break;
    const auto tensors = read_arrays(live).value();
    ASSERT_EQ(tensors.size(), cut.at("live_tensors").size()) << "cut " << at;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_EQ(tensors[i].name, cut.at("live_tensors")[i].at("name"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, InferCommandCuts,
    ::testing::Values(ModelAndInput{"test_model", model_path("test_model/test_model.keras"),
                                    model_path("test_model/data/0_clothing_a.png")},
                      ModelAndInput{"fashion_resnet",
                                    model_path("fashion_resnet/fashion_resnet.keras"),
                                    model_path("fashion_resnet/data/03_dress.png")},
                      ModelAndInput{"residual", data_path("keras/residual.keras"), ""},
                      ModelAndInput{"two_inputs", data_path("keras/two_inputs.keras"), ""}),
    [](const auto& model) { return model.param.name; });

class InferCommand : public ::testing::Test {
 protected:
  // `infer` of the test model on `input`; the output must not come into being if it fails.
  Finished infer(const std::string& input, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"infer", kModel, "--input", input, "--output", output_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  void expect_no_output() const {
    for (const std::string& name : folder_.files()) {
      EXPECT_FALSE(name.starts_with("y.npz")) << name << " was left behind";
    }
  }
  std::string write(const std::string& name, const Shape& shape) {
    const std::string path = folder_.path("x.npz");
    std::vector<NamedTensor> tensors;
    tensors.push_back({name, Tensor(DType::kFloat32, shape)});
    EXPECT_TRUE(write_npz(path, tensors).ok());
    return path;
  }

  const std::string kModel = model_path("test_model");
  const std::string kImage = model_path("test_model/data/0_clothing_a.png");
  TemporaryFolder folder_;
  const std::string output_ = folder_.path("y.npz");
};

TEST_F(InferCommand, NpyHoldsTheSameAsNpz) {
  ASSERT_EQ(infer(kImage).exit_code, 0);
  const std::string npy = folder_.path("y.npy");
  ASSERT_EQ(run({"infer", kModel, "--input", kImage, "--output", npy}).exit_code, 0);
  EXPECT_EQ(largest_difference(output_, npy), 0.0);
}

TEST_F(InferCommand, NpyIsTakenForTheOnlyInput) {
  const std::string input = write("image", Shape({1, 20, 20, 3}));
  const std::string npy = folder_.path("x.npy");
  ASSERT_TRUE(write_npy(npy, Tensor(DType::kFloat32, Shape({1, 20, 20, 3})).view()).ok());
  ASSERT_EQ(infer(input).exit_code, 0);
  const std::string named = read_bytes(output_);
  ASSERT_EQ(infer(npy).exit_code, 0);
  EXPECT_EQ(read_bytes(output_), named);
}

TEST_F(InferCommand, PrintsTheBestClassesWithoutAnOutput) {
  const Finished finished = run({"infer", kModel, "--input", kImage});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_TRUE(finished.out.starts_with("classes [1,2]\n")) << finished.out;
}

TEST_F(InferCommand, MissingFilesHaveExitCode3) {
  expect_refused(infer("/nonexistent.npz"), 3, "/nonexistent.npz");
  expect_refused(run({"infer", "/nonexistent.keras", "--input", kImage}), 3, "/nonexistent.keras");
  expect_no_output();
}

TEST_F(InferCommand, DirectoryAsInputIsRefused) {
  expect_refused(infer(kModel), 2, "not a regular file");
  expect_no_output();
}

TEST_F(InferCommand, WrongShapeAndNameAreRefused) {
  expect_refused(infer(write("image", Shape({1, 20, 3, 20}))), 2, "[1,20,3,20]");
  expect_refused(infer(write("image", Shape({400, 3}))), 2, "image");
  expect_refused(infer(write("photo", Shape({1, 20, 20, 3}))), 2, "image");
  expect_no_output();
}

TEST_F(InferCommand, WrongTypesAreRefused) {
  const std::string path = folder_.path("x.npy");
  for (const std::string type : {"<c8", "<U4", "|O"}) {
    std::string head = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (1, 20, 20, 3)}";
    head.resize(117, ' ');
    head += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(head.size());
    bytes += '\0';
    bytes += head;
    bytes.append(1200 * 16, '\0');
    write_bytes(path, bytes);
    expect_refused(infer(path), 2, type);
  }
  expect_no_output();
}

TEST_F(InferCommand, BrokenInputsAreRefused) {
  const std::string good = write("image", Shape({1, 20, 20, 3}));
  const std::string whole = read_bytes(good);
  const std::string broken = folder_.path("broken.npz");
  for (const std::size_t size : {std::size_t{0}, std::size_t{20}, whole.size() / 2}) {
    write_bytes(broken, whole.substr(0, size));
    expect_refused(infer(broken), 2, broken);
  }
  const std::string image = read_bytes(kImage);
  write_bytes(broken, image.substr(0, image.size() / 2));
  expect_refused(infer(broken), 2, broken);
  expect_no_output();
}

TEST_F(InferCommand, SegmentsThatAreNoneAreRefused) {
  expect_refused(infer(kImage, {"--begin", "3", "--end", "2"}), 2, "[3, 2)");
  expect_refused(infer(kImage, {"--end", "6"}), 2, "5 layers");
  expect_refused(infer(kImage, {"--begin", "6"}), 2, "5 layers");
  expect_refused(infer(kImage, {"--begin", "-1"}), 2, "--begin");
  expect_refused(infer(kImage, {"--begin", "two"}), 2, "--begin");
  expect_refused(infer(kImage, {"--begin", "2"}), 2, "image");
  expect_no_output();
}

TEST_F(InferCommand, LiveTensorsOfAnotherCutAreRefused) {
  const std::string live = folder_.path("live.npz");
  ASSERT_EQ(run({"infer", kModel, "--input", kImage, "--end", "1", "--output", live}).exit_code, 0);
  expect_refused(infer(live, {"--begin", "2"}), 2, "pool");
  expect_no_output();
}

TEST_F(InferCommand, LiveTensorsOfTheSameShapeAreToldApartByName) {
  const std::string model = data_path("keras/residual.keras");
  const std::string input = folder_.path("x.npz");
  const std::string live = folder_.path("live.npz");
  ASSERT_TRUE(write_npz(input, random_inputs(*read_model(model).value())).ok());
  ASSERT_EQ(run({"infer", model, "--input", input, "--end", "2", "--output", live}).exit_code, 0);
  expect_refused(run({"infer", model, "--input", live, "--begin", "4", "--output", output_}), 2,
                 "activation");
  expect_no_output();
}

TEST_F(InferCommand, NamesThatCountAreTakenInOrder) {
  ASSERT_EQ(infer(write("image", Shape({1, 20, 20, 3}))).exit_code, 0);
  const std::string named = read_bytes(output_);
  ASSERT_EQ(infer(write("arr_0", Shape({1, 20, 20, 3}))).exit_code, 0);
  EXPECT_EQ(read_bytes(output_), named);
}

TEST_F(InferCommand, OutputsThatCannotBeWrittenAreRefused) {
  const auto to = [this](const std::string& output) {
    return run({"infer", kModel, "--input", kImage, "--output", output});
  };
  expect_refused(to("/proc/x/y.npz"), 2, "cannot write /proc/x/y.npz");
  expect_refused(to(folder_.path("none/y.npz")), 2, "cannot write");
  expect_refused(to(folder_.path("")), 2, "directory");
  expect_refused(to("/dev/full"), 1, "No space left");
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(InferCommand, SeveralTensorsDoNotFitIntoNpy) {
  const std::string model = data_path("keras/residual.keras");
  const std::string input = folder_.path("x.npz");
  ASSERT_TRUE(write_npz(input, random_inputs(*read_model(model).value())).ok());
  expect_refused(
      run({"infer", model, "--input", input, "--end", "5", "--output", folder_.path("y.npy")}), 2,
      "name a .npz file");
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"x.npz"});
}

}  // namespace
}  // namespace tinysplit::test
