#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"

namespace tinysplit::test {

enum class BackendOutcome : std::uint8_t {
  kPassed,       // as the case is
  kPassedFixed,  // with all inputs but the first made constants of the model
  kRefused,      // the reader or the engine says what is not supported
  kWrong,        // an output that is not the expected one
};

// One of the format's own test cases: a folder with model.onnx and data sets.
struct BackendCase {
  std::string group;  // "node", "pytorch-converted", ...
  std::string name;
  std::filesystem::path folder;
};

struct BackendResult {
  BackendCase test;
  BackendOutcome outcome = BackendOutcome::kRefused;
  std::string reason;
  std::string operators;  // of the model, each once

  bool passed() const { return outcome <= BackendOutcome::kPassedFixed; }
};

// The cases that Debian's libonnx-testdata installs; none if it is not there.
std::vector<BackendCase> find_backend_cases();

BackendResult run_backend_case(const BackendCase& test);

// A table of counts, and what does not pass by operator, as Markdown.
std::string backend_report(const std::vector<BackendResult>& results);

}  // namespace tinysplit::test
