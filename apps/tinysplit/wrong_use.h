#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tinysplit {

// What is wrong with a command line that could not be parsed, what may have been meant, and where
// the help is: one sentence. `app` is the program after its parse() threw `error`.
std::string explain_wrong_use(const CLI::App& app, const CLI::ParseError& error);

// "there is no command NAME", with the nearest one.
std::string no_such_command(const CLI::App& app, const std::string& name);

}  // namespace tinysplit
