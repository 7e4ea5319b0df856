#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tinysplit::test {

// What a program that has ended left behind. A signal's number counts as 128 more.
struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// The real program in a process of its own, its output read through pipes. Every wait is bounded;
// one that runs out fails the test. Ends, by force if needed, with this object.
class Process {
 public:
  // Output that nobody is to read goes to `stdout_path` instead of a pipe, if given.
  explicit Process(const std::vector<std::string>& arguments, const std::string& stdout_path = "");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of standard output, without its end; none once that has ended.
  std::optional<std::string> read_line();
  // Reads standard error until it has `text`; false if it ends without.
  bool wait_for_error(const std::string& text);
  void signal(int number) const;
  // Nobody reads its standard output any more.
  void close_output();
  // Waits for its end.
  Finished finish();

 private:
  // Waits for bytes on either stream; false once both have ended.
  bool read_some();

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
  std::size_t line_begin_ = 0;
  bool has_timed_out_ = false;
  bool is_reaped_ = false;
};

// Runs the program to its end.
Finished run(const std::vector<std::string>& arguments, const std::string& stdout_path = "");

// Expects this exit code, no output, and one line "tinysplit: ..." on standard error that has
// `part`.
void expect_refused(const Finished& finished, int exit_code, const std::string& part);

// A folder that is removed with this object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Names of the files in it, sorted.
  std::vector<std::string> files() const;

 private:
  std::string path_;
};

std::string model_path(const std::string& name);  // a bundled model
std::string data_path(const std::string& name);   // in tests/data
std::string read_bytes(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace tinysplit::test
