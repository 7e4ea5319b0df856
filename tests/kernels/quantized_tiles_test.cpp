#include "kernels/quantized_tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "graph/type_inference.h"
#include "kernels/quantized_kernels.h"
#include "kernels/quantized_stage.h"

namespace tinysplit {
namespace {

using quantized::Body;

// Convolutions and dense layers with random sizes, options and numbers.
class RandomProduct {
 public:
  explicit RandomProduct(unsigned seed) : random_(seed) {
    const DType dtype = between(0, 3) == 0 ? DType::kUint8 : DType::kInt8;
    const bool dense = between(0, 4) == 0;
    const bool depthwise = !dense && between(0, 2) == 0;
    const std::int64_t channels = between(1, 40);
    std::int64_t filters = between(1, 80);
    if (dense) {
      op_ = DenseOp{};
      make_input(dtype, Shape{between(1, 9), channels});
      make_weights(Shape{channels, filters});
    } else {
      Conv2dOp conv = random_conv();
      const std::int64_t group_filters = between(1, 20);
      conv.groups = depthwise ? channels : between(0, 3) == 0 ? 2 : 1;
      const std::int64_t in = depthwise ? channels : conv.groups * between(1, 20);
      if (conv.groups > 1) filters = depthwise ? channels : conv.groups * group_filters;
      op_ = conv;
      make_input(dtype, Shape{between(1, 2), between(6, 12), between(6, 12), in});
      make_weights(Shape{between(1, 3), between(1, 3), in / conv.groups, filters});
    }
    if (dtype == DType::kInt8 && between(0, 9) == 0) make_filter_empty();
    clips_ = between(0, 1) == 0;
    make_output(dtype);
  }

  // As converters write filters that are always 0: the bias is as large as they let it be.
  void make_filter_empty() {
    Tensor weights = weights_.data->clone();
    const auto filters = static_cast<std::size_t>(bias_.shape[0]);
    const auto filter = static_cast<std::size_t>(between(0, bias_.shape[0] - 1));
    for (std::size_t i = filter; i < weights.bytes().size(); i += filters) {
      weights.bytes()[i] = std::byte{0};
    }
    weights_.data = std::make_shared<const Tensor>(std::move(weights));
    weights_.quantization->scale[filter] = scale(1e-9f, 1e-8f);
    Tensor bias = bias_.data->clone();
    bias.as<std::int32_t>()[filter] = 1 << 30;
    bias_.data = std::make_shared<const Tensor>(std::move(bias));
  }

  KernelSpec spec() const {
    KernelSpec spec;
    if (clips_) spec.clip = Clip{0.0f, 6.0f};
    spec.op = &op_;
    spec.inputs = {&x_, &weights_, &bias_};
    spec.output = &output_;
    return spec;
  }
  const std::byte* x() const { return x_.data->data(); }
  const Value& output() const { return output_; }

 private:
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  float scale(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(random_);
  }

  Conv2dOp random_conv() {
    Conv2dOp conv;
    conv.rounds_once = between(0, 3) == 0;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      conv.spatial.stride[axis] = between(1, 3);
      conv.spatial.dilation[axis] = between(0, 2) == 0 ? 2 : 1;
      conv.spatial.pad_before[axis] = between(0, 2);
      conv.spatial.pad_after[axis] = between(0, 2);
    }
    return conv;
  }

  // The largest and smallest numbers come often: there the rounding and saturation differ first.
  Value value(DType dtype, const Shape& shape) {
    Tensor tensor(dtype, shape);
    const bool extreme = between(0, 3) == 0;
    for (std::byte& byte : tensor.bytes()) {
      const int most = dtype == DType::kInt8 ? 0x80 : 0xff;
      byte = static_cast<std::byte>(extreme && between(0, 1) == 0 ? most : between(0, 255));
    }
    Value value;
    value.dtype = dtype;
    value.shape = shape;
    value.data = std::make_shared<const Tensor>(std::move(tensor));
    return value;
  }

  void make_input(DType dtype, const Shape& shape) {
    x_ = value(dtype, shape);
    const auto zero =
        static_cast<std::int32_t>(dtype == DType::kInt8 ? between(-128, 127) : between(0, 255));
    x_.quantization = Quantization{{scale(0.01f, 0.1f)}, {zero}, -1};
  }

  void make_weights(const Shape& shape) {
    const bool per_tensor = x_.dtype == DType::kUint8;
    weights_ = value(x_.dtype, shape);
    const int axis = shape.rank() - 1;
    Quantization quantization{{}, {}, per_tensor ? -1 : axis};
    for (std::int64_t f = 0; f < (per_tensor ? 1 : shape[axis]); ++f) {
      // Now and then a filter whose factor is not below one half, which vector code leaves alone.
      const bool large = between(0, 300) == 0;
      quantization.scale.push_back(large ? 40.0f : scale(0.0005f, 0.02f));
      quantization.zero_point.push_back(per_tensor ? static_cast<std::int32_t>(between(0, 255))
                                                   : 0);
    }
    weights_.quantization = quantization;
    Tensor bias(DType::kInt32, Shape{shape[axis]});
    for (std::int32_t& b : bias.as<std::int32_t>()) {
      b = static_cast<std::int32_t>(between(-20000, 20000));
    }
    bias_.dtype = DType::kInt32;
    bias_.shape = bias.shape();
    bias_.data = std::make_shared<const Tensor>(std::move(bias));
  }

  void make_output(DType dtype) {
    const auto zero = static_cast<std::int32_t>(between(0, 127));
    const ElementType type(dtype, Quantization{{scale(0.05f, 0.6f)}, {zero}, -1});
    const Value* const inputs[] = {&x_, &weights_, &bias_};
    output_ = infer_output(op_, inputs, type).value();
  }

  std::mt19937 random_;
  bool clips_ = false;
  Op op_;
  Value x_, weights_, bias_, output_;
};

std::vector<std::uint8_t> run(const Body& body, const RandomProduct& problem) {
  const std::size_t count = problem.output().num_bytes();
  Tensor output(problem.output().dtype, problem.output().shape);
  Tensor scratch(DType::kInt8, Shape{static_cast<std::int64_t>(body.scratch_bytes)});
  std::ranges::fill(scratch.bytes(), std::byte{0x5a});  // of any content
  const std::byte* const inputs[] = {problem.x()};
  body.run(inputs, output.data(), scratch.data());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(output.data());
  return {bytes, bytes + count};
}

Body tiled(const KernelSpec& spec, const quantized::TileKernels& tiles) {
  if (Body body = quantized::flat_depthwise_body(spec, tiles)) return body;
  if (Body body = quantized::depthwise_body(spec, tiles)) return body;
  return quantized::convolution_body(spec, tiles);
}

TEST(QuantizedTiles, PortableCodeAgreesWithPlainSums) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const RandomProduct problem(seed);
    const auto plain = run(quantized::plain_product_body(problem.spec()), problem);
    ASSERT_EQ(run(tiled(problem.spec(), quantized::portable_tiles()), problem), plain) << seed;
  }
}

// Every vector code that this CPU runs, whichever of them the program would choose.
std::vector<const quantized::TileKernels*> vector_tiles() {
  std::vector<const quantized::TileKernels*> all;
  for (const auto tiles : {quantized::avx2_tiles, quantized::vnni_tiles}) {
    if (tiles() != nullptr) all.push_back(tiles());
  }
  return all;
}

TEST(QuantizedTiles, VectorCodeGivesTheBitsOfPortableCode) {
  if (vector_tiles().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  for (unsigned seed = 0; seed < 1500; ++seed) {
    const RandomProduct problem(seed);
    const auto portable = run(tiled(problem.spec(), quantized::portable_tiles()), problem);
    for (const quantized::TileKernels* const tiles : vector_tiles()) {
      ASSERT_EQ(run(tiled(problem.spec(), *tiles), problem), portable) << seed;
    }
  }
}

// Such layers of real models took thirty times as long when plain code ran them.
TEST(QuantizedTiles, FiltersThatAreAlwaysZeroStayInVectorCode) {
  int clipped = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    RandomProduct problem(seed);
    if (problem.spec().inputs[0]->dtype != DType::kInt8 || !problem.spec().clip) continue;
    if (!quantized::read_weights(problem.spec()).suits_vectors) continue;
    problem.make_filter_empty();
    EXPECT_TRUE(quantized::read_weights(problem.spec()).suits_vectors) << seed;
    ++clipped;
  }
  EXPECT_GE(clipped, 20);
}

TEST(QuantizedTiles, VectorSumsGiveTheBitsOfPortableSums) {
  if (vector_tiles().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  std::mt19937 random(7);
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 500; ++round) {
    const std::size_t count = static_cast<std::size_t>(between(1, 200));
    std::vector<std::uint8_t> a(count), b(count), portable(count), vectors(count);
    for (std::size_t i = 0; i < count; ++i) {
      a[i] = static_cast<std::uint8_t>(between(0, 255));
      b[i] = static_cast<std::uint8_t>(between(0, 255));
    }
    quantized::SumRow row;
    row.is_signed = between(0, 1) == 0;
    const int low = row.is_signed ? -128 : 0;
    for (auto& operand : row.operands) {
      operand.zero_point = between(low, low + 255);
      operand.factor = {between(1 << 30, 0x7fffffff), -between(1, 12)};
    }
    row.operands[static_cast<std::size_t>(between(0, 1))].factor = {1 << 30, 0};
    row.operands[0].data = a.data();
    row.operands[1].data = b.data();
    row.factor = {between(1 << 30, 0x7fffffff), -between(1, 24)};
    row.zero_point = between(low, low + 255);
    row.low = between(low, low + 100);
    row.high = between(low + 100, low + 255);
    row.count = count;
    row.output = portable.data();
    quantized::portable_tiles().sum(row);
    row.output = vectors.data();
    for (const quantized::TileKernels* const tiles : vector_tiles()) {
      std::ranges::fill(vectors, std::uint8_t{0});
      tiles->sum(row);
      ASSERT_EQ(vectors, portable) << round;
    }
  }
}

}  // namespace
}  // namespace tinysplit
