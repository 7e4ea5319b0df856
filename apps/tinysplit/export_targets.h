#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/status.h"
#include "graph/graph.h"
#include "output_file.h"

namespace tinysplit {

// A kind of model file that `tinysplit export` writes.
struct ExportTarget {
  const char* name;  // of --target
  OutputKind kind;
  const char* extension;  // of files of this kind, by which it is chosen without --target
  const char* opened_by;  // for people
  const char* dtypes;     // for people: what its layers may compute in
  // The contents of a file that computes what the graph does. Errors: UNIMPLEMENTED (names layer
  // and operation), those of the format's writer.
  Result<std::string> (*write)(const Graph& graph);
};

// To add a kind of file: a row in export_targets.cpp.
std::span<const ExportTarget> export_targets();

// The target of that name; without one, that of the file's extension.
// Errors: INVALID_ARGUMENT: neither tells a target (lists them), or they tell two.
Result<const ExportTarget*> find_export_target(std::string_view name, std::string_view path);

}  // namespace tinysplit
