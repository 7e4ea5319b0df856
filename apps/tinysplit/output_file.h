#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// What commands write to files.
enum class OutputKind : std::uint8_t {
  kKeras,
  kKerasH5,
  kTflite,
  kOnnx,
  kNpy,
  kNpz,
  kAnalytics,
  kSvg,
  kGraphviz,
  kReportJson,      // of a quantisation
  kReportMarkdown,  // of a quantisation
};

// A file that a command was asked to write.
struct OutputFile {
  std::string option;  // that named it: "--output"
  std::filesystem::path path;
  OutputKind kind;
  // What the command reads, which it must not write over.
  std::vector<std::filesystem::path> inputs = {};
  bool force = false;  // models in folders of their own may be replaced
};

// Whether the file may be written: to be asked before the work whose result it takes. A name with
// the extension of another kind is refused, and so is a file that exists unless its contents are of
// the kind that is written. A model in its own folder (models/NAME/NAME.keras) is replaced by
// `force` only. Devices, pipes and empty files take anything.
// Errors: INVALID_ARGUMENT (the name), FAILED_PRECONDITION (what lies there, which is named; or
// nothing can be written there), those of check_can_write.
Status check_output(const OutputFile& output);

}  // namespace tinysplit
