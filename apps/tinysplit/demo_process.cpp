#include "demo_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace tinysplit {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kMaxLineBytes = 4 << 20;
constexpr std::chrono::milliseconds kGrace{3000};
constexpr std::chrono::milliseconds kReapInterval{10};

int exit_code_of_wait_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Between fork and exec: nothing that may take a lock.
[[noreturn]] void become(char* const* arguments, int output, bool with_errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(output, STDOUT_FILENO);
  if (with_errors) ::dup2(output, STDERR_FILENO);
  ::execv("/proc/self/exe", arguments);
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<Interruption>> Interruption::watch() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return internal_error("eventfd: " + std::string(std::strerror(errno)));
  std::unique_ptr<Interruption> interruption(new Interruption(fd));
  TINYSPLIT_ASSIGN_OR_RETURN(
      interruption->watcher_, SignalWatcher::watch({SIGINT, SIGTERM}, [fd](int) {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t count = ::write(fd, &one, sizeof(one));
      }));
  return interruption;
}

Interruption::~Interruption() {
  watcher_.reset();
  ::close(fd_);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(std::vector<std::string> arguments,
                                                          Errors errors) {
  std::string name = "tinysplit";
  for (const std::string& argument : arguments) {
    if (argument == "serve" || argument == "link" || argument == "device") name += " " + argument;
  }
  std::vector<char*> raw = {const_cast<char*>("tinysplit")};
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return internal_error("cannot make a pipe: " + std::string(std::strerror(errno)));
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(raw.data(), ends[1], errors == Errors::kWithOutput, parent);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return internal_error("cannot start " + name + ": " + std::string(std::strerror(errno)));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, ends[0], std::move(name)));
}

ChildProcess::~ChildProcess() {
  ::close(output_);
  if (exit_code_) return;
  ::kill(pid_, SIGTERM);
  const auto give_up = std::chrono::steady_clock::now() + kGrace;
  while (std::chrono::steady_clock::now() < give_up) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(kReapInterval);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::read_available() {
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    const ssize_t count = ::read(output_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0 || partial_.size() > kMaxLineBytes) {
      at_end_ = true;
      break;
    }
    partial_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = partial_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines_.push_back(partial_.substr(begin, end - begin));
  }
  partial_.erase(0, begin);
}

std::optional<std::string> ChildProcess::take_line() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

int ChildProcess::wait() {
  if (exit_code_) return *exit_code_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = exit_code_of_wait_status(status);
  return *exit_code_;
}

Status wait_for_output(std::span<ChildProcess* const> children, const Interruption& interruption,
                       std::chrono::milliseconds timeout) {
  std::vector<pollfd> polled;
  std::vector<ChildProcess*> reading;
  for (ChildProcess* child : children) {
    if (!child->lines_.empty()) return ok_status();
    if (child->at_end_) continue;
    polled.push_back({child->output_, POLLIN, 0});
    reading.push_back(child);
  }
  if (polled.empty()) return ok_status();
  polled.push_back({interruption.fd(), POLLIN, 0});
  const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(timeout.count()));
  if (ready == 0) {
    return deadline_exceeded(reading.front()->name() + " said nothing for " +
                             std::to_string(timeout.count() / 1000) + " s");
  }
  if (polled.back().revents != 0) return Status(StatusCode::kCancelled, "interrupted");
  for (std::size_t i = 0; i < reading.size(); ++i) {
    if (polled[i].revents != 0) reading[i]->read_available();
  }
  return ok_status();
}

Result<std::string> wait_for_address(ChildProcess& server, const Interruption& interruption,
                                     std::chrono::milliseconds timeout) {
  ChildProcess* const children[] = {&server};
  for (;;) {
    if (const std::optional<std::string> line = server.take_line()) {
      if (line->find(" listening on ") == std::string::npos) {
        return unavailable(server.name() + " is not listening: " + *line);
      }
      // The address is the last word, with or without a scheme.
      std::string address = line->substr(line->find_last_of(' ') + 1);
      if (const std::size_t scheme = address.find("://"); scheme != std::string::npos) {
        address.erase(0, scheme + 3);
      }
      return address;
    }
    if (server.is_finished()) {
      return unavailable(server.name() + " ended with exit code " + std::to_string(server.wait()) +
                         " instead of listening");
    }
    TINYSPLIT_RETURN_IF_ERROR(wait_for_output(children, interruption, timeout));
  }
}

}  // namespace tinysplit
