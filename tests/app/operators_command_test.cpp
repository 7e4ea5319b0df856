#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/process.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;

Json operators(std::vector<std::string> arguments, int exit_code = 0) {
  arguments.insert(arguments.begin(), "operators");
  arguments.push_back("--json");
  const Finished finished = run(arguments);
  EXPECT_EQ(finished.exit_code, exit_code) << finished.err;
  return Json::parse(finished.out);
}

const Json* named(const Json& rows, const std::string& name) {
  for (const Json& row : rows) {
    if (row.at("name") == name) return &row;
  }
  return nullptr;
}

TEST(OperatorsCommand, ThePageOfTheDocumentationIsWhatItPrints) {
  const Finished finished = run({"operators", "--markdown"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  std::ifstream file(TINYSPLIT_SOURCE_DIR "/docs/operators.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(page == finished.out)
      << "docs/operators.md is out of date: tinysplit operators --markdown > docs/operators.md";
}

TEST(OperatorsCommand, ListsEveryFormatOrOne) {
  const Json all = operators({});
  ASSERT_EQ(all.size(), 3u);
  for (const char* format : {"keras", "tflite", "onnx"}) {
    const Json one = operators({"--format", format});
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one.at(format), all.at(format));
    EXPECT_GT(one.at(format).at("supported").size(), 50u);
    EXPECT_GT(one.at(format).at("refused").size(), 20u);
    const Finished table = run({"operators", "--format", format});
    EXPECT_EQ(table.exit_code, 0);
    for (const Json& row : one.at(format).at("supported")) {
      EXPECT_NE(table.out.find(row.at("name").get<std::string>()), std::string::npos);
    }
  }
  const Json* conv = named(all.at("tflite").at("supported"), "CONV_2D");
  ASSERT_NE(conv, nullptr);
  EXPECT_NE(conv->at("types").get<std::string>().find("int8"), std::string::npos);
  EXPECT_NE(named(all.at("keras").at("refused"), "Lambda"), nullptr);
  expect_refused(run({"operators", "--format", "caffe"}), 2, "caffe");
}

TEST(OperatorsCommand, SaysThatAModelLoads) {
  const Json report = operators({model_path("test_model")});
  EXPECT_EQ(report.at("format"), "keras");
  EXPECT_EQ(report.at("loads"), true);
  const Json* dense = named(report.at("operators"), "Dense");
  ASSERT_NE(dense, nullptr);
  EXPECT_EQ(dense->at("count"), 2);
  EXPECT_EQ(dense->at("supported"), true);
  const Finished table = run({"operators", data_path("tflite/int8_image.tflite")});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_NE(table.out.find("STRIDED_SLICE"), std::string::npos);
  EXPECT_NE(table.out.find("It loads"), std::string::npos);
}

// What reading stops at is one thing; the list goes on.
TEST(OperatorsCommand, ListsAllOfAModelThatIsRefused) {
  const Json report = operators({data_path("tflite_bad/custom.tflite")}, 2);
  EXPECT_EQ(report.at("loads"), false);
  EXPECT_NE(report.at("message").get<std::string>().find("My_Operator"), std::string::npos);
  const Json* custom = named(report.at("operators"), "CUSTOM My_Operator");
  ASSERT_NE(custom, nullptr);
  EXPECT_EQ(custom->at("supported"), false);
  EXPECT_EQ(named(report.at("operators"), "ADD")->at("supported"), true);
  const Finished table = run({"operators", data_path("tflite_bad/custom.tflite")});
  EXPECT_EQ(table.exit_code, 2);
  EXPECT_NE(table.out.find("NO"), std::string::npos);
  EXPECT_NE(table.err.find("My_Operator"), std::string::npos) << table.err;
}

TEST(OperatorsCommand, RefusesWhatIsNoModel) {
  expect_refused(run({"operators", data_path("README.md")}), 2, "it is text");
  expect_refused(run({"operators", model_path("test_model"), "--format", "onnx"}), 2, "--format");
  expect_refused(run({"operators", "/nowhere.onnx"}), 3, "/nowhere.onnx");
}

}  // namespace
}  // namespace tinysplit::test
