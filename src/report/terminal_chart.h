#pragma once

#include <string>

#include "report/chart.h"

namespace tinysplit {

struct TerminalChartOptions {
  int width = 80;     // columns of the whole chart with its axis; at least 40 are used
  int height = 12;    // rows of the plot itself; at least 4 are used
  bool utf8 = true;   // Braille and block characters; plain ASCII otherwise
  bool color = true;  // ANSI colours (SGR)
};

// The options that suit standard output as it is now: width from the window (COLUMNS or the
// terminal, 80 otherwise), UTF-8 from the locale's variables (LC_ALL, LC_CTYPE, LANG), colour only
// on a terminal and without NO_COLOR (https://no-color.org).
TerminalChartOptions terminal_chart_options();

// `panel` in characters: title, curves with a y axis, the x axis, the highlighted x, a legend; ends
// with a newline. Without UTF-8 the output is pure ASCII, whatever the text of the panel.
std::string render_terminal(const Panel& panel, const TerminalChartOptions& options);

}  // namespace tinysplit
