#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "core/status.h"

namespace tinysplit {

// While it lives, the given signals run `callback(number)` on a thread of its own instead of ending
// the process. One signal number may have several watchers.
class SignalWatcher {
 public:
  // Errors: INTERNAL with the system's reason.
  static Result<std::unique_ptr<SignalWatcher>> watch(std::initializer_list<int> signals,
                                                      std::function<void(int)> callback);
  ~SignalWatcher();

 private:
  struct Impl;
  explicit SignalWatcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Waits for SIGINT or SIGTERM. Create it before announcing that the process is ready, so that no
// signal is missed.
class TerminationSignal {
 public:
  static Result<std::unique_ptr<TerminationSignal>> create();
  ~TerminationSignal();

  // Blocks until one of them arrives (or has arrived since creation) and returns its number.
  int wait();

 private:
  struct Impl;
  explicit TerminationSignal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
