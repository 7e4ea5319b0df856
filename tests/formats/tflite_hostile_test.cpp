// Damaged files end in an error that says something, or in a graph: never in a crash. Under the
// sanitizers this finds reads out of bounds as well.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "formats/tflite/tflite_reader.h"
#include "formats/tflite_test_files.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

void expect_clean(const std::string& bytes, const std::string& what) {
  const auto graph = read_tflite_model_bytes(bytes, "damaged");
  EXPECT_TRUE(graph.ok() || !graph.status().message().empty()) << what;
  EXPECT_NE(graph.status().code(), StatusCode::kInternal)
      << what << ": " << graph.status().to_string();
}

const std::vector<std::string>& small_files() {
  static const std::vector<std::string> names{"convolutions", "int8_dense", "shapes", "slicing",
                                              "recurrent"};
  return names;
}

TEST(TfliteHostile, EveryTruncationEndsCleanly) {
  for (const std::string& name : small_files()) {
    const std::string bytes = contents_of(tflite_file(name + ".tflite"));
    ASSERT_FALSE(bytes.empty()) << name;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      expect_clean(bytes.substr(0, size), name + " cut to " + std::to_string(size));
    }
  }
}

TEST(TfliteHostile, FlippedBitsEndCleanly) {
  std::mt19937 random(11);
  for (const std::string& name : small_files()) {
    const std::string good = contents_of(tflite_file(name + ".tflite"));
    for (int round = 0; round < 2000; ++round) {
      std::string bytes = good;
      const int flips = 1 + static_cast<int>(random() % 4);
      for (int i = 0; i < flips; ++i) {
        bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
      }
      expect_clean(bytes, name + ", round " + std::to_string(round));
    }
  }
}

// Sizes, offsets and indices are words of four bytes: extreme ones are the likeliest to hurt.
TEST(TfliteHostile, ExtremeWordsEndCleanly) {
  for (const std::string& name : small_files()) {
    const std::string good = contents_of(tflite_file(name + ".tflite"));
    for (std::size_t at = 0; at + 4 <= good.size(); at += 4) {
      for (const char* word : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\0\0\0\x80", "\0\0\0\0"}) {
        std::string bytes = good;
        std::copy_n(word, 4, bytes.begin() + static_cast<std::ptrdiff_t>(at));
        expect_clean(bytes, name + ", word at " + std::to_string(at));
      }
    }
  }
}

}  // namespace
}  // namespace tinysplit
