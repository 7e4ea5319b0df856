#include "training/custom_model.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "datasets/dataset_files.h"
#include "engine/engine.h"
#include "formats/image/png_writer.h"
#include "formats/keras/keras_reader.h"
#include "formats/model_folder.h"
#include "training/training_images.h"

namespace tinysplit::training {
namespace {

namespace fs = std::filesystem;
using tinysplit::test::TemporaryFolder;

constexpr ImageSize kShadeSize{8, 8, 1};

// Writes images as a data set: a sub-folder for each class.
void write_images(const LabelledImages& data, const TemporaryFolder& folder,
                  const std::string& part) {
  constexpr std::size_t kBytes = kShadeSize.height * kShadeSize.width;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto pixels = data.images.as<std::uint8_t>().subspan(i * kBytes, kBytes);
    const std::string& label = data.classes[std::size_t(data.labels[i])];
    folder.write(fs::path(part) / label / (std::to_string(1000 + i) + ".png"),
                 *encode_png(pixels, kShadeSize));
  }
}

class CustomModels : public testing::Test {
 protected:
  void SetUp() override {
    write_images(test::striped_images(60, 2, kShadeSize, 1), data_folder_, "train");
    write_images(test::striped_images(20, 2, kShadeSize, 2), data_folder_, "test");
    recipe_.name = "stripes";
    recipe_.architecture = "original";
    recipe_.dataset = data_folder_.path().string();
    recipe_.input = "8x8x1";
    recipe_.epochs = 3;
    recipe_.batch = 8;
    recipe_.warmup_epochs = 0.0;
    DatasetOptions options;
    options.size = kShadeSize;
    data_ = std::make_shared<const ModelData>(*ModelData::load(recipe_.dataset, options));
  }

  TemporaryFolder data_folder_;
  TemporaryFolder output_;
  Recipe recipe_;
  std::shared_ptr<const ModelData> data_;
};

TEST_F(CustomModels, AreTrainedAndKeptAsAModelFolder) {
  auto model = CustomModel::create(recipe_, data_);
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  ASSERT_TRUE(model->train().ok());
  const auto score = model->evaluate();
  ASSERT_TRUE(score.ok());
  EXPECT_EQ(score->images_name, "test");
  EXPECT_EQ(score->score.images, 20);
  EXPECT_GT(*score->accuracy, 0.9);
  const Status saved = model->save(output_.path() / "stripes", *score, {"About stripes.", "", ""});
  ASSERT_TRUE(saved.ok()) << saved.to_string();

  const auto folder = resolve_model(output_.path() / "stripes");
  ASSERT_TRUE(folder.ok()) << folder.status().to_string();
  EXPECT_EQ(folder->labels, (std::vector<std::string>{"stripe 0", "stripe 1"}));
  EXPECT_EQ(folder->images.size(), 10U);
  EXPECT_EQ(folder->images[0].filename(), "0_stripe_0_a.png");
  std::ifstream readme(output_.path() / "stripes/README.md");
  const std::string text(std::istreambuf_iterator<char>(readme), {});
  for (const char* part : {"About stripes.", "test accuracy", "Accuracy by class", "| stripe 1 | ",
                           "| 0 | conv | Conv2D | 6×6×32 |"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in " << text;
  }
  EXPECT_TRUE(fs::exists(output_.path() / "stripes/training.svg"));
  EXPECT_TRUE(fs::exists(output_.path() / "stripes/confusion.svg"));
}

// The network was trained on pixels 0..1; the file takes 0..255 and gives the same.
TEST_F(CustomModels, TakeRawPixelsOnceWritten) {
  auto model = CustomModel::create(recipe_, data_);
  ASSERT_TRUE(model.ok() && model->train().ok());
  const auto score = model->evaluate();
  const auto graph = read_keras_model_bytes(*model->keras_file(), "stripes");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph, {});
  auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  Tensor input(DType::kFloat32, {1, 8, 8, 1});
  const auto pixels = data_->test()->images.as<std::uint8_t>();
  std::int64_t right = 0;
  for (std::size_t i = 0; i < data_->test()->size(); ++i) {
    std::ranges::copy(pixels.subspan(64 * i, 64), input.as<float>().begin());
    const TensorView view = input.view();
    ASSERT_TRUE((*segment)->run({&view, 1}).ok());
    right += named_class((*segment)->output(0).as<float>()) == data_->test()->labels[i] ? 1 : 0;
  }
  EXPECT_EQ(right, score->score.right);
}

TEST_F(CustomModels, AutoencodersGiveImagesBack) {
  recipe_.architecture = "autoencoder";
  recipe_.epochs = 20;
  auto model = CustomModel::create(recipe_, data_);
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  ASSERT_TRUE(model->train().ok());
  EXPECT_LT(model->history().back().loss, 0.5 * model->history().front().loss);
  const auto score = model->evaluate();
  EXPECT_FALSE(score->accuracy.has_value());
  const Status saved = model->save(output_.path() / "stripes", *score, {});
  ASSERT_TRUE(saved.ok()) << saved.to_string();
  EXPECT_FALSE(fs::exists(output_.path() / "stripes/confusion.svg"));
}

TEST_F(CustomModels, RefuseWhatDoesNotFit) {
  const auto message_with = [&](const auto& change) {
    Recipe recipe = recipe_;
    change(recipe);
    return CustomModel::create(recipe, data_).status().message();
  };
  EXPECT_NE(message_with([](Recipe& r) { r.architecture = "resnet99"; }).find("fashion_resnet"),
            std::string::npos);
  EXPECT_NE(message_with([](Recipe& r) { r.input = "9x9x1"; }).find("another size"),
            std::string::npos);
  EXPECT_NE(message_with([](Recipe& r) { r.threads = 0; }).find("threads"), std::string::npos);
  EXPECT_NE(message_with([](Recipe& r) { r.weight_decay = -1.0; }), "");
}

}  // namespace
}  // namespace tinysplit::training
