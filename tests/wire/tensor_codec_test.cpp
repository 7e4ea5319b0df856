#include "wire/tensor_codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "random_values.h"

namespace tinysplit {
namespace {

std::string encode(const NamedTensorView& tensor, TensorForm form) {
  std::string out;
  CborWriter writer(out);
  EXPECT_TRUE(append_tensor(writer, tensor, form).ok());
  return out;
}

Result<WireTensor> decode(std::string_view bytes) {
  CborReader reader(bytes);
  return read_tensor(reader, "tensors");
}

Tensor floats(std::vector<float> values) {
  Tensor tensor(DType::kFloat32, {static_cast<std::int64_t>(values.size())});
  std::ranges::copy(values, tensor.as<float>().begin());
  return tensor;
}

TEST(TensorCodec, RoundTripsEveryDTypeBitForBit) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const Tensor tensor = random_tensor(random);
    for (const TensorForm form : {TensorForm::kNative, TensorForm::kSmallestLossless}) {
      const std::string bytes = encode({"value", tensor.view()}, form);
      const Result<WireTensor> back = decode(bytes);
      ASSERT_TRUE(back.ok()) << back.status().to_string() << " " << to_hex(bytes);
      EXPECT_EQ(back->name, "value");
      EXPECT_TRUE(same_bits(back->tensor.view(), tensor.view())) << to_hex(bytes);
    }
  }
}

TEST(TensorCodec, PredictsItsSizeExactly) {
  Random random(2);
  for (int i = 0; i < 500; ++i) {
    const Tensor tensor = random_tensor(random);
    const std::string name(std::size_t(random_int(random, 1, 256)), 'n');
    for (const TensorForm form : {TensorForm::kNative, TensorForm::kSmallestLossless}) {
      EXPECT_EQ(encode({name, tensor.view()}, form).size(),
                encoded_tensor_bytes(name.size(), tensor.dtype(), tensor.shape(),
                                     wire_dtype(tensor.view(), form)));
    }
  }
}

TEST(TensorCodec, NarrowsExactlyTheFloatsThatAreBytes) {
  const auto is_narrow = [](std::vector<float> values) {
    return wire_dtype(floats(std::move(values)).view(), TensorForm::kSmallestLossless) ==
           DType::kUint8;
  };
  EXPECT_TRUE(is_narrow({0, 1, 128, 255}));
  EXPECT_TRUE(is_narrow({}));
  for (const float odd :
       {-0.0f, -1.0f, 256.0f, 0.5f, 254.99998f, 1e30f, -1e30f, 1e-45f,
        std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    // At every place of a block, and beyond the first block.
    for (const std::size_t place : {0u, 255u, 256u, 999u}) {
      std::vector<float> values(1000, 7.0f);
      values[place] = odd;
      EXPECT_FALSE(is_narrow(values)) << odd << " at " << place;
    }
  }
  EXPECT_EQ(wire_dtype(floats({1}).view(), TensorForm::kNative), DType::kFloat32);
}

TEST(TensorCodec, NarrowFormTakesAQuarterOfTheBytes) {
  std::vector<float> image(28 * 28);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 256);
  const Tensor tensor = floats(image);
  const std::size_t native = encode({"x", tensor.view()}, TensorForm::kNative).size();
  const std::size_t narrow = encode({"x", tensor.view()}, TensorForm::kSmallestLossless).size();
  EXPECT_LE(narrow, native / 4 + 30);
}

TEST(TensorCodec, RejectsNamesThatTheReaderWouldReject) {
  const Tensor tensor = floats({1});
  for (const std::string& name : {std::string(), std::string(257, 'a'), std::string("\xff")}) {
    std::string out;
    CborWriter writer(out);
    EXPECT_EQ(append_tensor(writer, {name, tensor.view()}, TensorForm::kNative).code(),
              StatusCode::kInvalidArgument);
    EXPECT_TRUE(out.empty());
  }
}

TEST(TensorCodec, RefusesATensorWithoutData) {
  std::string out;
  CborWriter writer(out);
  EXPECT_FALSE(append_tensor(writer, {"x", Tensor().view()}, TensorForm::kNative).ok());
}

// {0: "x", 1: 40([[2], 64(h'0102')])} and what is near it.
TEST(TensorCodec, ReadsAHandWrittenTensor) {
  const Result<WireTensor> tensor = decode(from_hex("a2 00 6178 01 d828 82 81 02 d840 42 0102"));
  ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
  EXPECT_EQ(tensor->tensor.dtype(), DType::kUint8);
  EXPECT_EQ(tensor->tensor.shape(), Shape({2}));
}

TEST(TensorCodec, SaysWhatIsWrong) {
  struct Case {
    const char* hex;
    const char* message;
  };
  const Case cases[] = {
      {"a2 00 6178 01 d828 82 81 03 d840 42 0102", "shape [3] of uint8 takes 3 bytes, found 2"},
      {"a2 00 6178 01 d828 82 81 02 d84a 42 0102", "tag 74"},
      {"a2 00 6178 01 d829 82 81 02 d840 42 0102", "tag 40"},
      {"a2 00 6178 01 d828 81 81 02", "dimensions and elements"},
      {"a1 01 d828 82 81 02 d840 42 0102", "name"},
      {"a1 00 6178", "array"},
      {"a2 00 60 01 d828 82 81 02 d840 42 0102", "without a name"},
      {"a2 00 6178 00 6178", "key 0 comes twice"},
      {"a3 00 6178 01 d828 82 81 02 d840 42 0102 02 64626f6f6c", "neither 0 nor 1"},
      {"a3 00 6178 01 d828 82 81 02 d840 42 0100 02 65696e743136", "cannot be restored as int16"},
      {"a3 00 6178 01 d828 82 81 02 d840 42 0100 02 6178", "unknown dtype"},
      {"a2 00 6178 01 d828 82 82 1a10000000 1a10000000 d840 40", "more than 268435456 elements"},
      {"a2 00 6178 01 d828 82 89 010101010101010101 d840 4101", "too large, at most 8"},
      {"a2 00 6178 01 d828 82 81 20 d840 41 01", "expected an unsigned integer"},
      {"a2 00 6178 01 d828 82 81 02 d840 5b7fffffffffffffff 01", "ends at byte"},
      {"bf 00 6178 ff", "indefinite length"},
  };
  for (const Case& wrong : cases) {
    const Result<WireTensor> tensor = decode(from_hex(wrong.hex));
    ASSERT_FALSE(tensor.ok()) << wrong.hex;
    EXPECT_NE(tensor.status().message().find(wrong.message), std::string::npos)
        << tensor.status().message();
  }
}

TEST(TensorCodec, IgnoresUnknownKeys) {
  const Result<WireTensor> tensor = decode(from_hex(
      "a5 00 6178 01 d828 82 81 02 d840 42 0102 06 82 01 f6 1864 f93c00 6473697a65 a1 01 02"));
  ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
}

}  // namespace
}  // namespace tinysplit
