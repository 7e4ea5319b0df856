// Every file of tests/data/keras_bad is refused, and the error says which layer, class and option.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

struct Refusal {
  const char* file;
  StatusCode code;
  std::vector<std::string> parts;
};

const std::vector<Refusal>& refusals() {
  using enum StatusCode;
  static const std::vector<Refusal> kRefusals = {
      {"attention_mask",
       kUnimplemented,
       {"\"multi_head_attention\" (MultiHeadAttention)", "argument attention_mask"}},
      {"attention_over_two_axes",
       kUnimplemented,
       {"\"multi_head_attention\" (MultiHeadAttention)", "attention_axes"}},
      {"bias_missing", kInvalidArgument, {"\"dense_1\" (Dense)", "bias [4]", "not in the file"}},
      {"bicubic", kUnimplemented, {"\"up_sampling2d\" (UpSampling2D)", "interpolation", "bicubic"}},
      {"channels_first", kUnimplemented, {"\"conv2d\" (Conv2D)", "data_format", "channels_first"}},
      {"channels_first_1d", kUnimplemented, {"\"conv1d\" (Conv1D)", "data_format"}},
      {"config_bomb", kResourceExhausted, {"config.json", "bytes"}},
      {"conv_lstm", kUnimplemented, {"\"conv_lstm2d\" (ConvLSTM2D)", "class"}},
      {"config_deep", kResourceExhausted, {"config.json", "nests deeper"}},
      {"config_list", kInvalidArgument, {"not one of a Keras model"}},
      {"cycle", kInvalidArgument, {"(Dense)", "cycle"}},
      {"dynamic_size",
       kUnimplemented,
       {"input \"input_layer\"", "[?,?,?,3]", "--input-shape 1,224"}},
      {"huge_units", kInvalidArgument, {"\"dense_1\" (Dense)", "units", "1099511627776"}},
      {"integer_dense", kUnimplemented, {"\"dense\" (Dense)", "int32"}},
      {"kernel_huge", kOutOfRange, {"\"dense_1\" (Dense)", "1048576"}},
      {"kernel_transposed", kInvalidArgument, {"\"dense\" (Dense)", "kernel", "[2,4]", "[4,2]"}},
      {"lambda_layer", kUnimplemented, {"\"lambda\" (Lambda)", "never run"}},
      {"negative_units", kInvalidArgument, {"\"dense_1\" (Dense)", "units", "-3"}},
      {"no_config", kInvalidArgument, {"no \"config.json\""}},
      {"no_weights", kInvalidArgument, {"no \"model.weights.h5\""}},
      {"not_a_zip", kInvalidArgument, {"not a Keras model"}},
      {"masked_attention",
       kUnimplemented,
       {"\"multi_head_attention\" (MultiHeadAttention)", "mask"}},
      {"masked_softmax", kUnimplemented, {"\"softmax\" (Softmax)", "Masking", "mask_zero"}},
      {"operation_over_batch", kUnimplemented, {"layer \"mean\" (Mean)", "axis 0, the batch"}},
      {"operation_sort", kUnimplemented, {"\"sort\" (Sort)", "operation on tensors"}},
      {"part_computed", kUnimplemented, {"\"take\" (Take)", "computed from the input"}},
      {"part_of_batch", kUnimplemented, {"the batch"}},
      {"recurrent_softmax", kUnimplemented, {"\"gru\" (GRU)", "activation", "softmax"}},
      {"resizing_lanczos", kUnimplemented, {"\"resizing\" (Resizing)", "lanczos3", "bilinear"}},
      {"same_name", kInvalidArgument, {"two layers", "\"dense\""}},
      {"stateful_lstm", kUnimplemented, {"\"lstm\" (LSTM)", "stateful"}},
      {"steps_channels_first",
       kUnimplemented,
       {"\"time_distributed\" (TimeDistributed)", "\"conv2d\" (Conv2D)", "data_format"}},
      {"truncated", kInvalidArgument, {"zip", "cut off"}},
      {"units_text", kInvalidArgument, {"\"dense_1\" (Dense)", "units", "many"}},
      {"unknown_activation", kUnimplemented, {"\"dense_1\" (Dense)", "activation", "warp"}},
      {"unknown_layer", kUnimplemented, {"\"doubling\" (Doubling)"}},
      {"unknown_source", kInvalidArgument, {"\"dense\" (Dense)", "\"nobody\""}},
      {"weights_text", kInvalidArgument, {"model.weights.h5", "HDF5"}},
      {"weights_truncated", kInvalidArgument, {"model.weights.h5", "HDF5"}},
  };
  return kRefusals;
}

class BadFile : public testing::TestWithParam<Refusal> {};

TEST_P(BadFile, IsRefusedByName) {
  const Refusal& refusal = GetParam();
  expect_refused(read_bytes(bad_file(std::string(refusal.file) + ".keras")), refusal.code,
                 refusal.parts);
}

INSTANTIATE_TEST_SUITE_P(Keras, BadFile, testing::ValuesIn(refusals()),
                         [](const auto& parameter) { return std::string(parameter.param.file); });

TEST(BadFiles, EachOneOfTheFolderIsTried) {
  std::set<std::string> tried = {"good"};
  for (const Refusal& refusal : refusals()) tried.insert(refusal.file);
  std::set<std::string> present;
  for (const auto& entry : std::filesystem::directory_iterator(bad_file(""))) {
    if (entry.path().extension() == ".keras") present.insert(entry.path().stem().string());
  }
  EXPECT_EQ(present, tried);
}

TEST(BadFiles, TheOneGoodFileAmongThemLoads) {
  const auto graph = read_keras_model(bad_file("good.keras"));
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
}

}  // namespace
}  // namespace tinysplit
