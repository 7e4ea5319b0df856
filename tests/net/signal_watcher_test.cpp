#include "net/signal_watcher.h"

#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <thread>

#include "bounded_wait.h"

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
  EXPECT_EQ(get_in_time(first), SIGUSR1);
  std::raise(SIGUSR2);
  EXPECT_EQ(get_in_time(second), SIGUSR2);
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
    std::promise<int> caught;
    std::thread waiter([&] { caught.set_value((*signal)->wait()); });
    EXPECT_EQ(get_in_time(caught), number);
    waiter.join();
  }
}

}  // namespace
}  // namespace tinysplit
