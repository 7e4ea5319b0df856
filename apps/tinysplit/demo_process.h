#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "net/signal_watcher.h"

namespace tinysplit {

// Turns SIGINT and SIGTERM into something that the waits below notice, so that children are always
// reaped.
class Interruption {
 public:
  // Errors: INTERNAL with the system's reason.
  static Result<std::unique_ptr<Interruption>> watch();
  ~Interruption();
  // Becomes readable with the first of these signals.
  int fd() const { return fd_; }

 private:
  explicit Interruption(int fd) : fd_(fd) {}
  int fd_;
  std::unique_ptr<SignalWatcher> watcher_;
};

// A process of this very program under another subcommand, whose standard output is read line by
// line. It ends with this object at the latest, and with this process whatever becomes of it. To be
// used by one thread, the one that started it.
class ChildProcess {
 public:
  // Where its standard error goes: where this process's goes, or among the lines of its output.
  enum class Errors { kShared, kWithOutput };

  // `arguments` come after the program's name. Errors: INTERNAL with the system's reason.
  static Result<std::unique_ptr<ChildProcess>> start(std::vector<std::string> arguments,
                                                     Errors errors = Errors::kShared);
  // Asks it to end (SIGTERM), after a while makes it (SIGKILL), and reaps it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  // "tinysplit serve", for messages.
  const std::string& name() const { return name_; }

  // The next line that has arrived, without waiting.
  std::optional<std::string> take_line();
  // Its output has ended and no line is left.
  bool is_finished() const { return at_end_ && lines_.empty(); }

  // Its exit code once it has ended; waits for that. A signal's number counts as 128 more.
  int wait();

 private:
  friend Status wait_for_output(std::span<ChildProcess* const>, const Interruption&,
                                std::chrono::milliseconds);
  ChildProcess(pid_t pid, int output, std::string name)
      : pid_(pid), output_(output), name_(std::move(name)) {}
  void read_available();

  pid_t pid_;
  int output_;
  std::string name_;
  std::string partial_;
  std::deque<std::string> lines_;
  bool at_end_ = false;
  std::optional<int> exit_code_;
};

// Returns when one of `children` has a line or has ended. Errors: DEADLINE_EXCEEDED, CANCELLED.
Status wait_for_output(std::span<ChildProcess* const> children, const Interruption& interruption,
                       std::chrono::milliseconds timeout);

// Waits for the one line with which a server announces itself and returns the "host:port" at its
// end.
// Errors: UNAVAILABLE (it ended instead, or said something else), DEADLINE_EXCEEDED, CANCELLED.
Result<std::string> wait_for_address(ChildProcess& server, const Interruption& interruption,
                                     std::chrono::milliseconds timeout);

}  // namespace tinysplit
