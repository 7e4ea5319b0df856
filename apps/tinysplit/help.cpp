#include "help.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <vector>

#include "report/table.h"
#include "report/table_layout.h"

namespace tinysplit {
namespace {

constexpr std::size_t kLeastColumns = 40;
constexpr std::size_t kNameColumns = 26;  // of options, with their indent
constexpr std::size_t kIndent = 2;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// "uplink-mbit" of --uplink-mbit, "model" of the argument model.
std::string long_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name(true, false) : option.get_lnames().front();
}

struct Placeholder {
  std::string_view option, value;
};

// Options that are the same in every command that has them.
constexpr Placeholder kPlaceholders[] = {{"begin", "CUT"},
                                         {"calibrate", "DATA"},
                                         {"dataset", "DATA"},
                                         {"device-analytics", "FILE"},
                                         {"dot", "FILE"},
                                         {"edge", "URL"},
                                         {"edge-analytics", "FILE"},
                                         {"end", "CUT"},
                                         {"input", "FILE"},
                                         {"keep-float", "LAYER"},
                                         {"listen", "HOST:PORT"},
                                         {"log", "LEVEL"},
                                         {"models", "FOLDER"},
                                         {"output", "PATH"},
                                         {"pace", "FILE"},
                                         {"profile", "FILE"},
                                         {"reference", "MODEL"},
                                         {"report", "FILE"},
                                         {"svg", "FILE"},
                                         {"to", "HOST:PORT"},
                                         {"trace", "FILE"}};

// What stands for the value: N and X for numbers, else the word that the command gives it, that of
// the table, or the last of the option's name. The library's own text has the checks behind a
// colon.
std::string placeholder(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::string base = type.substr(0, type.find(':'));
  if (base == "INT" || base == "UINT") return "N";
  if (base == "FLOAT") return "X";
  if (base != "TEXT") return base;
  const std::string name = long_name(option);
  const auto known = std::ranges::find(kPlaceholders, name, &Placeholder::option);
  if (known != std::end(kPlaceholders)) return std::string(known->value);
  return upper(name.substr(name.rfind('-') + 1));
}

bool mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The values of a choice, "TEXT:{a,b}", that the description does not list.
std::string choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return "";
  std::string text, word;
  bool all_mentioned = true;
  for (const char c : type.substr(begin + 1, end - begin - 1) + ",") {
    if (c != ',') {
      word += c;
      continue;
    }
    all_mentioned = all_mentioned && mentions(option.get_description(), word);
    text += (text.empty() ? "" : ", ") + word;
    word.clear();
  }
  return all_mentioned ? "" : "one of " + text;
}

std::string joined(const std::set<CLI::Option*>& options) {
  std::vector<std::string> names;
  for (const CLI::Option* option : options) names.push_back(option->get_name());
  std::ranges::sort(names);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// The description with what else there is to know.
std::string described(const CLI::Option& option) {
  std::string text = option.get_description();
  std::vector<std::string> facts;
  if (option.get_required()) facts.emplace_back("required");
  if (const std::string known = choices(option); !known.empty()) facts.push_back(known);
  const bool many = option.get_expected_max() == CLI::detail::expected_max_vector_size;
  if (many && !mentions(text, "repeated") && !mentions(text, "again")) {
    facts.emplace_back("may be repeated");
  }
  if (!option.get_needs().empty()) facts.push_back("with " + joined(option.get_needs()));
  if (!option.get_excludes().empty()) facts.push_back("not with " + joined(option.get_excludes()));
  if (const std::string value = option.get_default_str();
      !value.empty() && !mentions(text, "(default")) {
    facts.push_back("default: " + value);
  }
  std::string all;
  for (const std::string& fact : facts) all += (all.empty() ? "" : "; ") + fact;
  return all.empty() ? text : text + " (" + all + ")";
}

// Takes the first line from `text`.
std::string next_line(std::string_view& text) {
  const std::string line(text.substr(0, text.find('\n')));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

class HelpText {
 public:
  explicit HelpText(std::size_t columns) : columns_(std::max(columns, kLeastColumns)) {}

  void add(std::string_view paragraph, std::size_t indent = 0) {
    for (const std::string& line : break_lines(paragraph, columns_ - indent, " ")) {
      text_ += std::string(line.empty() ? 0 : indent, ' ') + line + "\n";
    }
  }

  // A name, and what it is in a column of its own.
  void add_row(const std::string& name, const std::string& description,
               std::size_t name_columns = kNameColumns) {
    std::string line = std::string(kIndent, ' ') + name;
    bool first = display_width(line) + 2 > name_columns;
    if (first) {
      text_ += line + "\n";
      line.clear();
    }
    for (const std::string& part : break_lines(description, columns_ - name_columns, " ")) {
      line.append(name_columns - display_width(line), ' ');
      text_ += line + part + "\n";
      line.clear();
    }
  }

  // An example, or a row that was laid out by hand: broken between words, with a sign that the line
  // goes on where it is a command.
  void add_example(std::string_view line) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const bool is_command = line.substr(indent).starts_with("tinysplit ");
    std::string_view rest = line;
    std::size_t shift = 0;
    while (shift + rest.size() > columns_) {
      const std::size_t room = columns_ - shift - (is_command ? 2 : 0);
      // An option keeps its value.
      std::size_t at = is_command ? rest.rfind(" --", room) : std::string_view::npos;
      if (at == std::string_view::npos || at <= indent) at = rest.rfind(' ', room);
      if (at == std::string_view::npos || at <= indent) break;
      text_ +=
          std::string(shift, ' ') + std::string(rest.substr(0, at)) + (is_command ? " \\\n" : "\n");
      rest = rest.substr(at + 1);
      shift = indent + 4;
    }
    text_ += std::string(shift, ' ') + std::string(rest) + "\n";
  }

  // Lines without an indent are one paragraph up to one that ends in a colon.
  void add_footer(std::string_view footer) {
    std::string paragraph;
    const auto end_paragraph = [&] {
      if (!paragraph.empty()) add(paragraph);
      paragraph.clear();
    };
    while (!footer.empty()) {
      std::string line = next_line(footer);
      // A command over several lines is laid out anew.
      while (line.ends_with(" \\")) {
        const std::string more = next_line(footer);
        line.resize(line.size() - 1);
        line += more.substr(std::min(more.find_first_not_of(' '), more.size()));
      }
      if (line.empty() || line.starts_with(' ')) {
        end_paragraph();
        add_example(line);
        continue;
      }
      const bool heading = line.ends_with(':') && paragraph.ends_with('.');
      if (heading) end_paragraph();
      paragraph += (paragraph.empty() ? "" : " ") + line;
      if (line.ends_with(':')) end_paragraph();
    }
    end_paragraph();
  }

  std::string take() { return std::move(text_); }

 private:
  std::size_t columns_;
  std::string text_;
};

class HelpFormatter final : public CLI::FormatterBase {
 public:
  explicit HelpFormatter(std::size_t columns) : columns_(columns) {}

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode /*mode*/) const override {
    HelpText text(columns_);
    text.add(app->get_description());
    text.add("");
    add_usage(*app, name, text);
    add_commands(*app, text);
    add_options(*app, "Arguments", true, text);
    add_options(*app, "Options", false, text);
    if (app->get_parent() != nullptr) add_options(*app->get_parent(), nullptr, false, text);
    if (!app->get_footer().empty()) {
      text.add("");
      text.add_footer(app->get_footer());
    }
    return text.take();
  }

 private:
  static void add_usage(const CLI::App& app, const std::string& name, HelpText& text) {
    std::string usage = "Usage: " + name;
    if (!commands_of(app).empty()) usage += " COMMAND";
    for (const CLI::Option* option : app.get_options()) {
      const bool is_argument = option->get_positional();
      if (!is_argument && !option->get_required()) continue;
      const std::string written = option_usage(*option);
      usage += " " + (option->get_required() ? written : "[" + written + "]");
    }
    text.add(usage + " [OPTIONS]");
  }

  static void add_commands(const CLI::App& app, HelpText& text) {
    const auto commands = commands_of(app);
    if (commands.empty()) return;
    text.add("");
    text.add("Commands:");
    constexpr std::size_t kCommandColumns = 13;
    for (const CLI::App* command : commands) {
      text.add_row(command->get_name(), command->get_description(), kCommandColumns);
    }
  }

  static std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands(
        [](const CLI::App* command) { return !command->get_name().empty(); });
  }

  // Without a heading those of the program that a command has, too.
  static void add_options(const CLI::App& app, const char* heading, bool arguments,
                          HelpText& text) {
    bool begun = heading == nullptr;
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() != arguments || option->get_group().empty()) continue;
      if (heading == nullptr && !option->get_snames().empty()) continue;  // help and version
      if (!begun) {
        text.add("");
        text.add(std::string(heading) + ":");
        begun = true;
      }
      const std::string short_name =
          option->get_snames().empty() ? "" : "-" + option->get_snames().front() + ", ";
      text.add_row(short_name + option_usage(*option), described(*option));
    }
  }

  std::size_t columns_;
};

}  // namespace

std::string option_usage(const CLI::Option& option) {
  if (option.get_positional()) return upper(long_name(option));
  const std::string name = "--" + long_name(option);
  return option.get_type_size() == 0 ? name : name + " " + placeholder(option);
}

std::shared_ptr<CLI::FormatterBase> make_help_formatter(std::size_t columns) {
  return std::make_shared<HelpFormatter>(columns);
}

}  // namespace tinysplit
