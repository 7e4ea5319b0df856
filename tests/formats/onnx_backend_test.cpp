// The format's own test cases: each passes, or is refused with a reason; none computes a wrong
// output. tests/data/onnx_backend_passes.txt lists those that must pass.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "formats/onnx_backend_cases.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

std::filesystem::path passes_file() {
  return std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "tests/data/onnx_backend_passes.txt";
}

TEST(OnnxBackend, EachCasePassesOrIsRefused) {
  const std::vector<BackendCase> cases = find_backend_cases();
  ASSERT_FALSE(cases.empty()) << "libonnx-testdata is not installed: scripts/setup does it";
  std::vector<BackendResult> results;
  std::set<std::string> passed;
  std::map<std::string, int> passes_of;
  for (const BackendCase& test : cases) {
    results.push_back(run_backend_case(test));
    const BackendResult& result = results.back();
    EXPECT_NE(result.outcome, BackendOutcome::kWrong)
        << test.group << "/" << test.name << ": " << result.reason;
    EXPECT_TRUE(result.passed() || !result.reason.empty()) << test.name << " is refused silently";
    if (!result.passed()) continue;
    passed.insert(test.group + "/" + test.name);
    ++passes_of[test.group];
  }
  if (const char* report = std::getenv("TINYSPLIT_ONNX_REPORT")) {
    std::ofstream(report) << backend_report(results);
    std::ofstream list(passes_file());
    for (const std::string& name : passed) list << name << "\n";
  }
  std::ifstream list(passes_file());
  ASSERT_TRUE(list.good()) << passes_file();
  for (std::string name; std::getline(list, name);) {
    EXPECT_TRUE(passed.contains(name)) << name << " passed before";
  }
  EXPECT_GE(passes_of["node"], 250);
  EXPECT_GE(passes_of["pytorch-converted"] + passes_of["pytorch-operator"], 70);
}

}  // namespace
}  // namespace tinysplit
