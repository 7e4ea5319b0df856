#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/process.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;

TEST(QuantizeCommand, WritesAModelAndAReportThatSaysWhatItCosts) {
  const TemporaryFolder folder;
  const std::string output = folder.path("int8.tflite"), report = folder.path("report.json");
  const Finished finished =
      run({"quantize", model_path("fashion_resnet"), "--calibrate", "fashion-mnist", "--samples",
           "100", "--test-images", "1000", "--output", output, "--report", report, "--json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(read_bytes(report), finished.out);
  const Json result = Json::parse(finished.out);
  EXPECT_EQ(result.at("calibration").at("samples"), 100);
  EXPECT_EQ(result.at("accuracy").at("images"), 1000);
  EXPECT_GT(result.at("accuracy").at("float32").get<double>(), 0.88);
  EXPECT_GT(result.at("accuracy").at("int8").get<double>(),
            result.at("accuracy").at("float32").get<double>() - 0.01);
  EXPECT_GT(result.at("accuracy").at("agreement").get<double>(), 0.97);
  for (const Json& layer : result.at("layers")) {
    EXPECT_TRUE(layer.at("int8").get<bool>()) << layer;
    EXPECT_TRUE(layer.at("own_db").is_null() || layer.at("own_db").get<double>() > 20.0) << layer;
  }
  // What was written is what was measured, and a quarter as large.
  const Finished evaluated = run({"evaluate", output, "--dataset", "fashion-mnist", "--limit",
                                  "1000", "--reference", model_path("fashion_resnet"), "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const Json after = Json::parse(evaluated.out);
  EXPECT_EQ(after.at("accuracy"), result.at("accuracy").at("int8"));
  EXPECT_EQ(after.at("agreement"), result.at("accuracy").at("agreement"));
  EXPECT_EQ(after.at("reference_accuracy"), result.at("accuracy").at("float32"));
  EXPECT_LT(read_bytes(output).size(), 140'000u);
}

TEST(QuantizeCommand, AnswersInMarkdownAndText) {
  const TemporaryFolder folder;
  const std::string report = folder.path("report.md");
  const Finished finished = run({"quantize", model_path("fashion_resnet"), "--calibrate",
                                 "fashion-mnist", "--samples", "20", "--no-test", "--ranges", "mse",
                                 "--io", "int8", "--keep-float", "classes", "--report", report});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find("float32: it was asked to"), std::string::npos) << finished.out;
  EXPECT_NE(finished.out.find("(mse)"), std::string::npos);
  EXPECT_TRUE(read_bytes(report).starts_with("# fashion_resnet in int8\n"));
}

TEST(QuantizeCommand, RefusesWithOneLine) {
  const std::string model = model_path("fashion_resnet");
  expect_refused(run({"quantize", model, "--calibrate", "/no/such/folder"}), 3, "/no/such/folder");
  expect_refused(run({"quantize", model}), 2, "--calibrate");
  expect_refused(run({"quantize", model, "--calibrate", "fashion-mnist", "--output",
                      "/no/such/folder/m.tflite"}),
                 2, "/no/such/folder");
  expect_refused(run({"quantize", model, "--calibrate", "fashion-mnist", "--samples", "5",
                      "--keep-float", "stem_norm"}),
                 3, "stem_norm");
  expect_refused(run({"quantize", model, "--calibrate", "fashion-mnist", "--ranges", "best"}), 2,
                 "best");
}

}  // namespace
}  // namespace tinysplit::test
