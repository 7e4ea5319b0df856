#pragma once

#include <span>
#include <string>

#include "offloading/decision.h"

// Sentences for people. `costs` has an entry for every cut of a model, num_layers + 1.
namespace tinysplit {

// "edge-only" or "cut 3".
std::string cut_text(int cut, int num_layers);

// What `cut`, the chosen one, takes, what it gains over all on the edge and all on the device, and
// how many cuts were excluded for which reason.
std::string explain_choice(std::span<const CutCost> costs, int cut);

// Why no cut could be chosen, and what the fastest one would have needed.
std::string explain_no_choice(std::span<const CutCost> costs);

}  // namespace tinysplit
