// Transposed convolutions of every size, written so that the newest LiteRT prepares them.
#include <gtest/gtest.h>

#include <algorithm>

#include "formats/graph_comparison.h"
#include "formats/tflite/tflite_generated.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite/tflite_writer.h"
#include "formats/tflite_test_files.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

// Of rows, one input channel and a kernel of one column.
struct Transposition {
  std::int64_t kernel, stride, before, rows, out;

  std::string describe() const {
    return "kernel " + std::to_string(kernel) + ", stride " + std::to_string(stride) + ", before " +
           std::to_string(before) + ", " + std::to_string(rows) + " to " + std::to_string(out) +
           " rows";
  }

  std::shared_ptr<const Graph> graph() const {
    const std::int64_t left = (rows - 1) * stride + kernel - before - out;
    ConvTranspose2dOp op;
    op.spatial.stride = {stride, 1};
    op.spatial.pad_before = {before, 0};
    op.spatial.pad_after = {std::max<std::int64_t>(left, 0), 0};
    op.output_padding = {std::max<std::int64_t>(-left, 0), 0};
    GraphBuilder builder("case", "");
    const ValueId x = *builder.add_input("x", DType::kFloat32, Shape{1, rows, 2, 1});
    EXPECT_TRUE(builder.begin_layer("layer", "Layer").ok());
    const auto numbers = [&](const Shape& shape) {
      Tensor tensor(DType::kFloat32, shape);
      float next = 0.25f;
      for (float& each : tensor.as<float>()) each = next += 0.5f;
      return builder.add_constant(std::move(tensor));
    };
    const ValueId y = *builder.add_op(op, {x, numbers(Shape{kernel, 1, 3, 1}), numbers(Shape{3})});
    EXPECT_TRUE(builder.end_layer({y}).ok());
    EXPECT_TRUE(builder.add_output(y).ok());
    return *builder.build();
  }
};

// LiteRT prepares a TRANSPOSE_CONV only if a convolution of its output would make its input.
void expect_prepares(const std::vector<std::byte>& bytes) {
  namespace schema = tflite::schema;
  const schema::SubGraph& file = *schema::GetModel(bytes.data())->subgraphs()->Get(0);
  const auto size = [&](std::int32_t tensor, unsigned axis) {
    return file.tensors()->Get(static_cast<unsigned>(tensor))->shape()->Get(axis);
  };
  int found = 0;
  for (const schema::Operator* each : *file.operators()) {
    const auto* options = each->builtin_options_as_TransposeConvOptions();
    if (options == nullptr) continue;
    ++found;
    for (const unsigned axis : {1U, 2U}) {
      const int stride = axis == 1 ? options->stride_h() : options->stride_w();
      const bool same = options->padding() == schema::Padding::SAME;
      const int kernel = same ? 1 : size(each->inputs()->Get(1), axis);
      const int output = size(each->outputs()->Get(0), axis);
      EXPECT_EQ((output - kernel + stride) / stride, size(each->inputs()->Get(2), axis));
    }
  }
  EXPECT_EQ(found, 1);
}

void expect_written(const Transposition& given) {
  SCOPED_TRACE(given.describe());
  const auto graph = given.graph();
  const auto bytes = write_tflite(*graph);
  ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
  expect_prepares(*bytes);
  const auto again = read_tflite_model_bytes(
      {reinterpret_cast<const char*>(bytes->data()), bytes->size()}, "again");
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  const auto inputs = numbers_for_inputs(*graph);
  const auto expected = outputs_of(graph, inputs), found = outputs_of(*again, inputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_LE(difference_of(found[0], expected[0]).largest, 1e-6);
}

TEST(TfliteWriterTransposed, EverySizePreparesAndComputesTheSame) {
  for (const std::int64_t kernel : {1, 2, 3, 4, 5}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t before : {0, 1, 2}) {
        for (const std::int64_t rows : {1, 2, 4}) {
          const std::int64_t most = (rows - 1) * stride + kernel - before + 2;
          for (std::int64_t out = 1; out <= most; ++out) {
            expect_written({kernel, stride, before, rows, out});
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tinysplit
