#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tinysplit {

// What a chart shows, apart from how it is drawn: svg_chart.h makes a picture of it,
// terminal_chart.h characters. Plain values, free to copy; text is UTF-8 and needs no escaping.

enum class SeriesStyle : std::uint8_t {
  kLine,        // a curve through the points: predictions
  kPoints,      // markers without a curve: measurements
  kStackedBar,  // a bar at every x on top of the stacked bars before it: parts of a whole
};

// How the numbers of the y axis are spelt.
enum class Unit : std::uint8_t {
  kNone,     // 1,000
  kSeconds,  // 5 ms
  kBytes,    // 12 kB
};

// Points (x[i], y[i]); x ascends and has the length of y. A y that is not finite is a gap, and so
// is one at or below zero on a logarithmic axis. Series of one name have one colour in all panels
// of a figure and one entry in its legend.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  SeriesStyle style = SeriesStyle::kLine;
};

// A vertical mark at `x`, for the chosen cut.
struct Highlight {
  double x = 0.0;
  std::string label;  // "chosen: 3"
};

// One pair of axes. The x axis is of whole numbers (cuts). Empty series give empty axes.
struct Panel {
  std::string title;
  std::string subtitle;
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  std::optional<Highlight> highlight;
  Unit y_unit = Unit::kSeconds;
  std::optional<double> y_most;  // no value can be above: neither is the axis
  bool y_from_zero = true;  // else a linear axis spans the values alone; bars always start at 0
  bool log_y = false;       // ignored where there are stacked bars: their lengths would say nothing
};

// Panels side by side (at most three in a row, then the next row) under one title and one legend.
struct Figure {
  std::string title;
  std::string subtitle;
  std::vector<Panel> panels;
};

}  // namespace tinysplit
