#pragma once

#include <CLI/CLI.hpp>

#include "formats/model_reader.h"

namespace tinysplit {

// Adds what a command that reads a model asks about the reading of it: --input-shape.
void add_reading_options(CLI::App& command, ReadOptions& options);

}  // namespace tinysplit
