#include "datasets/idx_file.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "datasets/dataset_files.h"

namespace tinysplit::test {
namespace {

std::string text_of(const Result<Tensor>& tensor) {
  if (!tensor.ok()) return tensor.status().to_string();
  const auto bytes = tensor->bytes();
  return tensor->shape().to_string() +
         std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

TEST(IdxFile, GivesTheArrayPlainAndPacked) {
  const std::string plain = idx_bytes({2, 1, 3}, "abcdef");
  EXPECT_EQ(text_of(parse_idx(plain)), "[2,1,3]abcdef");
  EXPECT_EQ(text_of(parse_idx(gzip(plain))), "[2,1,3]abcdef");
}

TEST(IdxFile, RefusesEveryTruncationAndWhatFollows) {
  const std::string plain = idx_bytes({2, 1, 3}, "abcdef");
  for (const std::string& whole : {plain, gzip(plain)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(parse_idx(whole.substr(0, size)).ok()) << size;
    }
    EXPECT_FALSE(parse_idx(whole + "x").ok());
  }
  EXPECT_FALSE(parse_idx(gzip(plain + "x")).ok());
}

TEST(IdxFile, RefusesDamagedGzip) {
  Random random(1);
  const std::string packed = gzip(idx_bytes({20, 30}, std::string(600, 'a')));
  const std::string expected = text_of(parse_idx(packed));
  for (std::size_t i = 10; i < packed.size(); ++i) {  // behind the header, which may vary
    std::string damaged = packed;
    damaged[i] = static_cast<char>(damaged[i] ^ static_cast<char>(1U << random.below(8)));
    // A bit may be one that only fills the last byte.
    const Result<Tensor> tensor = parse_idx(damaged);
    EXPECT_TRUE(!tensor.ok() || text_of(tensor) == expected) << i;
  }
}

// Each asks for more than the file can hold, or than any may; a sanitizer or the limit of memory
// would show an allocation.
TEST(IdxFile, ChecksTheHeaderBeforeItAllocates) {
  const std::vector<std::vector<std::uint32_t>> shapes{{0xffffffffU},
                                                       {1U << 28U},
                                                       {1U << 16U, 1U << 16U},
                                                       {0xffffffffU, 0xffffffffU, 0xffffffffU},
                                                       {60000, 28, 28}};
  for (const auto& shape : shapes) {
    EXPECT_FALSE(parse_idx(idx_bytes(shape, "abc")).ok());
    EXPECT_FALSE(parse_idx(gzip(idx_bytes(shape, "abc"))).ok());
  }
}

TEST(IdxFile, RefusesOtherElementsAndShapes) {
  std::string floats = idx_bytes({1}, "abcd");
  floats[2] = 0x0d;
  EXPECT_NE(text_of(parse_idx(floats)).find("type 13"), std::string::npos);
  EXPECT_FALSE(parse_idx(idx_bytes({1, 1, 1, 1, 1}, "a")).ok());
  EXPECT_FALSE(parse_idx(idx_bytes({0}, "")).ok());
  EXPECT_FALSE(parse_idx("PK\x03\x04").ok());
}

}  // namespace
}  // namespace tinysplit::test
