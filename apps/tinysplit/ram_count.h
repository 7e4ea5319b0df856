#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "offloading/plan_input.h"

namespace tinysplit {

// --ram-count: what --ram-kb bounds.
void add_ram_count(CLI::App& command, RamCount& count);

// A sentence for people on what was counted.
std::string ram_count_note(RamCount count);

}  // namespace tinysplit
