#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "formats/model_reader.h"

namespace tinysplit {

// Adds what a command that reads a model asks about the reading of it: --input-shape.
void add_reading_options(CLI::App& command, ReadOptions& options);

// The same for a command that reads several: MODEL:SHAPE, by the model's name.
void add_reading_options(CLI::App& command,
                         std::map<std::string, ReadOptions, std::less<>>& options);

}  // namespace tinysplit
