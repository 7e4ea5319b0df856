// The command that people start: `tinysplit device`, against an edge of this test.
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "device/test_edge.h"
#include "formats/model_reader.h"

namespace tinysplit {
namespace {

struct Output {
  int exit_code = -1;
  std::vector<nlohmann::json> lines;

  std::vector<nlohmann::json> of_type(const std::string& type) const {
    std::vector<nlohmann::json> some;
    for (const nlohmann::json& line : lines) {
      if (line.at("type") == type) some.push_back(line);
    }
    return some;
  }
};

const std::string kModel = std::string(TINYSPLIT_SOURCE_DIR) + "/models/test_model";

Output run_device(const std::string& arguments) {
  const std::string command = std::string(TINYSPLIT_BINARY) + " --log off device --json --model " +
                              kModel + " " + arguments + " 2>/dev/null";
  Output output;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    text.append(buffer, count);
  }
  const int status = ::pclose(pipe);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    output.lines.push_back(nlohmann::json::parse(line));
  }
  return output;
}

class DeviceCommandTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Graph> graph_ = read_model(kModel + "/test_model.keras").value();
  TestEdge edge_{graph_};
};

TEST_F(DeviceCommandTest, SweepRunsEveryCutAndAgreesWithTheUncutModel) {
  const Output output = run_device("--sweep 2 --edge " + edge_.url());
  EXPECT_EQ(output.exit_code, 0);
  ASSERT_EQ(output.of_type("plan").size(), 1u);
  EXPECT_EQ(output.lines[0].at("type"), "plan");
  EXPECT_EQ(output.lines[0].at("cuts").size(), 6u);
  const auto inferences = output.of_type("inference");
  ASSERT_EQ(inferences.size(), 12u);
  std::multiset<int> cuts;
  for (const nlohmann::json& inference : inferences) {
    cuts.insert(inference.at("cut").get<int>());
    EXPECT_TRUE(inference.at("identical").get<bool>()) << inference.dump();
    EXPECT_TRUE(inference.at("fallback_reason").is_null()) << inference.dump();
    double parts_s = 0.0;
    for (const auto& [name, seconds] : inference.at("parts").items()) {
      parts_s += seconds.get<double>();
    }
    EXPECT_LE(parts_s, inference.at("latency_s").get<double>() + 1e-6);
  }
  EXPECT_EQ(cuts, (std::multiset<int>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
  EXPECT_EQ(output.of_type("summary").size(), 1u);
}

TEST_F(DeviceCommandTest, DistinctSweepLeavesOutWhatOnlyRenames) {
  // The edge's wish is always among the cuts; here it is one of the distinct ones.
  edge_.set_next(next_cut(5));
  const Output output = run_device("--sweep 1 --distinct --edge " + edge_.url());
  EXPECT_EQ(output.exit_code, 0);
  std::vector<int> cuts;
  for (const nlohmann::json& line : output.of_type("inference")) cuts.push_back(line.at("cut"));
  // Layer 2 flattens: cut 3 sends what cut 2 sends.
  EXPECT_EQ(cuts, (std::vector<int>{0, 1, 2, 4, 5}));
}

TEST_F(DeviceCommandTest, GoesOnWithoutAnEdge) {
  const Output output = run_device("--check --count 3 --edge http://127.0.0.1:1");
  EXPECT_EQ(output.exit_code, 0);
  const auto inferences = output.of_type("inference");
  ASSERT_EQ(inferences.size(), 3u);
  for (const nlohmann::json& inference : inferences) {
    EXPECT_EQ(inference.at("answered_by"), "device");
    EXPECT_TRUE(inference.at("identical").get<bool>());
  }
}

TEST_F(DeviceCommandTest, ConstraintsReachTheEdge) {
  const Output output = run_device(
      "--count 1 --private-input --ram-kb 64 --flash-kb 2 --forbid-cut 3 --edge " + edge_.url());
  EXPECT_EQ(output.exit_code, 0);
  const InferRequest::Constraints constraints = edge_.seen().back().request.constraints;
  EXPECT_TRUE(constraints.private_input);
  EXPECT_EQ(constraints.ram_bytes, 64u * 1024);
  EXPECT_EQ(constraints.flash_bytes, 2u * 1024);
  EXPECT_EQ(constraints.forbidden_cuts, (std::vector<std::uint32_t>{3}));
}

TEST_F(DeviceCommandTest, WrongUseHasExitCode2AndMissingFiles3) {
  EXPECT_EQ(run_device("--cut nowhere").exit_code, 2);
  EXPECT_EQ(run_device("--cut 99 --edge " + edge_.url()).exit_code, 2);
  EXPECT_EQ(run_device("--slowdown 0.1").exit_code, 2);
  EXPECT_EQ(run_device("--slowdown 2 --mmacs-per-s 3").exit_code, 2);
  EXPECT_EQ(run_device("--edge nonsense").exit_code, 2);
  EXPECT_EQ(run_device("--input /nonexistent.png").exit_code, 3);
  EXPECT_EQ(run_device("--pace /nonexistent.json").exit_code, 3);
  EXPECT_EQ(run_device("--sweep 1 --edge http://127.0.0.1:1").exit_code, 4);
}

}  // namespace
}  // namespace tinysplit
