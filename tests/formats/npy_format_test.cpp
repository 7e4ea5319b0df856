#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

// A version 1.0 file with the dictionary as given, padded as NumPy pads.
std::string npy_bytes(std::string dictionary, const std::string& data, char major = 1) {
  const std::size_t before = major == 1 ? 10 : 12;
  while ((before + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += '\0';
  bytes += static_cast<char>(dictionary.size() & 0xffU);
  bytes += static_cast<char>(dictionary.size() >> 8U);
  if (major > 1) bytes += std::string(2, '\0');
  return bytes + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

TEST(NpyFormat, ReadsEveryVersion) {
  for (const char major : {'\1', '\2', '\3'}) {
    const auto tensor =
        parse_npy(npy_bytes(dictionary("<f4", "(1, 2)"), raw({1.5F, -2.0F}), major));
    ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
    EXPECT_EQ(tensor->shape(), Shape({1, 2}));
    EXPECT_EQ(values_of<float>(*tensor), (std::vector<float>{1.5F, -2.0F}));
  }
}

TEST(NpyFormat, ReadsEveryElementType) {
  const auto read = [](const std::string& descr, const std::string& data) {
    Result<Tensor> tensor = parse_npy(npy_bytes(dictionary(descr, "(2,)"), data));
    EXPECT_TRUE(tensor.ok()) << descr << ": " << tensor.status().to_string();
    return std::move(tensor).value();
  };
  EXPECT_EQ(values_of<std::int8_t>(read("|i1", raw<std::int8_t>({-128, 7}))),
            (std::vector<std::int8_t>{-128, 7}));
  EXPECT_EQ(values_of<std::uint8_t>(read("|u1", raw<std::uint8_t>({255, 7}))),
            (std::vector<std::uint8_t>{255, 7}));
  EXPECT_EQ(values_of<std::int16_t>(read("<i2", raw<std::int16_t>({-300, 300}))),
            (std::vector<std::int16_t>{-300, 300}));
  EXPECT_EQ(values_of<std::int32_t>(read("<i4", raw<std::int32_t>({-70000, 70000}))),
            (std::vector<std::int32_t>{-70000, 70000}));
  EXPECT_EQ(values_of<std::int64_t>(read("<i8", raw<std::int64_t>({-5'000'000'000, 1}))),
            (std::vector<std::int64_t>{-5'000'000'000, 1}));
  const Tensor half = read("<f2", raw<std::uint16_t>({0x3c00, 0xc000}));
  EXPECT_EQ(half.dtype(), DType::kFloat16);
  const Tensor rounded = read("<f8", raw({0.1, 1e300}));
  EXPECT_EQ(rounded.dtype(), DType::kFloat32);
  EXPECT_EQ(rounded.as<float>()[0], 0.1F);
  const Tensor boolean = read("|b1", std::string("\0\x7f", 2));
  EXPECT_EQ(boolean.dtype(), DType::kBool);
  EXPECT_EQ(values_of<std::uint8_t>(boolean), (std::vector<std::uint8_t>{0, 1}));
}

TEST(NpyFormat, ReadsScalarsAndEmptyArrays) {
  const auto scalar = parse_npy(npy_bytes(dictionary("<f4", "()"), raw({3.0F})));
  ASSERT_TRUE(scalar.ok());
  EXPECT_EQ(scalar->shape().rank(), 0);
  EXPECT_EQ(scalar->as<float>()[0], 3.0F);
  const auto empty = parse_npy(npy_bytes(dictionary("<f4", "(3, 0)"), ""));
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->shape(), Shape({3, 0}));
  EXPECT_TRUE(parse_npy(npy_bytes(dictionary("<f4", "(0, 3)", true), "")).ok());
}

TEST(NpyFormat, TransposesFortranOrder) {
  // a[i][j][k] = 100 i + 10 j + k, the first index fastest.
  std::vector<std::int32_t> data;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) data.push_back(100 * i + 10 * j + k);
    }
  }
  std::string bytes(data.size() * 4, '\0');
  std::memcpy(bytes.data(), data.data(), bytes.size());
  const auto tensor = parse_npy(npy_bytes(dictionary("<i4", "(2, 3, 4)", true), bytes));
  ASSERT_TRUE(tensor.ok()) << tensor.status().to_string();
  std::vector<std::int32_t> expected;
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  EXPECT_EQ(values_of<std::int32_t>(*tensor), expected);
}

TEST(NpyFormat, AcceptsKeysInAnyOrder) {
  const std::string text = R"({"shape":(2,),"descr":"<f4","fortran_order":False})";
  EXPECT_TRUE(parse_npy(npy_bytes(text, raw({1.0F, 2.0F}))).ok());
}

TEST(NpyFormat, NamesWhatItCannotRead) {
  const auto error_of = [](const std::string& descr) {
    return parse_npy(npy_bytes(dictionary(descr, "(1,)"), std::string(8, '\0'))).status();
  };
  EXPECT_EQ(error_of(">f4").code(), StatusCode::kUnimplemented);
  EXPECT_NE(error_of(">f4").message().find("big-endian"), std::string::npos);
  for (const char* descr : {"<c8", "|O", "<U4", "|S8", "<M8[s]", "<u4", "f4", "", "|f4", "<f16"}) {
    EXPECT_EQ(error_of(descr).code(), StatusCode::kUnimplemented) << descr;
    EXPECT_NE(error_of(descr).message().find(descr), std::string::npos) << descr;
  }
  const std::string structured =
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
  EXPECT_EQ(parse_npy(npy_bytes(structured, raw({1.0F}))).status().code(),
            StatusCode::kUnimplemented);
  EXPECT_EQ(parse_npy(npy_bytes(dictionary("<f4", "(1,)"), raw({1.0F}), 4)).status().code(),
            StatusCode::kUnimplemented);
}

TEST(NpyFormat, RefusesDamagedHeaders) {
  const std::string good = dictionary("<f4", "(1,)");
  ASSERT_TRUE(parse_npy(npy_bytes(good, raw({1.0F}))).ok());
  for (const std::string& text : {
           std::string(),
           std::string("{"),
           std::string("{}"),
           good + "x",
           good + good,
           std::string("{'descr': '<f4', 'shape': (1,), }"),
           std::string("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"),
           std::string("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1, }"),
           std::string("{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }"),
           std::string("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }"),
           std::string("{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }"),
           dictionary("<f4", "(1)"),
           dictionary("<f4", "[1]"),
           dictionary("<f4", "(1,"),
           dictionary("<f4", "(,)"),
           dictionary("<f4", "(1 1)"),
           dictionary("<f4", "(1.0,)"),
           dictionary("<f4", "(0x1,)"),
       }) {
    const auto tensor = parse_npy(npy_bytes(text, raw({1.0F})));
    ASSERT_FALSE(tensor.ok()) << text;
    EXPECT_EQ(tensor.status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(NpyFormat, RefusesHostileShapesBeforeAllocating) {
  for (const char* shape : {"(-1,)", "(1000000000000,)", "(65536, 65536, 65536, 65536)",
                            "(9223372036854775807, 9223372036854775807)",
                            "(0, 9223372036854775807, 2)", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"}) {
    const auto tensor = parse_npy(npy_bytes(dictionary("<f4", shape), raw({1.0F})));
    EXPECT_EQ(tensor.status().code(), StatusCode::kOutOfRange) << shape;
  }
  EXPECT_EQ(parse_npy(npy_bytes(dictionary("<f4", "(99999999999999999999,)"), "")).status().code(),
            StatusCode::kInvalidArgument);
  // An allowed shape of which the data is missing: found out by the length, not by reading.
  EXPECT_EQ(parse_npy(npy_bytes(dictionary("<f4", "(268435456,)"), raw({1.0F}))).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(NpyFormat, RefusesEveryTruncationAndTrailingBytes) {
  const std::string bytes = npy_bytes(dictionary("<i2", "(2, 2)"), raw<std::int16_t>({1, 2, 3, 4}));
  ASSERT_TRUE(parse_npy(bytes).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(parse_npy(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_EQ(parse_npy(bytes + "x").status().code(), StatusCode::kInvalidArgument);
}

TEST(NpyFormat, WritesWhatItReads) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat16, DType::kInt8, DType::kUint8,
                            DType::kInt16, DType::kInt32, DType::kInt64, DType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{1, 4, 5, 2}, Shape{0, 2}}) {
      Tensor tensor(dtype, shape);
      for (std::size_t i = 0; i < tensor.num_bytes(); ++i) {
        tensor.data()[i] = std::byte(dtype == DType::kBool ? i % 2 : i * 37);
      }
      const std::string bytes = format_npy(tensor.view());
      EXPECT_EQ((bytes.size() - tensor.num_bytes()) % 64, 0U);
      const auto again = parse_npy(bytes);
      ASSERT_TRUE(again.ok()) << again.status().to_string();
      EXPECT_EQ(again->dtype(), dtype);
      EXPECT_EQ(again->shape(), shape);
      EXPECT_TRUE(std::ranges::equal(again->bytes(), tensor.bytes()));
    }
  }
}

// What numpy.save(numpy.arange(3, dtype="f4")) of NumPy 1.24 writes, as a fact of the format.
TEST(NpyFormat, WritesNumpysOwnBytes) {
  Tensor tensor(DType::kFloat32, {3});
  for (int i = 0; i < 3; ++i) tensor.as<float>()[std::size_t(i)] = static_cast<float>(i);
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  text.resize(0x75, ' ');
  expected += text + "\n" + raw({0.0F, 1.0F, 2.0F});
  EXPECT_EQ(format_npy(tensor.view()), expected);
}

}  // namespace
}  // namespace tinysplit
