#pragma once

#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

namespace tinysplit {

// Longer than any wait of a test that passes, on a busy machine and under sanitizers.
inline constexpr std::chrono::seconds kPatience{60};

// What the future holds. Where nothing comes, the test fails instead of waiting for ever.
template <typename T>
T get_in_time(std::future<T> future) {
  if (future.wait_for(kPatience) == std::future_status::timeout) {
    throw std::runtime_error("nothing came in time");
  }
  return future.get();
}

template <typename T>
T get_in_time(std::promise<T>& promise) {
  return get_in_time(promise.get_future());
}

// True as soon as `holds()`, false if it never does.
template <typename Predicate>
bool holds_in_time(Predicate holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace tinysplit
