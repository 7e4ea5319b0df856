#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "core/random.h"
#include "formats/image/png_writer.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// 120 noisy images, bright and dark, a third of them for tests.
void write_shades(const std::string& folder) {
  Random random(3);
  for (int i = 0; i < 120; ++i) {
    const bool is_bright = i % 2 == 1;
    const fs::path part = fs::path(folder) / (i < 80 ? "train" : "test");
    const fs::path shade = part / (is_bright ? "bright" : "dark");
    fs::create_directories(shade);
    std::vector<std::uint8_t> pixels(64);
    for (auto& pixel : pixels) {
      pixel = static_cast<std::uint8_t>(random.below(120) + (is_bright ? 130 : 0));
    }
    write_bytes(shade / (std::to_string(i) + ".png"), *encode_png(pixels, {8, 8, 1}));
  }
}

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

TEST(QuantizeCommand, SaysWhereTheScaleOfPixelsWouldBeLost) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path("model"));
  const std::string model = folder.path("model/m.keras");
  fs::copy_file(model_path("fashion_resnet") + "/fashion_resnet.keras", model);
  write_bytes(folder.path("model/preprocessing.json"), R"({"pixels": "0..1"})");
  const auto messages = [&](const std::string& output) {
    const Finished finished = run({"quantize", model, "--calibrate", "fashion-mnist", "--samples",
                                   "5", "--no-test", "--output", folder.path(output)});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.err;
  };
  EXPECT_EQ(messages("model/int8.tflite"), "");
  EXPECT_NE(messages("int8.tflite").find("model/preprocessing.json says; copy"), std::string::npos);
}

TEST(QuantizeCommand, FineTunesToTheSameBitsWithoutLosingAccuracy) {
  const TemporaryFolder folder;
  const std::string data = folder.path("shades"), model = folder.path("model");
  write_shades(data);
  ASSERT_EQ(run({"train", "--arch", "original", "--input", "8x8x1", "--dataset", data, "--batch",
                 "4", "--epochs", "12", "--output", model})
                .exit_code,
            0);
  const auto tuned = [&](const std::string& output, const std::string& seed) {
    const Finished finished = run({"quantize", model, "--calibrate", data, "--finetune", "3",
                                   "--seed", seed, "--output", folder.path(output), "--json"});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return Json::parse(finished.out);
  };
  const Json result = tuned("a.tflite", "1");
  EXPECT_EQ(result.at("finetuning").at("epochs"), 3);
  EXPECT_EQ(result.at("finetuning").at("images"), 72);  // but for validation
  const Json& accuracy = result.at("accuracy");
  EXPECT_EQ(accuracy.at("images"), 40);
  EXPECT_GT(accuracy.at("float32").get<double>(), 0.8);
  EXPECT_GE(accuracy.at("int8").get<double>(), accuracy.at("int8_before_finetuning").get<double>());
  // One image of forty.
  EXPECT_GE(accuracy.at("int8").get<double>(), accuracy.at("float32").get<double>() - 0.026);
  tuned("b.tflite", "1");
  tuned("c.tflite", "2");
  EXPECT_EQ(read_bytes(folder.path("a.tflite")), read_bytes(folder.path("b.tflite")));
  EXPECT_NE(read_bytes(folder.path("a.tflite")), read_bytes(folder.path("c.tflite")));

  const Finished text = run({"quantize", model, "--calibrate", data, "--finetune", "1"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(text.out.find("epoch 1/1  loss"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("in int8 without fine-tuning"), std::string::npos) << text.out;
  expect_refused(run({"quantize", folder.path("a.tflite"), "--calibrate", data, "--finetune", "1"}),
                 2, "only a Keras model");
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
  expect_refused(run({"quantize", model, "--calibrate", "fashion-mnist", "--finetune", "0"}), 2,
                 "--finetune");
  expect_refused(
      run({"quantize", model, "--calibrate", "fashion-mnist", "--learning-rate", "1e-3"}), 2,
      "--finetune");
}

}  // namespace
}  // namespace tinysplit::test
