#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/tflite/tflite_generated.h"
#include "formats/tflite/tflite_reader.h"

namespace tinysplit::tflite {

// The part of a model that is read.
struct EntryPoint {
  const schema::SubGraph* subgraph = nullptr;
  int index = 0;
  std::map<std::uint32_t, std::string>
      names;  // what clients call its inputs and outputs, by tensor
};

// The subgraph of the signature that `options` name; without one that of "serving_default", else
// the first. A choice among several that nobody made is noted.
// Errors: INVALID_ARGUMENT (no subgraph, no such signature, one without a subgraph).
Result<EntryPoint> find_entry_point(const schema::Model& model, const TfliteOptions& options);

}  // namespace tinysplit::tflite
