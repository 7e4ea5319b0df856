#include "training/recipe.h"

#include <gtest/gtest.h>

namespace tinysplit::training {
namespace {

Recipe sample_recipe() {
  Recipe recipe;
  recipe.name = "shoes";
  recipe.architecture = "resnet8";
  recipe.dataset = "my photos";
  recipe.epochs = 7;
  recipe.step_epochs = {2.5, 4.0};
  recipe.learning_rate = 0.1 + 0.2;
  recipe.skip_bad_images = true;
  return recipe;
}

TEST(Recipe, IsReadAsItWasWritten) {
  const std::string text = recipe_text(sample_recipe());
  const Result<Recipe> read = parse_recipe(text);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(recipe_text(*read), text);
  EXPECT_EQ(read->learning_rate, 0.1 + 0.2);
  for (const char* wrong : {"", "[]", "{}", R"({"name": 1})"}) {
    EXPECT_FALSE(parse_recipe(wrong).ok()) << wrong;
  }
}

TEST(Recipe, IsALineForAShell) {
  EXPECT_EQ(recipe_arguments(Recipe{}), "");
  EXPECT_EQ(recipe_arguments(sample_recipe()),
            " --arch resnet8 --dataset 'my photos' --epochs 7 --learning-rate 0.30000000000000004 "
            "--step-epochs 2.5 4.0 --skip-bad-images");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Recipe, NamesWhatDiffers) {
  Recipe other = sample_recipe();
  other.batch = 64;
  EXPECT_EQ(first_difference(sample_recipe(), other, {"epochs", "batch"}), "batch is 128, not 64");
  EXPECT_EQ(first_difference(sample_recipe(), other, {"epochs"}), "");
}

TEST(Recipe, RefusesWhatCannotBeTrained) {
  const auto options_with = [](const auto& change) {
    Recipe recipe = sample_recipe();
    change(recipe);
    return training_options(recipe);
  };
  EXPECT_TRUE(options_with([](Recipe&) {}).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.epochs = 0; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.batch = 0; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.optimizer = "lion"; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.schedule = "magic"; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.augment = "mixup"; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.label_smoothing = 2.0; }).ok());
  EXPECT_FALSE(options_with([](Recipe& r) { r.warmup_epochs = -1.0; }).ok());
}

TEST(Recipe, SuitsTheNumberOfImages) {
  EXPECT_EQ(suitable_batch(54'000), 128);
  EXPECT_EQ(suitable_epochs(54'000, 128), 10);
  for (std::size_t images = 1; images < 100'000; images += 1 + images / 7) {
    const std::int64_t batch = suitable_batch(images);
    const std::int64_t epochs = suitable_epochs(images, batch);
    const std::int64_t steps = epochs * std::max<std::int64_t>(std::int64_t(images) / batch, 1);
    EXPECT_GE(batch, 8);
    EXPECT_LE(batch, 128);
    EXPECT_GE(steps, 100) << images;
    EXPECT_LE(epochs, 100) << images;
    EXPECT_GE(steps, images < 50 ? 100 : 590) << images;
    EXPECT_GE(suitable_batch(images + 1), batch);
  }
}

TEST(Recipe, WeighsClassesByTheirShare) {
  EXPECT_TRUE(class_weights_of("none", {0, 1, 1}, 2)->empty());
  const auto weights = class_weights_of("balanced", {0, 0, 0, 2}, 3);
  ASSERT_TRUE(weights.ok());
  EXPECT_EQ(*weights, (std::vector<float>{4.0F / 9.0F, 1.0F, 4.0F / 3.0F}));
  EXPECT_FALSE(class_weights_of("some", {0, 1}, 2).ok());
}

TEST(Recipe, ReadsSizes) {
  EXPECT_EQ(*parse_dims("28x28x1"), (std::vector<std::int64_t>{28, 28, 1}));
  EXPECT_EQ(*parse_dims("640"), std::vector<std::int64_t>{640});
  EXPECT_TRUE(parse_dims("")->empty());
  for (const char* wrong : {"x", "28x", "x28", "28xx1", "0x2", "-3", "28X28", "9999999999999"}) {
    EXPECT_FALSE(parse_dims(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace tinysplit::training
