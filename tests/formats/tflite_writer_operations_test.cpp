// Every operation in the options that no file of the tests has, written and read back.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "formats/graph_comparison.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite/tflite_writer.h"
#include "formats/tflite_test_files.h"
#include "graph/graph_builder.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor random_floats(const Shape& shape, float low = -1.0f, float high = 1.0f) {
  std::mt19937 random(5);
  Tensor tensor(DType::kFloat32, shape);
  for (float& each : tensor.as<float>()) {
    each = low + (high - low) * static_cast<float>(random() % 1000) / 1000.0f;
  }
  return tensor;
}

// A graph of one input and one layer, made step by step. A step that fails is reported.
class OneLayer {
 public:
  explicit OneLayer(const Shape& input, const ElementType& type = DType::kFloat32)
      : builder_("case", "") {
    x = *builder_.add_input("x", type, input);
    EXPECT_TRUE(builder_.begin_layer("layer", "Layer").ok());
  }

  ValueId add(Op op, std::vector<ValueId> inputs,
              const std::optional<ElementType>& stated = std::nullopt) {
    const auto made = builder_.add_op(std::move(op), std::move(inputs), stated);
    EXPECT_TRUE(made.ok()) << made.status().to_string();
    return made.ok() ? *made : x;
  }
  ValueId constant(Tensor tensor) { return builder_.add_constant(std::move(tensor)); }
  ValueId floats(const Shape& shape, float low = -1.0f, float high = 1.0f) {
    return constant(random_floats(shape, low, high));
  }
  template <typename T>
  ValueId numbers(DType dtype, const std::vector<T>& values) {
    Tensor tensor(dtype, Shape{static_cast<std::int64_t>(values.size())});
    std::copy(values.begin(), values.end(), tensor.as<T>().begin());
    return constant(std::move(tensor));
  }

  std::shared_ptr<const Graph> build(ValueId output) {
    EXPECT_TRUE(builder_.end_layer({output}).ok());
    EXPECT_TRUE(builder_.add_output(output).ok());
    const auto graph = builder_.build();
    EXPECT_TRUE(graph.ok()) << graph.status().to_string();
    return graph.ok() ? *graph : nullptr;
  }

  ValueId x = -1;

 private:
  GraphBuilder builder_;
};

Result<std::shared_ptr<const Graph>> written_and_read(const Graph& graph) {
  const auto bytes = write_tflite(graph);
  if (!bytes.ok()) return bytes.status();
  return read_tflite_model_bytes({reinterpret_cast<const char*>(bytes->data()), bytes->size()},
                                 graph.name());
}

// `bound` 0: the same bits.
void expect_same(OneLayer& layer, ValueId output, double bound, const std::string& what) {
  const auto graph = layer.build(output);
  ASSERT_NE(graph, nullptr) << what;
  const auto again = written_and_read(*graph);
  ASSERT_TRUE(again.ok()) << what << ": " << again.status().to_string();
  const auto inputs = numbers_for_inputs(*graph);
  const auto expected = outputs_of(graph, inputs), found = outputs_of(*again, inputs);
  ASSERT_EQ(found.size(), 1U) << what;
  ASSERT_EQ(expected.size(), 1U) << what;
  EXPECT_LE(difference_of(found[0], expected[0]).largest, bound) << what;
}

void expect_refused(OneLayer& layer, ValueId output, const std::vector<std::string>& words) {
  const auto graph = layer.build(output);
  ASSERT_NE(graph, nullptr);
  const auto bytes = write_tflite(*graph);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.status().code(), StatusCode::kUnimplemented);
  for (const std::string& word : words) {
    EXPECT_NE(bytes.status().message().find(word), std::string::npos) << bytes.status().message();
  }
}

// One operation on [1,6,7,4] floats from -1 to 1.
void expect_op(const Op& op, double bound, const std::string& what) {
  OneLayer layer(Shape{1, 6, 7, 4});
  expect_same(layer, layer.add(op, {layer.x}), bound, what);
}

Spatial2d padded(std::int64_t top, std::int64_t left, std::int64_t bottom, std::int64_t right,
                 std::int64_t stride = 1, std::int64_t dilation = 1) {
  Spatial2d spatial;
  spatial.stride = {stride, stride};
  spatial.dilation = {dilation, dilation};
  spatial.pad_before = {top, left};
  spatial.pad_after = {bottom, right};
  return spatial;
}

TEST(TfliteWriterOperations, ConvolutionsOfAllPaddingsAndGroups) {
  for (const Spatial2d& spatial :
       {padded(0, 0, 0, 0), padded(1, 1, 1, 1), padded(0, 0, 1, 1, 2), padded(1, 1, 1, 1, 2),
        padded(2, 0, 0, 1), padded(3, 2, 1, 0, 2), padded(2, 2, 2, 2, 1, 2), padded(1, 0, 0, 0, 3),
        padded(0, 2, 2, 0, 1, 2)}) {
    for (const std::int64_t groups : {1, 2, 4}) {
      OneLayer layer(Shape{1, 6, 7, 4});
      const ValueId y =
          layer.add(Conv2dOp{spatial, groups},
                    {layer.x, layer.floats(Shape{3, 3, 4 / groups, 8}), layer.floats(Shape{8})});
      expect_same(layer, y, 1e-6, std::to_string(groups) + " groups");
    }
  }
}

TEST(TfliteWriterOperations, FoldsAffinesAndFusesClips) {
  for (const auto& [low, high] :
       {std::pair{0.0f, kInfinity}, std::pair{0.0f, 6.0f}, std::pair{-1.0f, 1.0f},
        std::pair{0.0f, 1.0f}, std::pair{-0.25f, 0.5f}, std::pair{-kInfinity, 0.1f}}) {
    OneLayer layer(Shape{1, 6, 7, 4});
    const ValueId product = layer.add(Conv2dOp{}, {layer.x, layer.floats(Shape{3, 3, 4, 8})});
    const ValueId normalised = layer.add(
        ChannelAffineOp{}, {product, layer.floats(Shape{8}, 0.5f, 2.0f), layer.floats(Shape{8})});
    const ValueId clipped = layer.add(ActivationOp{ActivationKind::kClip, low, high}, {normalised});
    expect_same(layer, clipped, 0.0, "clip to " + std::to_string(high));
  }
}

TEST(TfliteWriterOperations, AffinesOfTheirOwn) {
  for (const int kind : {0, 1, 2}) {
    OneLayer layer(Shape{1, 6, 7, 4});
    const float low = kind == 1 ? 1.0f : 0.5f, high = kind == 1 ? 1.0f : 2.0f;
    const float shift = kind == 2 ? 0.0f : 1.0f;
    expect_same(layer,
                layer.add(ChannelAffineOp{}, {layer.x, layer.floats(Shape{4}, low, high),
                                              layer.floats(Shape{4}, -shift, shift)}),
                1e-6, "affine " + std::to_string(kind));
  }
}

TEST(TfliteWriterOperations, TransposedConvolutions) {
  for (const Spatial2d& spatial : {padded(0, 0, 0, 0, 2), padded(1, 1, 1, 1, 2),
                                   padded(0, 0, 1, 1, 2), padded(0, 1, 1, 0), padded(2, 0, 0, 2)}) {
    for (std::int64_t extra = 0; extra < spatial.stride[0]; ++extra) {
      OneLayer layer(Shape{1, 4, 5, 3});
      ConvTranspose2dOp op;
      op.spatial = spatial;
      op.output_padding = {extra, 0};
      const ValueId y = layer.add(op, {layer.x, layer.floats(Shape{3, 3, 2, 3})});
      const ValueId scaled = layer.add(
          ChannelAffineOp{}, {y, layer.floats(Shape{2}, 0.5f, 1.5f), layer.floats(Shape{2})});
      expect_same(layer, layer.add(ActivationOp{ActivationKind::kClip, 0.0f, kInfinity}, {scaled}),
                  1e-6, "output padding " + std::to_string(extra));
    }
  }
}

TEST(TfliteWriterOperations, PoolingOfAllPaddings) {
  for (const PoolKind kind : {PoolKind::kMax, PoolKind::kAverage}) {
    for (const bool counts : {false, true}) {
      for (const Spatial2d& spatial :
           {padded(0, 0, 0, 0, 2), padded(1, 1, 1, 1), padded(1, 1, 1, 1, 2), padded(0, 2, 1, 0)}) {
        expect_op(Pool2dOp{kind, {3, 3}, spatial, counts}, 1e-6,
                  kind == PoolKind::kMax ? "max" : "average");
      }
    }
    expect_op(GlobalPoolOp{kind}, 0.0, "global pool");
  }
}

TEST(TfliteWriterOperations, ActivationsOfAllKinds) {
  using Kind = ActivationKind;
  for (const ActivationOp& op :
       std::vector<ActivationOp>{{Kind::kSigmoid},
                                 {Kind::kTanh},
                                 {Kind::kElu, 1.0f},
                                 {Kind::kElu, 0.7f},
                                 {Kind::kSelu},
                                 {Kind::kGeluErf},
                                 {Kind::kGeluTanh},
                                 {Kind::kSwish},
                                 {Kind::kHardSigmoid, 0.2f, 0.5f},
                                 {Kind::kHardSwish},
                                 {Kind::kSoftplus},
                                 {Kind::kExp},
                                 {Kind::kThresholdRelu, 0.1f, kInfinity, 0.0f},
                                 {Kind::kThresholdRelu, 0.1f, 0.5f, 0.25f},
                                 {Kind::kCelu, 0.8f},
                                 {Kind::kCelu, 1.0f},
                                 {Kind::kSoftsign},
                                 {Kind::kMish},
                                 {Kind::kScaledTanh, 1.7f, 0.6f},
                                 {Kind::kScaledSelu, 1.6f, 1.1f},
                                 {Kind::kLinear, 0.5f, 0.25f},
                                 {Kind::kLinear, 2.0f},
                                 {Kind::kLinear, 1.0f, 0.5f}}) {
    expect_op(op, 1e-6, "activation " + std::to_string(static_cast<int>(op.kind)));
  }
}

TEST(TfliteWriterOperations, UnaryFunctions) {
  using Kind = UnaryKind;
  for (const Kind kind :
       {Kind::kAbs, Kind::kNegate, Kind::kSign, Kind::kSquare, Kind::kReciprocal, Kind::kFloor,
        Kind::kCeil, Kind::kRound, Kind::kSin, Kind::kCos, Kind::kTan, Kind::kSinh, Kind::kCosh}) {
    expect_op(UnaryOp{kind}, 1e-6, "unary " + std::to_string(static_cast<int>(kind)));
  }
  for (const Kind kind : {Kind::kSqrt, Kind::kReciprocalSqrt, Kind::kLog}) {
    OneLayer layer(Shape{1, 6, 7, 4});
    const ValueId raised = layer.add(ActivationOp{ActivationKind::kExp}, {layer.x});
    expect_same(layer, layer.add(UnaryOp{kind}, {raised}), 0.0,
                "unary " + std::to_string(static_cast<int>(kind)));
  }
  for (const Kind kind : {Kind::kIsNan, Kind::kIsInf}) {
    OneLayer layer(Shape{1, 6, 7, 4});
    // 0 / 0, 1 / 0 and plain numbers.
    const ValueId floor = layer.add(UnaryOp{Kind::kFloor}, {layer.x});
    const ValueId odd = layer.add(BinaryOp{BinaryKind::kDivide}, {layer.x, floor});
    expect_same(layer, layer.add(UnaryOp{kind}, {odd}), 0.0, "is it a number");
  }
}

TEST(TfliteWriterOperations, BinaryFunctions) {
  for (int kind = 0; kind <= static_cast<int>(BinaryKind::kGreaterEqual); ++kind) {
    if (kind == static_cast<int>(BinaryKind::kRemainder)) continue;
    OneLayer layer(Shape{1, 6, 7, 4});
    const ValueId powers = layer.add(ActivationOp{ActivationKind::kExp}, {layer.x});
    expect_same(layer,
                layer.add(BinaryOp{static_cast<BinaryKind>(kind)},
                          {powers, layer.floats(Shape{7, 1}, 0.5f, 1.5f)}),
                0.0, "binary " + std::to_string(kind));
  }
  for (const BinaryKind kind : {BinaryKind::kAnd, BinaryKind::kOr, BinaryKind::kXor}) {
    OneLayer layer(Shape{1, 6, 7, 4});
    const ValueId a = layer.add(BinaryOp{BinaryKind::kLess}, {layer.x, layer.floats(Shape{4})});
    const ValueId b = layer.add(BinaryOp{BinaryKind::kLess}, {layer.x, layer.floats(Shape{1})});
    const ValueId both = layer.add(BinaryOp{kind}, {a, b});
    const ValueId neither = layer.add(UnaryOp{UnaryKind::kNot}, {both});
    expect_same(layer, layer.add(SelectOp{}, {neither, layer.x, layer.floats(Shape{7, 4})}), 0.0,
                "logic " + std::to_string(static_cast<int>(kind)));
  }
}

TEST(TfliteWriterOperations, Reductions) {
  for (int kind = 0; kind <= static_cast<int>(ReduceKind::kLogSumExp); ++kind) {
    for (const std::vector<int>& axes : {std::vector<int>{1, 2}, {3}, {0, 2}}) {
      for (const bool keeps : {false, true}) {
        OneLayer layer(Shape{1, 6, 7, 4});
        const ValueId powers = layer.add(ActivationOp{ActivationKind::kExp}, {layer.x});
        expect_same(layer,
                    layer.add(ReduceOp{static_cast<ReduceKind>(kind), axes, keeps}, {powers}), 1e-6,
                    "reduction " + std::to_string(kind));
      }
    }
  }
  for (const bool keeps : {false, true}) {
    expect_op(ArgReduceOp{2, false, false, keeps, DType::kInt32}, 0.0, "largest");
    expect_op(ArgReduceOp{3, true, false, keeps, DType::kInt64}, 0.0, "smallest");
    expect_op(CumulativeSumOp{2, keeps, !keeps}, 0.0, "cumulative sum");
  }
}

TEST(TfliteWriterOperations, Normalisations) {
  for (const NormalizeKind kind :
       {NormalizeKind::kMeanVariance, NormalizeKind::kL2, NormalizeKind::kRootMeanSquare}) {
    for (const std::vector<int>& axes : {std::vector<int>{3}, {1, 2}}) {
      for (const float epsilon : {1e-12f, 1e-3f}) {
        expect_op(NormalizeOp{kind, axes, epsilon}, 2e-6, "normalise");
      }
    }
  }
  for (const int axis : {1, 2, 3}) {
    expect_op(SoftmaxOp{axis, false}, 1e-6, "softmax");
    expect_op(SoftmaxOp{axis, true}, 1e-6, "log-softmax");
  }
}

TEST(TfliteWriterOperations, Movements) {
  expect_op(PadOp{{0, 1, 2, 0}, {0, 0, 3, 1}, PadMode::kConstant, 0.0f}, 0.0, "pad with 0");
  expect_op(PadOp{{0, 1, 2, 0}, {0, 0, 3, 1}, PadMode::kConstant, 2.5f}, 0.0, "pad with 2.5");
  expect_op(PadOp{{0, 1, 2, 0}, {0, 0, 3, 1}, PadMode::kReflect}, 0.0, "reflect");
  expect_op(PadOp{{0, 1, 2, 0}, {0, 0, 3, 1}, PadMode::kSymmetric}, 0.0, "symmetric");
  expect_op(PadOp{{0, 1, 2, 0}, {0, 0, 3, 1}, PadMode::kEdge}, 0.0, "edge");
  expect_op(PadOp{{0, 0, 0, 0}, {0, 0, 0, 0}, PadMode::kEdge}, 0.0, "no edge");
  expect_op(SliceOp{{0, 1, 2, 0}, {1, 1, 1, 1}, {1, 3, 2, 4}}, 0.0, "slice");
  expect_op(SliceOp{{0, 1, 6, 0}, {1, 2, -3, 1}, {1, 3, 3, 4}}, 0.0, "strided slice");
  expect_op(SliceOp{{0, 5, 6, 3}, {1, -1, -1, -1}, {1, 6, 7, 4}}, 0.0, "backwards");
  expect_op(SliceOp{{0, 5, 0, 0}, {7, -5, 1, 2}, {1, 2, 7, 2}}, 0.0, "to the first cell");
  expect_op(TransposeOp{{3, 0, 2, 1}}, 0.0, "transpose");
  expect_op(TileOp{{2, 1, 3, 1}}, 0.0, "tile");
  expect_op(BroadcastOp{Shape{3, 6, 7, 4}}, 0.0, "broadcast");
  expect_op(ReshapeOp{Shape{2, 84}}, 0.0, "reshape");
  OneLayer gather(Shape{1, 6, 7, 4});
  expect_same(gather,
              gather.add(GatherOp{2}, {gather.x, gather.numbers<std::int64_t>(DType::kInt64,
                                                                              {0, -1, 3, -7, 6})}),
              0.0, "gather");
  OneLayer concat(Shape{1, 6, 7, 4});
  expect_same(concat,
              concat.add(ConcatOp{2}, {concat.x, concat.floats(Shape{1, 6, 2, 4}), concat.x}), 0.0,
              "concat");
  OneLayer cast(Shape{1, 6, 7, 4});
  const ValueId tens = cast.add(ActivationOp{ActivationKind::kLinear, 10.0f}, {cast.x});
  const ValueId whole = cast.add(CastOp{DType::kInt32}, {tens});
  const ValueId any = cast.add(CastOp{DType::kBool}, {whole});
  expect_same(cast, cast.add(CastOp{DType::kFloat32}, {any}), 0.0, "casts");
}

TEST(TfliteWriterOperations, Resizes) {
  using Coordinates = ResizeCoordinates;
  using Rounding = ResizeRounding;
  for (const Coordinates coordinates :
       {Coordinates::kHalfPixel, Coordinates::kPytorchHalfPixel, Coordinates::kAlignCorners,
        Coordinates::kAsymmetric, Coordinates::kHalfPixelFloor}) {
    for (const std::array<std::int64_t, 2>& size :
         {std::array<std::int64_t, 2>{12, 14}, {4, 5}, {9, 3}, {6, 21}}) {
      for (const Rounding rounding : {Rounding::kFloor, Rounding::kCeil,
                                      Rounding::kRoundPreferFloor, Rounding::kRoundPreferCeil}) {
        expect_op(ResizeOp{ResizeKind::kNearest, coordinates, rounding, size, {0.0f, 0.0f}}, 0.0,
                  "nearest");
        expect_op(ResizeOp{ResizeKind::kNearest, coordinates, rounding, size, {1.7f, 0.9f}}, 0.0,
                  "nearest, scaled");
      }
      if (coordinates == Coordinates::kHalfPixelFloor) continue;
      expect_op(ResizeOp{ResizeKind::kBilinear, coordinates, Rounding::kFloor, size, {0.0f, 0.0f}},
                0.0, "bilinear");
    }
  }
}

TEST(TfliteWriterOperations, MatrixProducts) {
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      OneLayer layer(Shape{2, 5, 5});
      expect_same(layer, layer.add(MatmulOp{a, b}, {layer.x, layer.floats(Shape{2, 5, 5})}), 0.0,
                  "matrix product");
    }
  }
  for (const Shape& shape : {Shape{1, 12}, Shape{2, 3, 12}, Shape{1, 2, 3, 12}}) {
    OneLayer layer(shape);
    const ValueId y =
        layer.add(DenseOp{}, {layer.x, layer.floats(Shape{12, 5}), layer.floats(Shape{5})});
    expect_same(layer, layer.add(ActivationOp{ActivationKind::kClip, 0.0f, 6.0f}, {y}), 0.0,
                shape.to_string());
  }
}

// Numbers that no kernel for integers takes go by way of float32.
TEST(TfliteWriterOperations, QuantisedActivationsWithoutAnOperator) {
  const ElementType in(DType::kInt8, Quantization{{0.05f}, {-3}, -1});
  const ElementType out(DType::kInt8, Quantization{{0.03f}, {-100}, -1});
  using Kind = ActivationKind;
  for (const ActivationOp& op : std::vector<ActivationOp>{
           {Kind::kSwish}, {Kind::kSoftplus}, {Kind::kMish}, {Kind::kHardSigmoid, 0.2f, 0.5f}}) {
    OneLayer layer(Shape{1, 8, 8, 4}, in);
    expect_same(layer, layer.add(op, {layer.x}, out), 0.0,
                "activation " + std::to_string(static_cast<int>(op.kind)));
  }
  for (const float high : {0.3f, 4.0f}) {
    OneLayer layer(Shape{1, 8, 8, 4}, in);
    expect_same(layer, layer.add(ActivationOp{Kind::kClip, -0.4f, high}, {layer.x}, in), 0.0,
                "clip");
  }
}

TEST(TfliteWriterOperations, RefusesByLayerAndOperation) {
  OneLayer volume(Shape{1, 4, 5, 6, 2});
  expect_refused(volume, volume.add(Pool3dOp{PoolKind::kMax, {2, 2, 2}, {}, false}, {volume.x}),
                 {"layer 0 \"layer\" (Layer)", "pool3d"});
  OneLayer arc(Shape{1, 4});
  expect_refused(arc, arc.add(UnaryOp{UnaryKind::kAsin}, {arc.x}), {"layer 0", "unary"});
  OneLayer remainder(Shape{1, 4});
  expect_refused(remainder,
                 remainder.add(BinaryOp{BinaryKind::kRemainder},
                               {remainder.x, remainder.floats(Shape{4}, 1.0f, 2.0f)}),
                 {"layer 0", "remainder"});
}

}  // namespace
}  // namespace tinysplit
