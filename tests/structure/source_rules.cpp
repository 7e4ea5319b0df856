#include "structure/source_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace tinysplit {
namespace {

// For every folder of src/, the folders that it may include from besides itself.
const std::map<std::string, std::set<std::string>, std::less<>>& arrows() {
  static const std::map<std::string, std::set<std::string>, std::less<>> table{
      {"core", {}},
      {"graph", {"core"}},
      {"formats", {"core", "graph", "kernels"}},
      {"datasets", {"core", "formats"}},
      {"kernels", {"core", "graph"}},
      {"engine", {"core", "graph", "kernels"}},
      {"training", {"core", "graph", "kernels", "formats", "datasets", "report"}},
      {"quantization", {"core", "graph", "kernels", "engine"}},
      {"evaluation", {"core", "graph", "formats", "engine", "datasets", "wire"}},
      {"offloading", {"core", "graph"}},
      {"wire", {"core"}},
      {"net", {"core", "wire"}},
      {"report", {"core"}},
      {"server", {"core", "graph", "formats", "engine", "offloading", "wire", "net"}},
      {"device", {"core", "graph", "formats", "engine", "offloading", "wire", "net"}},
  };
  return table;
}

// Prefixes of system headers, and the folders that may include them.
struct LibraryRule {
  std::string_view prefix;
  std::set<std::string_view> folders;
};

const std::vector<LibraryRule>& library_rules() {
  static const std::vector<LibraryRule> rules{
      {"oneapi/dnnl", {"src/engine", "src/training", "bench"}},
      {"dnnl", {"src/engine", "src/training", "bench"}},
      {"xnnpack.h", {"src/engine", "bench"}},
      {"pthreadpool.h", {"src/engine", "bench"}},
      {"onnx/", {"src/formats/onnx"}},
      {"google/protobuf/", {"src/formats/onnx"}},
      {"zip.h", {"src/formats"}},
      {"hdf5.h", {"src/formats/keras", "tests/formats"}},
      {"flatbuffers/", {"src/formats/tflite"}},
      {"png.h", {"src/formats/image"}},
      {"jpeglib.h", {"src/formats/image"}},
      {"gif_lib.h", {"src/formats/image"}},
      {"webp/", {"src/formats/image"}},
      {"zlib.h", {"src/datasets"}},
      {"cbor.h", {"src/wire"}},
      {"openssl/", {"src/core", "src/net", "src/wire"}},
      {"CLI/", {"apps", "examples"}},
  };
  return rules;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Include {
  std::string_view path;
  bool quoted = false;  // "path" rather than <path>
};

std::string_view skip_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::optional<Include> include_of(std::string_view line) {
  line = skip_spaces(line);
  if (!line.starts_with('#')) return std::nullopt;
  line = skip_spaces(line.substr(1));
  constexpr std::string_view kWord = "include";
  if (!line.starts_with(kWord)) return std::nullopt;
  line = skip_spaces(line.substr(kWord.size()));
  if (!line.starts_with('"') && !line.starts_with('<')) return std::nullopt;
  const bool quoted = line.front() == '"';
  const std::size_t end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Include{line.substr(1, end - 1), quoted};
}

// "core" of "core/status.h"; empty without a folder.
std::string_view first_folder(std::string_view path) {
  const std::size_t end = path.find('/');
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::string at(std::string_view path, std::size_t line, const std::string& what) {
  return std::string(path) + ":" + std::to_string(line) + ": " + what;
}

std::string quoted(std::string_view text) { return std::string(1, '"').append(text) += '"'; }

// What is wrong with including `included` from `folder` of src/; from outside of src/ it is empty.
std::string arrow_error(std::string_view folder, std::string_view included) {
  if (included.find("..") != std::string_view::npos) {
    return "includes " + quoted(included) + ": name the path from src/ instead";
  }
  const std::string_view target = first_folder(included);
  if (target.empty()) {
    if (folder.empty()) return {};
    return "includes " + quoted(included) + ": name the path from src/";
  }
  if (!arrows().contains(target)) {
    return "includes " + quoted(included) + " of a folder that the arrows do not know";
  }
  if (folder.empty() || folder == target) return {};
  if (arrows().find(folder)->second.contains(std::string(target))) return {};
  return std::string(folder) + " must not include " + quoted(included) + " of " +
         std::string(target);
}

// Columns of a line that is UTF-8: its bytes without continuation bytes.
std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

}  // namespace

std::vector<std::string> check_include_arrows(std::string_view path, std::string_view text) {
  std::string_view folder;
  if (path.starts_with("src/")) {
    folder = first_folder(path.substr(4));
    if (!arrows().contains(folder)) {
      return {at(path, 1, "lies in a folder of src/ that the arrows do not know")};
    }
  }
  std::vector<std::string> violations;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::optional<Include> include = include_of(lines[i]);
    if (!include || !include->quoted) continue;
    const std::string error = arrow_error(folder, include->path);
    if (!error.empty()) violations.push_back(at(path, i + 1, error));
  }
  return violations;
}

std::vector<std::string> check_library_headers(std::string_view path, std::string_view text) {
  std::vector<std::string> violations;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::optional<Include> include = include_of(lines[i]);
    if (!include) continue;
    for (const LibraryRule& rule : library_rules()) {
      if (!include->path.starts_with(rule.prefix)) continue;
      const bool allowed = std::ranges::any_of(
          rule.folders, [&](std::string_view folder) { return is_below(path, folder); });
      if (!allowed) {
        violations.push_back(at(path, i + 1,
                                "includes <" + std::string(include->path) + ">, which only " +
                                    std::string(*rule.folders.begin()) + " and its like may know"));
      }
    }
  }
  return violations;
}

std::vector<std::string> check_waits(std::string_view path, std::string_view text) {
  // Written in two halves: this file keeps its own rule.
  static const std::array<std::string, 6> kEndless{
      std::string("get_future()") + ".get()", std::string("get_future()") + ".wait()",
      std::string("this_thread::") + "yield", std::string("this_thread::") + "sleep",
      std::string("\"local") + "host\"",      std::string("//local") + "host"};
  std::vector<std::string> violations;
  const std::vector<std::string_view> lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& words : kEndless) {
      if (lines[i].find(words) == std::string_view::npos) continue;
      violations.push_back(at(path, i + 1,
                              "has " + words +
                                  ": it may wait for ever, or for a "
                                  "resolver; see tests/bounded_wait.h"));
    }
  }
  return violations;
}

std::vector<std::string> check_layout(std::string_view path, std::string_view text) {
  std::vector<std::string> violations;
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() > kMaxFileLines) {
    violations.push_back(at(path, lines.size(),
                            "has " + std::to_string(lines.size()) + " lines, at most " +
                                std::to_string(kMaxFileLines)));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const auto add = [&](const std::string& what) { violations.push_back(at(path, i + 1, what)); };
    if (line.find('\t') != std::string_view::npos) add("has a tab");
    if (line.find('\r') != std::string_view::npos) add("has a carriage return");
    if (line.ends_with(' ')) add("ends in a space");
    if (columns_of(line) > kMaxLineColumns) {
      add("has " + std::to_string(columns_of(line)) + " columns, at most " +
          std::to_string(kMaxLineColumns));
    }
  }
  if (!text.ends_with('\n') || text.ends_with("\n\n")) {
    violations.push_back(
        at(path, std::max<std::size_t>(lines.size(), 1), "does not end in one newline"));
  }
  const bool has_guard =
      text.starts_with("#pragma once\n") || text.find("\n#pragma once\n") != std::string_view::npos;
  if (path.ends_with(".h") && !has_guard) {
    violations.push_back(at(path, 1, "has no #pragma once"));
  }
  return violations;
}

}  // namespace tinysplit
