#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/process.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;

class ProfileCommand : public ::testing::Test {
 protected:
  Finished profile(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "profile", model_path("test_model"), "--output", output, "--runs", "3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  TemporaryFolder folder_;
};

TEST_F(ProfileCommand, WritesTheOriginalKeysAndMore) {
  const std::string path = folder_.path("analytics.json");
  const Finished finished = profile(path, {"--threads", "2"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find(path), std::string::npos);
  const Json analytics = Json::parse(read_bytes(path));
  const std::vector<int> sizes_bytes = {4 * 18 * 18 * 32, 4 * 9 * 9 * 32, 4 * 9 * 9 * 32};
  for (std::size_t i = 0; i < 5; ++i) {
    const Json& layer = analytics.at(std::to_string(i));
    EXPECT_GE(layer.at("layer_inference_time").get<double>(), 0.0);
    EXPECT_LT(layer.at("layer_inference_time").get<double>(), 60.0);
    if (i < sizes_bytes.size()) {
      EXPECT_EQ(layer.at("layer_size"), 8 * sizes_bytes[i]);
    }
  }
  EXPECT_FALSE(analytics.contains("5"));
  EXPECT_EQ(folder_.files(), std::vector<std::string>{"analytics.json"});
}

TEST_F(ProfileCommand, JsonIsTheFilesText) {
  const std::string path = folder_.path("analytics.json");
  const Finished finished = profile(path, {"--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out), Json::parse(read_bytes(path)));
}

TEST_F(ProfileCommand, UnwritablePlacesAreRefusedAndNothingStays) {
  expect_refused(profile("/proc/x/analytics.json"), 2, "/proc/x/analytics.json");
  expect_refused(profile(folder_.path("none/analytics.json")), 2, "No such file or directory");
  expect_refused(profile(folder_.path("")), 2, "Is a directory");
  expect_refused(profile("/dev/full"), 1, "No space left");
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(ProfileCommand, AFailureKeepsTheOldFile) {
  const std::string path = folder_.path("analytics.json");
  const std::string old = read_bytes(model_path("test_model") + "/analytics.json");
  write_bytes(path, old);
  EXPECT_EQ(run({"profile", "/nonexistent.keras", "--output", path}).exit_code, 3);
  EXPECT_EQ(read_bytes(path), old);
  ASSERT_EQ(profile(path).exit_code, 0);
  EXPECT_NE(read_bytes(path), old);
  EXPECT_TRUE(Json::parse(read_bytes(path)).contains("0"));
}

TEST_F(ProfileCommand, DeviceAsOutputStaysADevice) {
  EXPECT_EQ(profile("/dev/null").exit_code, 0);
  Process process({"profile", model_path("test_model"), "--output", "/dev/stdout", "--runs", "3"});
  const Finished finished = process.finish();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(finished.out.starts_with("{")) << finished.out;
}

TEST_F(ProfileCommand, WrongNumbersAreRefused) {
  const std::string path = folder_.path("analytics.json");
  expect_refused(profile(path, {"--threads", "0"}), 2, "--threads");
  expect_refused(run({"profile", model_path("test_model"), "--runs", "0"}), 2, "--runs");
  expect_refused(run({"profile", model_path("test_model"), "--runs", "many"}), 2, "--runs");
  EXPECT_TRUE(folder_.files().empty());
}

}  // namespace
}  // namespace tinysplit::test
