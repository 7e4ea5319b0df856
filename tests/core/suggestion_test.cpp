#include "core/suggestion.h"

#include <gtest/gtest.h>

namespace tinysplit {
namespace {

TEST(Suggestion, CountsSlips) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", "ABC"), 0u);
  EXPECT_EQ(edit_distance("abc", "acb"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "four"), 4u);
  EXPECT_EQ(edit_distance(std::string(201, 'a'), "a"), 201u);
}

TEST(Suggestion, NamesTheNearestOfWhatASlipExplains) {
  const std::vector<std::string> names = {"inspect", "infer", "export", "evaluate", "plan"};
  EXPECT_EQ(did_you_mean("inspekt", names), "; did you mean inspect?");
  EXPECT_EQ(did_you_mean("exprot", names), "; did you mean export?");
  EXPECT_EQ(did_you_mean("eval", names), "; did you mean evaluate?");
  EXPECT_EQ(did_you_mean("plna", names), "; did you mean plan?");
  EXPECT_EQ(did_you_mean("Plan", names), "; did you mean plan?");
  for (const char* given : {"", "x", "zzzz", "something", "ab"}) {
    EXPECT_EQ(did_you_mean(given, names), "") << given;
  }
}

}  // namespace
}  // namespace tinysplit
