// Where a network stops showing its input does not hang on the file that it comes from.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "formats/keras/graph_to_keras.h"
#include "formats/keras/keras_reader.h"
#include "formats/model_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/onnx_writer.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite/tflite_writer.h"
#include "graph/cuts.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

// Elements that cross at the first cut that does not show the input; 0 where all do.
std::int64_t first_hidden_elements(const Graph& graph) {
  for (const Cut& cut : find_cuts(graph)) {
    if (cut.reveals_input) continue;
    std::int64_t elements = 0;
    for (const ValueId id : cut.live_tensors) elements += graph.value(id).shape.num_elements();
    return elements;
  }
  return 0;
}

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ExposureAcrossFormats : public testing::TestWithParam<const char*> {};

TEST_P(ExposureAcrossFormats, IsTheSame) {
  const fs::path path = fs::path(TINYSPLIT_SOURCE_DIR) / GetParam();
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  const auto source = read_model(path);
  ASSERT_TRUE(source.ok()) << source.status().to_string();
  const std::int64_t expected = first_hidden_elements(**source);
  EXPECT_GT(expected, 0);

  const auto as_keras =
      read_keras_model_bytes(write_keras_model(**source, KerasFileKind::kArchive).value(), "");
  ASSERT_TRUE(as_keras.ok()) << as_keras.status().to_string();
  EXPECT_EQ(first_hidden_elements(**as_keras), expected);
  const auto as_tflite = read_tflite_model_bytes(text_of(write_tflite(**source).value()), "");
  ASSERT_TRUE(as_tflite.ok()) << as_tflite.status().to_string();
  EXPECT_EQ(first_hidden_elements(**as_tflite), expected);
  const auto as_onnx =
      read_onnx_model_bytes(std::string(text_of(write_onnx(**source).value())), "");
  ASSERT_TRUE(as_onnx.ok()) << as_onnx.status().to_string();
  EXPECT_EQ(first_hidden_elements(**as_onnx), expected);
}

INSTANTIATE_TEST_SUITE_P(Models, ExposureAcrossFormats,
                         testing::Values("models/fashion_resnet/fashion_resnet.keras",
                                         "models/test_model/test_model.keras",
                                         "../shared/models/mlperf_tiny/resnet8.h5",
                                         "../shared/models/mlperf_tiny/vww_96.h5",
                                         "../shared/models/mlperf_tiny/kws_fp32.tflite"));

}  // namespace
}  // namespace tinysplit
