#include <cstdio>
#include <memory>
#include <string>

#include "commands.h"
#include "wrong_use.h"

namespace tinysplit {
namespace {

Status show_help(const CLI::App& app, const std::string& name) {
  if (name.empty()) {
    // App::help() would give that of the command that runs, this one.
    const std::string text =
        app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    std::fputs(text.c_str(), stdout);
    return ok_status();
  }
  const auto named =
      app.get_subcommands([&](const CLI::App* command) { return command->get_name() == name; });
  if (named.empty()) return invalid_argument(no_such_command(app, name));
  std::fputs(named.front()->help(app.get_name()).c_str(), stdout);
  return ok_status();
}

}  // namespace

void add_help_command(CLI::App& app, int& exit_code) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("help", "Show the help of a command");
  command->add_option("command", *name, "The command (default: all of them)");
  command->footer("Example:\n  tinysplit help infer");
  command->callback([&app, name, &exit_code] { exit_code = report(show_help(app, *name)); });
}

void add_version_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Show the version");
  command->footer("Example:\n  tinysplit version");
  command->callback([&app, &exit_code] {
    std::printf("%s\n", app.version().c_str());
    exit_code = 0;
  });
}

}  // namespace tinysplit
