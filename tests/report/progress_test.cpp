#include "report/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "report/table.h"

namespace tinysplit {
namespace {

// A stream of which the text can be read back.
class CapturedStream {
 public:
  CapturedStream() : file_(std::tmpfile()) {}
  ~CapturedStream() { std::fclose(file_); }
  CapturedStream(const CapturedStream&) = delete;
  CapturedStream& operator=(const CapturedStream&) = delete;
  std::FILE* get() { return file_; }
  std::string text() {
    std::fflush(file_);
    std::rewind(file_);
    std::string text;
    std::array<char, 4096> chunk{};
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file_)) {
      text.append(chunk.data(), count);
    }
    return text;
  }

 private:
  std::FILE* file_;
};

constexpr std::int64_t kSecondNs = 1'000'000'000;

TEST(Progress, SaysHowFarHowFastAndHowLong) {
  ManualClock clock;
  CapturedStream stream;
  Progress progress("profiling", 20, "runs", clock, stream.get(), true, 120);
  clock.advance_ns(2 * kSecondNs);
  progress.advance(10);
  EXPECT_EQ(progress.line(),
            "profiling  [██████████          ]  50%  10/20 runs  5 runs/s  2 s left");
  progress.advance(100);
  EXPECT_NE(progress.line().find("100%  20/20 runs"), std::string::npos);
  EXPECT_EQ(progress.line().find("left"), std::string::npos);
}

TEST(Progress, DrawsNothingWhereNobodyWatches) {
  ManualClock clock;
  CapturedStream stream;
  {
    Progress progress("work", 10, "steps", clock, stream.get(), false, 120);
    for (int i = 0; i < 10; ++i) {
      clock.advance_ns(kSecondNs);
      progress.advance();
    }
  }
  EXPECT_EQ(stream.text(), "");
}

TEST(Progress, RedrawsAtMostTenTimesASecondAndWipesItself) {
  ManualClock clock;
  CapturedStream stream;
  {
    Progress progress("work", 1000, "steps", clock, stream.get(), true, 120);
    for (int i = 0; i < 1000; ++i) {
      clock.advance_ns(kSecondNs / 1000);
      progress.advance();
    }
  }
  const std::string text = stream.text();
  const auto redraws = std::ranges::count(text, '\r');
  EXPECT_GE(redraws, 10);
  EXPECT_LE(redraws, 13);
  EXPECT_TRUE(text.ends_with("\r\x1b[K"));
}

TEST(Progress, FitsANarrowTerminal) {
  ManualClock clock;
  CapturedStream stream;
  Progress progress("a rather long label", 10, "steps", clock, stream.get(), true, 30);
  clock.advance_ns(kSecondNs);
  progress.advance(5);
  std::string text = stream.text();
  EXPECT_NE(text.find("50%"), std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\x1b[K", at), text.size());
    EXPECT_LT(display_width(text.substr(at + 1, end - at - 1)), 30U);
    at = end + 3;
  }
}

TEST(Progress, KeepsTheBarAndTheTimeLeftFromSixtyColumnsOn) {
  ManualClock clock;
  CapturedStream stream;
  for (const char* label : {"cut 7", "profiling a_model_with_a_long_name", "epoch 12 of 100"}) {
    for (int width = 60; width < 130; ++width) {
      Progress progress(label, 1'000'000, "inferences", clock, stream.get(), true, width);
      clock.advance_ns(1000 * kSecondNs);
      progress.advance(543'210);
      const std::string line = progress.line();
      EXPECT_LT(display_width(line), static_cast<std::size_t>(width)) << line;
      for (const char* part : {"[█████", "]", "54%", "left"}) {
        EXPECT_NE(line.find(part), std::string::npos) << width << ": " << line;
      }
    }
  }
}

TEST(Progress, NoWorkIsNoDivisionByZero) {
  ManualClock clock;
  CapturedStream stream;
  Progress progress("nothing", 0, "steps", clock, stream.get(), true, 80);
  progress.advance();
  EXPECT_FALSE(progress.line().empty());
}

}  // namespace
}  // namespace tinysplit
