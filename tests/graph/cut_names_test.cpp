#include "graph/cut_names.h"

#include <gtest/gtest.h>

namespace tinysplit {
namespace {

const std::vector<std::string> kLayers = {"input", "base/block_1", "base/block_2", "7", "after:me"};

TEST(CutNames, ACutIsANumberOrLiesBesideALayer) {
  for (const auto& [text, cut] : std::vector<std::pair<std::string, int>>{{"0", 0},
                                                                          {"5", 5},
                                                                          {"before:input", 0},
                                                                          {"after:input", 1},
                                                                          {"after:base/block_2", 3},
                                                                          {"before:7", 3},
                                                                          {"after:7", 4},
                                                                          {"before:after:me", 4},
                                                                          {"after:after:me", 5}}) {
    const Result<int> found = parse_cut(text, kLayers);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    EXPECT_EQ(*found, cut) << text;
  }
}

TEST(CutNames, WhatIsNoneIsRefusedWithWhatWasMeant) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"6", "--end 6: the model has 5 layers; cuts are 0 to 5"},
           {"-1", "cuts are 0 to 5"},
           {"99999999999999999999", "cuts are 0 to 5"},
           {"", "neither a number of layers nor after:LAYER"},
           {"3.5", "neither a number"},
           {"3 ", "neither a number"},
           {"input", "nor after:input or before:input"},
           {"after:", "no layer of that name"},
           {"after:base/blok_2", "did you mean base/block_2?"},
           {"before:nowhere_near", "tinysplit inspect lists them"}}) {
    const Result<int> found = parse_cut(text, kLayers, "--end");
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(exit_code_of(found.status().code()),
              found.status().code() == StatusCode::kNotFound ? 3 : 2);
    EXPECT_NE(found.status().message().find(part), std::string::npos) << found.status().message();
  }
}

}  // namespace
}  // namespace tinysplit
