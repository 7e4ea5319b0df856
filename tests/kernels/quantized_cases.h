#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "kernels/kernel.h"

namespace tinysplit {

// One operator of TensorFlow Lite with its inputs and the output of its reference kernel.
struct QuantizedCase {
  std::string name;
  Op op;
  std::vector<Value> inputs;
  Value output;  // with the expected data
  std::optional<Clip> clip;

  KernelSpec spec() const;
};

// The cases that tools/make_quantized_golden.py wrote into `folder`.
std::vector<QuantizedCase> read_quantized_cases(const std::filesystem::path& folder);

}  // namespace tinysplit
