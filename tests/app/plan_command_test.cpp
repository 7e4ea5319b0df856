#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/process.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kLink = {"--uplink-mbit", "8", "--downlink-mbit", "8",
                                        "--rtt-ms",      "20"};
const std::vector<std::string> kTerms = {"device_s", "encode_s", "rtt_s",  "uplink_s",
                                         "decode_s", "queue_s",  "edge_s", "downlink_s"};

Finished plan(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"plan"};
  arguments.insert(arguments.end(), kLink.begin(), kLink.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(arguments);
}

// The chosen cut costs least of those that are not excluded, and each costs the sum of its terms.
void expect_consistent(const Json& decision) {
  double best_s = 1e300;
  int expected_cut = 0;
  for (const Json& cut : decision.at("cuts")) {
    EXPECT_EQ(cut.at("cut"), expected_cut++);
    double sum_s = 0.0;
    for (const std::string& term : kTerms) sum_s += cut.at(term).get<double>();
    const double latency_s = cut.at("latency_s");
    EXPECT_NEAR(sum_s, latency_s, 1e-12 + 1e-9 * latency_s);
    if (cut.at("excluded").is_null()) best_s = std::min(best_s, latency_s);
  }
  EXPECT_EQ(decision.at("latency_s"), best_s);
  const auto at = decision.at("cut").get<std::size_t>();
  EXPECT_EQ(decision.at("cuts")[at].at("latency_s"), best_s);
  EXPECT_TRUE(decision.at("cuts")[at].at("excluded").is_null());
  const std::string scenario = at == 0                                ? "edge-only"
                               : at + 1 == decision.at("cuts").size() ? "device-only"
                                                                      : "mixed";
  EXPECT_EQ(decision.at("scenario"), scenario);
}

Json decide(std::vector<std::string> more) {
  more.push_back("--json");
  const Finished finished = plan(std::move(more));
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  Json decision = Json::parse(finished.out);
  expect_consistent(decision);
  return decision;
}

const std::vector<std::string> kProfile = {"--profile", data_path("profiles/small_camera.json")};

std::vector<std::string> with_profile(std::vector<std::string> more) {
  more.insert(more.begin(), kProfile.begin(), kProfile.end());
  return more;
}

TEST(PlanCommand, ProfileGivesTheCostThatPaperAndPencilGive) {
  const Json decision = decide(with_profile({}));
  ASSERT_EQ(decision.at("cuts").size(), 8u);
  const Json& edge_only = decision.at("cuts")[0];
  // The input's smallest form: 4608 bytes at 1 MB/s.
  EXPECT_DOUBLE_EQ(edge_only.at("uplink_s"), 4608e-6);
  EXPECT_DOUBLE_EQ(edge_only.at("rtt_s"), 20e-3);
  EXPECT_DOUBLE_EQ(edge_only.at("downlink_s"), 40e-6);
  EXPECT_NEAR(edge_only.at("edge_s"), 1.48e-3, 1e-12);
  EXPECT_EQ(decision.at("cut"), 0);
  const Json& device_only = decision.at("cuts")[7];
  EXPECT_NEAR(device_only.at("latency_s"), 1.027, 1e-9);
  EXPECT_EQ(device_only.at("rtt_s"), 0.0);
}

TEST(PlanCommand, ConstraintsExcludeAndSayWhy) {
  EXPECT_EQ(decide(with_profile({"--forbid-cut", "0"})).at("cut"), 1);
  // The input layer hands the input on: with more, the first cut that hides it is after a layer.
  const Json hidden = decide(with_profile({"--forbid-cut", "0", "--forbid-cut", "1"}));
  EXPECT_GT(hidden.at("cut").get<int>(), 1);
  EXPECT_EQ(hidden.at("cuts")[0].at("excluded"), "the cut is forbidden");
  // 27648 bytes go into conv1 and 36864 come out: 63 times 1024.
  const Json small = decide(with_profile({"--ram-kb", "60"}));
  EXPECT_FALSE(small.at("cuts")[3].at("excluded").is_null());
  EXPECT_TRUE(small.at("cuts")[1].at("excluded").is_null());
  EXPECT_EQ(decide(with_profile({"--private-input"})).at("cuts")[0].at("excluded").is_null(),
            false);
}

TEST(PlanCommand, AModelAtARateNeedsNoFiles) {
  const Json all = decide({"--model", model_path("test_model"), "--mmacs-per-s", "20",
                           "--edge-mmacs-per-s", "2000", "--private-input"});
  ASSERT_EQ(all.at("cuts").size(), 6u);
  // 279,936 MACs of the first layer and the 10,368 numbers that it hands on.
  EXPECT_NEAR(all.at("cuts")[1].at("device_s").get<double>(), (279936 + 10368) / 20e6, 1e-9);
  EXPECT_NEAR(all.at("cuts")[5].at("device_s").get<double>(),
              100 * all.at("cuts")[0].at("edge_s").get<double>(), 1e-9);
  EXPECT_FALSE(all.at("cuts")[0].at("excluded").is_null());
  // Flatten computes nothing and sends what the pooling before it does.
  const Json distinct =
      Json::parse(plan({"--model", model_path("test_model"), "--mmacs-per-s", "20",
                        "--edge-mmacs-per-s", "2000", "--private-input", "--distinct", "--json"})
                      .out);
  ASSERT_EQ(distinct.at("cuts").size(), 5u);
  EXPECT_EQ(distinct.at("cuts")[3].at("cut"), 4);
  EXPECT_EQ(distinct.at("cut"), all.at("cut"));
  const Json by_name = decide({"--model", model_path("test_model"), "--mmacs-per-s", "20",
                               "--forbid-cut", "after:conv", "--forbid-cut", "before:conv"});
  EXPECT_EQ(by_name.at("cuts")[0].at("excluded"), "the cut is forbidden");
  EXPECT_EQ(by_name.at("cuts")[1].at("excluded"), "the cut is forbidden");
}

TEST(PlanCommand, AModelWithoutARateIsAskedForOne) {
  expect_refused(plan({"--model", model_path("test_model")}), 2, "Give --mmacs-per-s");
  expect_refused(plan(with_profile({"--mmacs-per-s", "2"})), 2, "requires --model");
  expect_refused(plan({"--model", "/nonexistent", "--mmacs-per-s", "2"}), 3, "/nonexistent");
}

TEST(PlanCommand, SaysWhatALimitOnRamCounts) {
  const Json counted = decide(with_profile({"--ram-kb", "60"}));
  EXPECT_NE(counted.at("notes").dump().find("--ram-count tflm-arena"), std::string::npos);
  expect_refused(plan(with_profile({"--ram-kb", "60", "--ram-count", "tflm-arena"})), 2,
                 "arena in TensorFlow Lite Micro of layers [0, 1)");
  EXPECT_EQ(plan(with_profile({"--ram-kb", "60", "--ram-count", "pages"})).exit_code, 2);
}

TEST(PlanCommand, EveryCutForbiddenIsRefused) {
  expect_refused(plan(with_profile({"--ram-kb", "1", "--forbid-cut", "0"})), 2, "relax");
  expect_refused(plan(with_profile({"--forbid-cut", "8"})), 2, "cuts are 0 to 7");
}

TEST(PlanCommand, MeasuredBoardRunsOnTheEdgeAlone) {
  const std::string path =
      std::string(TINYSPLIT_SOURCE_DIR) + "/../shared/profiles/esp32s3_fomo_96x96_float32.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  const Json decision = decide({"--profile", path});
  EXPECT_EQ(decision.at("scenario"), "edge-only");
  EXPECT_DOUBLE_EQ(decision.at("cuts")[0].at("uplink_s"), 18432e-6);
  const Json mixed = decide({"--profile", path, "--forbid-cut", "0"});
  EXPECT_GT(mixed.at("latency_s").get<double>(), 5 * decision.at("latency_s").get<double>());
}

class PlanCommandFiles : public ::testing::Test {
 protected:
  void SetUp() override { profile(model_path("test_model"), mine_); }
  static void profile(const std::string& model, const std::string& path) {
    const Finished finished = run({"profile", model, "--output", path, "--runs", "3"});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
  }
  std::vector<std::string> both(const std::string& device, const std::string& edge,
                                std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--device-analytics", device, "--edge-analytics", edge});
    return more;
  }

  TemporaryFolder folder_;
  const std::string mine_ = folder_.path("mine.json");
};

TEST_F(PlanCommandFiles, MeasuredFilesGiveADecisionATableAndADrawing) {
  const std::string svg = folder_.path("cuts.svg");
  const Json decision = decide(both(mine_, mine_, {"--device-slowdown", "1e6", "--svg", svg}));
  EXPECT_EQ(decision.at("cuts").size(), 6u);
  EXPECT_EQ(decision.at("scenario"), "edge-only");
  EXPECT_TRUE(read_bytes(svg).starts_with("<svg")) << read_bytes(svg).substr(0, 80);
  EXPECT_EQ(decide(both(mine_, mine_)).at("scenario"), "device-only");
  const Finished table = plan(both(mine_, mine_));
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_NE(table.out.find("<- chosen"), std::string::npos) << table.out;
}

TEST_F(PlanCommandFiles, AnalyticsOfAnotherModelAreRefused) {
  const std::string other = folder_.path("other.json");
  profile(data_path("keras/two_inputs.keras"), other);
  expect_refused(plan(both(mine_, other)), 2, "one model");
  // As many layers of the same sizes, but another file.
  std::string twin = read_bytes(mine_);
  constexpr std::string_view kKey = "\"model_digest\":\"";
  const std::size_t key = twin.find(kKey);
  ASSERT_NE(key, std::string::npos);
  char& digit = twin[key + kKey.size()];
  digit = digit == '0' ? '1' : '0';
  write_bytes(other, twin);
  expect_refused(plan(both(mine_, other)), 2, "different model files");
}

TEST_F(PlanCommandFiles, HalfWrittenAnalyticsAreRefused) {
  const std::string whole = read_bytes(mine_);
  const std::string half = folder_.path("half.json");
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 3}) {
    write_bytes(half, whole.substr(0, size));
    expect_refused(plan(both(mine_, half)), 2, half);
    expect_refused(plan(both(half, mine_)), 2, half);
    expect_refused(plan({"--profile", half}), 2, half);
  }
}

TEST_F(PlanCommandFiles, MissingFilesAndFoldersAreRefused) {
  expect_refused(plan(both(mine_, "/nonexistent.json")), 3, "/nonexistent.json");
  expect_refused(plan(both(folder_.path(""), mine_)), 2, "not a regular file");
  expect_refused(plan(both(mine_, mine_, {"--svg", "/proc/x/f.svg"})), 2, "cannot write");
  expect_refused(plan(both(mine_, mine_, {"--svg", folder_.path("")})), 2, "directory");
  expect_refused(plan(both(mine_, mine_, {"--svg", "/dev/full"})), 1, "No space left");
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"mine.json"});
}

TEST_F(PlanCommandFiles, WrongUseIsRefused) {
  expect_refused(plan({}), 2, "--device-analytics");
  expect_refused(plan({"--device-analytics", mine_}), 2, "--edge-analytics");
  expect_refused(plan(both(mine_, mine_, {"--profile", mine_})), 2, "excludes");
  for (const std::string value : {"nan", "-1", "0", "fast"}) {
    expect_refused(plan(both(mine_, mine_, {"--device-slowdown", value})), 2, "--device-slowdown");
  }
  expect_refused(run({"plan", "--profile", mine_}), 2, "--uplink-mbit");
}

}  // namespace
}  // namespace tinysplit::test
