#include "net/signal_watcher.h"

#include <gtest/gtest.h>

#include <csignal>
#include <future>

namespace tinysplit {
namespace {

TEST(SignalWatcher, CallsBackForEverySignal) {
  std::promise<int> first;
  std::promise<int> second;
  int count = 0;
  const auto watcher = SignalWatcher::watch(
      {SIGUSR1, SIGUSR2}, [&](int number) { (count++ == 0 ? first : second).set_value(number); });
  ASSERT_TRUE(watcher.ok());
  std::raise(SIGUSR1);
  EXPECT_EQ(first.get_future().get(), SIGUSR1);
  std::raise(SIGUSR2);
  EXPECT_EQ(second.get_future().get(), SIGUSR2);
}

TEST(SignalWatcher, NamesASignalThatCannotBeWatched) {
  const auto watcher = SignalWatcher::watch({SIGKILL}, [](int) {});
  EXPECT_EQ(watcher.status().code(), StatusCode::kInternal);
}

TEST(TerminationSignal, IsNotMissedWhenItComesBeforeTheWait) {
  for (const int number : {SIGTERM, SIGINT}) {
    const auto signal = TerminationSignal::create();
    ASSERT_TRUE(signal.ok());
    std::raise(number);
    EXPECT_EQ((*signal)->wait(), number);
  }
}

}  // namespace
}  // namespace tinysplit
