#include "wire/quantization.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "random_values.h"
#include "wire/tensor_codec.h"

namespace tinysplit {
namespace {

constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kHigh = std::numeric_limits<std::int32_t>::max();

// Any quantisation that fits `tensor`, per tensor or along one of its axes.
WireQuantization random_quantization(Random& random, const Tensor& tensor) {
  WireQuantization made;
  std::size_t count = 1;
  if (tensor.shape().rank() > 0 && random_int(random, 0, 1) == 0) {
    made.axis = random_int(random, 0, tensor.shape().rank() - 1);
    count = static_cast<std::size_t>(tensor.shape()[made.axis]);
  }
  const auto [low, high] = [&]() -> std::pair<std::int32_t, std::int32_t> {
    switch (tensor.dtype()) {
      case DType::kInt8:
        return {-128, 127};
      case DType::kUint8:
        return {0, 255};
      case DType::kInt16:
        return {-32768, 32767};
      default:
        return {kLow, kHigh};
    }
  }();
  for (std::size_t i = 0; i < count; ++i) {
    // From the least subnormal number to the largest.
    made.scale.push_back(
        std::bit_cast<float>(static_cast<std::uint32_t>(random_int(random, 1, 0x7f7fffff))));
    made.zero_point.push_back(random_int(random, low, high));
  }
  return made;
}

std::string encode(const NamedTensorView& tensor) {
  std::string out;
  CborWriter writer(out);
  EXPECT_TRUE(append_tensor(writer, tensor, TensorForm::kSmallestLossless).ok());
  return out;
}

Result<WireTensor> decode_quantized(std::string_view bytes) {
  CborReader reader(bytes);
  return read_tensor(reader, "tensors");
}

TEST(WireQuantization, RoundTripsToTheBitAndPredictsItsSize) {
  Random random(7);
  int tried = 0;
  while (tried < 1000) {
    const Tensor tensor = random_tensor(random);
    if (tensor.dtype() != DType::kInt8 && tensor.dtype() != DType::kUint8 &&
        tensor.dtype() != DType::kInt16 && tensor.dtype() != DType::kInt32) {
      continue;
    }
    const WireQuantization quantization = random_quantization(random, tensor);
    if (quantization.scale.empty()) continue;  // along an axis without elements
    ++tried;
    const std::string bytes = encode({"value", tensor.view(), quantization.view()});
    EXPECT_EQ(bytes.size(), encoded_tensor_bytes(5, tensor.dtype(), tensor.shape(), tensor.dtype(),
                                                 quantization.view()));
    const Result<WireTensor> back = decode_quantized(bytes);
    ASSERT_TRUE(back.ok()) << back.status().to_string() << " " << to_hex(bytes);
    EXPECT_TRUE(same_bits(back->tensor.view(), tensor.view()));
    EXPECT_EQ(back->quantization.scale, quantization.scale);
    EXPECT_EQ(back->quantization.zero_point, quantization.zero_point);
    EXPECT_EQ(back->quantization.axis, quantization.axis);
  }
}

TEST(WireQuantization, OfPlainTensorsThereIsNone) {
  const Tensor tensor(DType::kInt8, {2});
  const Result<WireTensor> back = decode_quantized(encode({"x", tensor.view()}));
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->quantization.view().empty());
}

// {0: "x", 1: 40([[2], 72(h'01ff')]), 3: ..., 4: ...}
TEST(WireQuantization, ReadsNumbersOfEveryWidth) {
  const std::string head = "00 6178 01 d828 82 81 02 d848 42 01ff ";
  const auto read = [&](const std::string& keys) {
    return decode_quantized(from_hex("a" + keys.substr(0, 1) + head + keys.substr(2)));
  };
  for (const char* half : {"4 03 f93800 04 00", "4 03 fa3f000000 04 00", "4 04 1800 03 f93800",
                           "4 03 fb3fe0000000000000 04 190000", "3 03 f93800"}) {
    const Result<WireTensor> tensor = read(half);
    ASSERT_TRUE(tensor.ok()) << half << ": " << tensor.status().to_string();
    EXPECT_EQ(tensor->quantization.scale, std::vector<float>{0.5f}) << half;
    EXPECT_EQ(tensor->quantization.zero_point, std::vector<std::int32_t>{0}) << half;
    EXPECT_EQ(tensor->quantization.axis, -1);
  }
  EXPECT_EQ(read("4 03 02 04 28")->quantization.zero_point, std::vector<std::int32_t>{-9});
}

TEST(WireQuantization, SaysWhatIsWrong) {
  struct Case {
    const char* keys;
    const char* message;
  };
  const std::string of_int8 = "00 6178 01 d828 82 81 02 d848 42 01ff ";
  const Case cases[] = {
      {"4 03 00 04 00", "needs one above 0"},
      {"4 03 f9bc00 04 00", "needs one above 0"},
      {"4 03 f97e00 04 00", "single precision"},
      {"4 03 f97c00 04 00", "single precision"},
      {"4 03 fb7e37e43c8800759c 04 00", "single precision"},
      {"4 03 60 04 00", "a scale is no number"},
      {"4 03 f93800 04 1880", "zero point 128"},
      {"4 03 f93800 04 3880", "zero point -129"},
      {"4 03 f93800 04 1b0000000100000000", "whole number of 32 bits"},
      {"4 03 f93800 04 f90000", "whole number of 32 bits"},
      {"3 04 00", "0 scales and 1 zero points"},
      {"5 03 f93800 04 00 05 00", "1 scales and 1 zero points, needs 2 each"},
      {"5 03 d855480000003f0000003f 04 d84e480000000000000000 05 01", "along axis 1 of shape [2]"},
      {"5 03 d855480000003f0000003f 04 d84e480000000000000000 05 08", "tensors"},
      {"4 03 d855470000003f000000 04 00", "cut short"},
      {"4 03 d848410000 04 00", "tag 72"},
  };
  for (const Case& wrong : cases) {
    const std::string keys = wrong.keys;
    const Result<WireTensor> tensor =
        decode_quantized(from_hex("a" + keys.substr(0, 1) + of_int8 + keys.substr(2)));
    ASSERT_FALSE(tensor.ok()) << wrong.keys;
    EXPECT_NE(tensor.status().message().find(wrong.message), std::string::npos)
        << wrong.keys << ": " << tensor.status().to_string();
  }
  // Floats are not quantised, restored ones neither.
  for (const char* hex : {"a4 00 6178 01 d828 82 81 01 d855 44 00000000 03 f93800 04 00",
                          "a5 00 6178 01 d828 82 81 01 d840 41 00 02 67 666c6f61743332 03 f93800 "
                          "04 00"}) {
    const Result<WireTensor> tensor = decode_quantized(from_hex(hex));
    ASSERT_FALSE(tensor.ok()) << hex;
    EXPECT_NE(tensor.status().message().find("float32 does not take"), std::string::npos)
        << tensor.status().to_string();
  }
}

TEST(WireQuantization, TheWriterRefusesWhatTheReaderWould) {
  const Tensor bytes(DType::kInt8, {2});
  const Tensor floats(DType::kFloat32, {2});
  const auto refused = [](const Tensor& tensor, const WireQuantization& quantization) {
    std::string out;
    CborWriter writer(out);
    const Status status = append_tensor(writer, {"x", tensor.view(), quantization.view()},
                                        TensorForm::kSmallestLossless);
    return !status.ok() && out.empty();
  };
  EXPECT_FALSE(refused(bytes, {{0.5f}, {-128}, -1}));
  EXPECT_FALSE(refused(bytes, {{0.5f, 0.25f}, {0, 1}, 0}));
  EXPECT_TRUE(refused(floats, {{0.5f}, {0}, -1}));
  EXPECT_TRUE(refused(bytes, {{0.0f}, {0}, -1}));
  EXPECT_TRUE(refused(bytes, {{0.5f}, {128}, -1}));
  EXPECT_TRUE(refused(bytes, {{0.5f}, {}, -1}));
  EXPECT_TRUE(refused(bytes, {{0.5f}, {0}, 0}));
  EXPECT_TRUE(refused(bytes, {{0.5f, 0.25f}, {0, 1}, 1}));
}

}  // namespace
}  // namespace tinysplit
