#pragma once

#include <string>

#include "report/chart.h"

namespace tinysplit {

// A self-contained SVG 1.1 document of `figure`: no scripts, no external fonts or references, a
// light background of its own (so that it can be read on a dark page), a <title> and <desc> for
// screen readers. All text is escaped. The same figure always gives the same bytes.
std::string render_svg(const Figure& figure);

}  // namespace tinysplit
