#include "net/trace.h"

#include <gtest/gtest.h>

namespace tinysplit {
namespace {

TEST(Trace, ReadsRowsWithOrWithoutAHeader) {
  for (const char* text : {"time_s,downlink_mbit_per_s\n0.000,0.89\n5.000,2\n",
                           "0,0.89\r\n# a remark\r\n\r\n 5 , 2 , further columns\r\n"}) {
    const Result<std::vector<RatePoint>> points = parse_trace(text);
    ASSERT_TRUE(points.ok()) << points.status().to_string();
    ASSERT_EQ(points->size(), 2u);
    EXPECT_DOUBLE_EQ((*points)[0].bits_per_s, 0.89e6);
    EXPECT_EQ((*points)[1].time_s, 5);
    EXPECT_DOUBLE_EQ((*points)[1].bits_per_s, 2e6);
  }
}

TEST(Trace, NamesTheLineThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"0,1\nx,2\n", "line 2"},     {"0,1\n1,-2\n", "line 2"}, {"0,1\n1,2\n1,3\n", "line 3"},
      {"0,1\n1\n", "line 2"},       {"a,b\nc,d\n", "line 2"},  {"0,1\n1,nan\n", "line 2"},
      {"0,1\n1,1e999\n", "line 2"}, {"", "no line"},           {"time,rate\n", "no line"},
      {"0,0\n1,0\n", "no rate"}};
  for (const auto& [text, message] : cases) {
    const Status status = parse_trace(text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  }
}

TEST(Trace, MissingFilesAreNamed) {
  const Status status = read_trace("/nonexistent/trace.csv").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("/nonexistent/trace.csv"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
