#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "commands.h"
#include "core/logging.h"
#include "help.h"
#include "report/terminal.h"
#include "wrong_use.h"

namespace {

constexpr const char* kMainFooter =
    R"(Options of the program may stand before or behind the command.
Typical use:
  tinysplit inspect model.keras        layers, and what each cut would send
  tinysplit export model.keras --cut 4 --part head --output head.tflite
  tinysplit profile model.keras        measure every layer here
  tinysplit plan --model model.keras --mmacs-per-s 20 --uplink-mbit 8
  tinysplit serve --models models      the edge

Exit codes: 0 done, 1 failed, 2 wrong use or input, 3 not found, 4 unavailable or too late,
130 interrupted.)";

// Of a process that is started with one of them closed, the next file opened would become it, and
// what is printed would end up in that file.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
  }
}

// Text is read best in lines of this length, in a narrower window in shorter ones.
std::size_t help_columns() {
  constexpr std::size_t kColumns = 80;
  const std::size_t window = tinysplit::output_columns();
  return window == 0 ? kColumns : std::min(kColumns, window);
}

// What was printed may still be on its way: a full disk shows here.
int flush_output(int exit_code) {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!failed || exit_code != 0) return exit_code;
  const std::string reason = errno == 0 ? "" : std::string(": ") + std::strerror(errno);
  return tinysplit::report(
      tinysplit::resource_exhausted("cannot write to standard output" + reason));
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  // Whoever reads the output may stop early, as `head` does; commands that serve set it otherwise.
  std::signal(SIGPIPE, SIG_DFL);
  CLI::App app(
      "Split computing for TinyML: run a network's first layers on a device, the rest on an "
      "edge, and decide where to cut.",
      "tinysplit");
  app.footer(kMainFooter);
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("-V,--version", "tinysplit " TINYSPLIT_VERSION, "Show the version");
  // Its options also count behind the command.
  app.fallthrough();
  app.formatter(tinysplit::make_help_formatter(help_columns()));
  std::string log_level = "info";
  app.add_option("--log", log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.parse_complete_callback([&] { tinysplit::set_up_logging(log_level.c_str()); });

  int exit_code = 0;
  tinysplit::add_inspect_command(app, exit_code);
  tinysplit::add_operators_command(app, exit_code);
  tinysplit::add_infer_command(app, exit_code);
  tinysplit::add_export_command(app, exit_code);
  tinysplit::add_profile_command(app, exit_code);
  tinysplit::add_plan_command(app, exit_code);
  tinysplit::add_serve_command(app, exit_code);
  tinysplit::add_device_command(app, exit_code);
  tinysplit::add_link_command(app, exit_code);
  tinysplit::add_quantize_command(app, exit_code);
  tinysplit::add_evaluate_command(app, exit_code);
  tinysplit::add_train_command(app, exit_code);
  tinysplit::add_demo_command(app, exit_code);
  tinysplit::add_help_command(app, exit_code);
  tinysplit::add_version_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library's own report takes two lines, and its exit codes are many.
    if (error.get_exit_code() != 0) {
      return tinysplit::report(
          tinysplit::invalid_argument(tinysplit::explain_wrong_use(app, error)));
    }
    exit_code = app.exit(error);  // prints the help or the version
  }
  return flush_output(exit_code);
}
