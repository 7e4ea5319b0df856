#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace tinysplit {

// Writes the help of the program and of its commands, in at most `columns` columns: what it does,
// how it is called, each option with what it takes and its default, examples.
std::shared_ptr<CLI::FormatterBase> make_help_formatter(std::size_t columns);

// "--input FILE", "MODEL": an option as a user writes it.
std::string option_usage(const CLI::Option& option);

}  // namespace tinysplit
