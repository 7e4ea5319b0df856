#include "training/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tinysplit::training {
namespace {

Tensor tensor_of(const Shape& shape, float first) {
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.as<float>()) value = first++;
  return tensor;
}

Checkpoint sample_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.recipe = R"({"epochs": 3, "name": "ümlaut"})";
  checkpoint.data_id = "0123";
  checkpoint.epoch = 2;
  checkpoint.batch = 17;
  checkpoint.loss_sum = 0.1 + 0.2;
  checkpoint.right = 5;
  checkpoint.images = 9;
  checkpoint.seconds = 1.0 / 3.0;
  checkpoint.network_steps = 117;
  checkpoint.optimizer_steps = 118;
  checkpoint.parameters.push_back(tensor_of({2, 3}, 0.5F));
  checkpoint.parameters.push_back(tensor_of({}, -1.0F));
  checkpoint.moments.push_back(tensor_of({7}, 1e-30F));
  checkpoint.history.push_back({1e-3, 0.7, 0.5, std::nan(""), std::nan(""), 12.5, 1000});
  checkpoint.history.push_back({1e-4, 0.6, 0.6, 0.61, 0.59, 12.4, 1000});
  checkpoint.best_epoch = 2;
  checkpoint.best_parameters.push_back(tensor_of({2, 3}, 9.0F));
  return checkpoint;
}

TEST(Checkpoint, IsReadAsItWasWritten) {
  const std::string bytes = format_checkpoint(sample_checkpoint());
  const Result<Checkpoint> read = parse_checkpoint(bytes);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  // Every field goes into the bytes, in full precision.
  EXPECT_EQ(format_checkpoint(*read), bytes);
  EXPECT_EQ(read->recipe, sample_checkpoint().recipe);
  EXPECT_EQ(read->loss_sum, 0.1 + 0.2);
  EXPECT_EQ(read->batch, 17);
  EXPECT_EQ(read->optimizer_steps, 118U);
  EXPECT_TRUE(std::isnan(read->history[0].validation_loss));
  EXPECT_EQ(read->history[1].seconds, 12.4);
  EXPECT_TRUE(
      std::ranges::equal(read->moments[0].as<float>(), sample_checkpoint().moments[0].as<float>()));
  EXPECT_EQ(read->parameters[1].shape(), Shape{});
}

TEST(Checkpoint, RefusesEveryCutAndEveryChange) {
  const std::string bytes = format_checkpoint(sample_checkpoint());
  for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 37) {
    EXPECT_FALSE(parse_checkpoint(bytes.substr(0, size)).ok()) << size;
  }
  for (std::size_t i = 0; i < bytes.size(); i += 13) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    EXPECT_FALSE(parse_checkpoint(changed).ok()) << i;
  }
  EXPECT_FALSE(parse_checkpoint(bytes + "x").ok());
}

}  // namespace
}  // namespace tinysplit::training
