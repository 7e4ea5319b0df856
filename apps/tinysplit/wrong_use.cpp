#include "wrong_use.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "core/suggestion.h"
#include "help.h"

namespace tinysplit {
namespace {

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// Words that neither the command nor the program knows.
std::string unknown_word(const CLI::App& app, const CLI::App* command, const std::string& word) {
  const std::string of = "tinysplit" + (command == nullptr ? "" : " " + command->get_name());
  std::vector<std::string> names = option_names(command == nullptr ? app : *command);
  if (is_option(word)) {
    const std::vector<std::string> common = option_names(app);
    names.insert(names.end(), common.begin(), common.end());
    const std::string name = word.substr(0, word.find('='));
    return of + " has no option " + name + did_you_mean(name, names);
  }
  if (command == nullptr) return no_such_command(app, word);
  if (std::ranges::count(names, "--" + word) > 0) {
    return "\"" + word + "\" is one argument too many; did you mean --" + word + "?";
  }
  std::string takes;
  for (const CLI::Option* option : command->get_options()) {
    if (option->get_positional()) takes += (takes.empty() ? "" : " ") + option_usage(*option);
  }
  return "\"" + word + "\" is one argument too many: " + of + " takes " +
         (takes.empty() ? "options alone" : takes);
}

// The library names types of its own where a value is missing, and arguments in small letters,
// unlike the help.
std::string reworded(const std::string& message) {
  const std::size_t colon = message.find(": 1 required ");
  if (colon != std::string::npos) return message.substr(0, colon) + " needs a value";
  if (!message.ends_with(" is required") || message.starts_with('-')) return message;
  std::string text = message;
  for (char& c : text) {
    if (c == ' ') break;
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

// What stands in no option: those that begin with "-" are the likelier slip.
const std::string* first_unknown(const std::vector<std::string>& words) {
  const auto option = std::ranges::find_if(words, is_option);
  if (option != words.end()) return &*option;
  return words.empty() ? nullptr : &words.front();
}

}  // namespace

std::string no_such_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return "there is no command " + name + did_you_mean(name, names);
}

std::string explain_wrong_use(const CLI::App& app, const CLI::ParseError& error) {
  const auto commands = app.get_subcommands();
  const CLI::App* command = commands.empty() ? nullptr : commands.front();
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  // Of a word that is unknown and an argument that is missing, the first mostly explains the
  // second.
  const bool is_missing = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool is_unknown = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  std::string message = reworded(error.what());
  if (const std::string* word = first_unknown(unknown);
      word != nullptr && (is_missing || is_unknown || command == nullptr)) {
    message = unknown_word(app, command, *word);
  } else if (command == nullptr && is_missing) {
    message = "a command is required";
  }
  const std::string help = "tinysplit" + (command == nullptr ? "" : " " + command->get_name());
  return message + (message.ends_with('?') ? " Try " : "; try ") + help + " --help";
}

}  // namespace tinysplit
