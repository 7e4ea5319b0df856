#include "app/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tinysplit::test {
namespace {

constexpr int kPatienceMs = 120'000;  // sanitizers and busy machines are slow

void become(const std::vector<char*>& arguments, int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

// False at the end of the stream.
bool read_into(int fd, std::string& text) {
  char buffer[65536];
  const ssize_t count = ::read(fd, buffer, sizeof(buffer));
  if (count < 0) return errno == EINTR;
  text.append(buffer, static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const std::string& stdout_path) {
  std::vector<std::string> words = {TINYSPLIT_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> raw;
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);

  int out[2];
  int err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
  if (!stdout_path.empty()) {
    ::close(out[1]);
    out[1] = ::open(stdout_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  }
  pid_ = ::fork();
  if (pid_ == 0) become(raw, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
  if (pid_ < 0) ADD_FAILURE() << "cannot start " << words[0];
}

Process::~Process() {
  close_output();
  if (err_fd_ >= 0) ::close(err_fd_);
  if (is_reaped_ || pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::close_output() {
  if (out_fd_ >= 0) ::close(out_fd_);
  out_fd_ = -1;
}

bool Process::read_some() {
  pollfd polled[2] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  const int ready = ::poll(polled, 2, kPatienceMs);
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) {
    has_timed_out_ = true;
    ADD_FAILURE() << "nothing came in " << kPatienceMs << " ms; so far:\n" << out_ << err_;
    return false;
  }
  if (polled[0].revents != 0 && !read_into(out_fd_, out_)) close_output();
  if (polled[1].revents != 0 && !read_into(err_fd_, err_)) {
    ::close(err_fd_);
    err_fd_ = -1;
  }
  return true;
}

std::optional<std::string> Process::read_line() {
  for (;;) {
    const std::size_t end = out_.find('\n', line_begin_);
    if (end != std::string::npos) {
      std::string line = out_.substr(line_begin_, end - line_begin_);
      line_begin_ = end + 1;
      return line;
    }
    if (out_fd_ < 0 || !read_some()) return std::nullopt;
  }
}

bool Process::wait_for_error(const std::string& text) {
  while (err_.find(text) == std::string::npos) {
    if (err_fd_ < 0 || !read_some()) return false;
  }
  return true;
}

void Process::signal(int number) const { ::kill(pid_, number); }

Finished Process::finish() {
  while (read_some()) {
  }
  if (has_timed_out_) ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  is_reaped_ = true;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_, err_};
}

Finished run(const std::vector<std::string>& arguments, const std::string& stdout_path) {
  return Process(arguments, stdout_path).finish();
}

void expect_refused(const Finished& finished, int exit_code, const std::string& part) {
  EXPECT_EQ(finished.exit_code, exit_code) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(finished.err.starts_with("tinysplit: ")) << finished.err;
  EXPECT_EQ(std::ranges::count(finished.err, '\n'), 1) << finished.err;
  EXPECT_TRUE(finished.err.ends_with('\n')) << finished.err;
  EXPECT_NE(finished.err.find(part), std::string::npos) << finished.err << "lacks " << part;
}

TemporaryFolder::TemporaryFolder() {
  path_ = (std::filesystem::temp_directory_path() / "tinysplit-test-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "cannot make " << path_;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryFolder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string model_path(const std::string& name) {
  return std::string(TINYSPLIT_SOURCE_DIR) + "/models/" + name;
}

std::string data_path(const std::string& name) {
  return std::string(TINYSPLIT_SOURCE_DIR) + "/tests/data/" + name;
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace tinysplit::test
