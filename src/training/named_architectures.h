#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit::training {

struct NamedArchitecture {
  std::string_view name;
  std::string_view about;
  std::vector<std::int64_t> input;  // the default: [height,width,channels], or [length]
  std::int64_t classes = 0;         // the default; 0 where the output is of the input's size
};

// In the order in which help lists them.
std::span<const NamedArchitecture> named_architectures();

// Whether `name` is one of them.
bool is_named_architecture(std::string_view name);

// The Keras configuration (what parse_architecture() reads) of a network for `input` and `classes`
// outputs; an empty `input` and 0 mean the defaults. Networks over images take raw pixels 0..255
// and scale them in a Rescaling layer, but for "original", which has just the five layers of the
// original project. `model_name` is the model's; empty for the architecture's name.
// Errors: NOT_FOUND (lists the names), INVALID_ARGUMENT (an input that is too small for the network
// or of another rank, less than one class).
Result<std::string> named_architecture(std::string_view name, std::span<const std::int64_t> input,
                                       std::int64_t classes, std::string_view model_name = {});

}  // namespace tinysplit::training
