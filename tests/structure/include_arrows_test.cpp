#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "structure/source_rules.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

using Rule = std::function<std::vector<std::string>(std::string_view, std::string_view)>;

// Path from the project's root to text, for every C++ file below `folders`.
std::map<std::string, std::string> sources_below(const std::vector<std::string>& folders) {
  const fs::path root = TINYSPLIT_SOURCE_DIR;
  std::map<std::string, std::string> sources;
  for (const std::string& folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      sources[fs::relative(entry.path(), root).generic_string()] =
          std::string(std::istreambuf_iterator<char>(file), {});
    }
  }
  return sources;
}

std::string violations_in(const std::map<std::string, std::string>& sources, const Rule& rule) {
  std::string all;
  for (const auto& [path, text] : sources) {
    for (const std::string& violation : rule(path, text)) all += violation + "\n";
  }
  return all;
}

const std::map<std::string, std::string>& product() {
  static const auto sources = sources_below({"src", "apps", "examples", "include"});
  return sources;
}

TEST(SourceRules, FindTheSources) {
  EXPECT_GT(product().size(), 50U);
  EXPECT_TRUE(product().contains("src/core/status.h"));
  EXPECT_TRUE(product().contains("apps/tinysplit/main.cpp"));
}

TEST(SourceRules, IncludesFollowTheArrows) {
  const std::string violations = violations_in(product(), check_include_arrows);
  EXPECT_TRUE(violations.empty()) << violations;
}

TEST(SourceRules, LibrariesAreKnownToTheirAdaptersOnly) {
  const std::string violations = violations_in(product(), check_library_headers);
  EXPECT_TRUE(violations.empty()) << violations;
}

TEST(SourceRules, FilesKeepTheLayout) {
  const auto sources =
      sources_below({"src", "apps", "examples", "include", "tests", "fuzz", "bench"});
  const std::string violations = violations_in(sources, check_layout);
  EXPECT_TRUE(violations.empty()) << violations;
}

TEST(SourceRules, TestsWaitForABoundedTimeAndForNoResolver) {
  auto sources = sources_below({"tests"});
  sources.erase("tests/bounded_wait.h");
  const std::string violations = violations_in(sources, check_waits);
  EXPECT_TRUE(violations.empty()) << violations;
}

// The checks themselves: a rule that cannot fail would hold for everything.

TEST(IncludeArrows, AllowWhatTheTableAllows) {
  const std::string text =
      "#pragma once\n"
      "#include <vector>\n"
      "#include \"core/status.h\"\n"
      "  #  include \"graph/graph.h\"\n"
      "#include \"engine/onednn/memory.h\"\n";
  EXPECT_TRUE(check_include_arrows("src/engine/engine.h", text).empty());
  EXPECT_TRUE(check_include_arrows("apps/tinysplit/main.cpp",
                                   text + "#include \"commands.h\"\n#include \"report/table.h\"\n")
                  .empty());
}

TEST(IncludeArrows, CatchEveryForbiddenArrow) {
  const std::vector<std::pair<std::string, std::string>> forbidden{
      {"core", "graph/graph.h"},      {"graph", "engine/engine.h"}, {"graph", "formats/x.h"},
      {"formats", "engine/engine.h"}, {"engine", "offloading/x.h"}, {"engine", "formats/npy/npy.h"},
      {"offloading", "net/x.h"},      {"offloading", "wire/x.h"},   {"offloading", "engine/x.h"},
      {"offloading", "formats/x.h"},  {"wire", "graph/graph.h"},    {"wire", "net/x.h"},
      {"net", "graph/graph.h"},       {"net", "engine/x.h"},        {"report", "graph/graph.h"},
      {"report", "offloading/x.h"},   {"server", "device/x.h"},     {"device", "server/x.h"},
      {"formats", "../engine/x.h"},   {"core", "elsewhere/x.h"},    {"engine", "sibling.h"},
  };
  for (const auto& [folder, included] : forbidden) {
    const std::string path = "src/" + folder + "/planted.cpp";
    const auto violations =
        check_include_arrows(path, "#include <map>\n#include \"" + included + "\"\n");
    ASSERT_EQ(violations.size(), 1U) << folder << " includes " << included;
    EXPECT_TRUE(violations[0].starts_with(path + ":2: ")) << violations[0];
    EXPECT_NE(violations[0].find(included), std::string::npos) << violations[0];
  }
}

TEST(IncludeArrows, CatchAnUnknownFolder) {
  EXPECT_EQ(check_include_arrows("src/misc/x.h", "#pragma once\n").size(), 1U);
  EXPECT_EQ(check_include_arrows("src/x.h", "#pragma once\n").size(), 1U);
}

TEST(LibraryHeaders, CatchALibraryOutOfItsPlace) {
  EXPECT_EQ(check_library_headers("src/offloading/x.cpp", "#include <zip.h>\n").size(), 1U);
  EXPECT_EQ(check_library_headers("src/formats/npy/x.cpp", "#include <png.h>\n").size(), 1U);
  EXPECT_EQ(check_library_headers("src/server/x.cpp", "#include <oneapi/dnnl/dnnl.hpp>\n").size(),
            1U);
  EXPECT_TRUE(check_library_headers("src/formats/npy/x.cpp", "#include <zip.h>\n").empty());
}

TEST(Layout, CatchesEachFault) {
  const std::string path = "src/core/x.h";
  const std::string good = "#pragma once\n\nint f();\n";
  EXPECT_TRUE(check_layout(path, good).empty());
  for (const std::string& text :
       {good + "\tint g();\n", good + "int g(); \n", good + "int g();\r\n", good + "int g();",
        good + "\n", std::string("int f();\n"), good + "// " + std::string(98, 'x') + "\n"}) {
    EXPECT_EQ(check_layout(path, text).size(), 1U) << text;
  }
  std::string lines = "#pragma once\n";
  while (std::ranges::count(lines, '\n') < std::ptrdiff_t{kMaxFileLines}) lines += "//\n";
  EXPECT_TRUE(check_layout(path, lines).empty());
  EXPECT_EQ(check_layout(path, lines + "//\n").size(), 1U);
}

TEST(Waits, CatchThoseWithoutEnd) {
  const std::string future = "get_future()";
  for (const std::string& line : {"x." + future + ".get();", "x." + future + ".wait();",
                                  std::string("HttpClient c(\"local") + "host\", 1);"}) {
    EXPECT_EQ(check_waits("tests/net/x.cpp", line + "\n").size(), 1U) << line;
  }
  EXPECT_TRUE(check_waits("tests/net/x.cpp", "HttpClient c(\"127.0.0.1\", 1);\n").empty());
}

TEST(Layout, CountsColumnsRatherThanBytes) {
  std::string micros = "// ";
  for (int i = 0; i < 97; ++i) micros += "µ";
  EXPECT_TRUE(check_layout("src/core/x.cpp", micros + "\n").empty());
  EXPECT_FALSE(check_layout("src/core/x.cpp", micros + "µ\n").empty());
}

}  // namespace
}  // namespace tinysplit
