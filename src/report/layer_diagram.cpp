#include "report/layer_diagram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include "report/svg.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

using svg::num;

constexpr double kDiagramMargin = 24.0;
constexpr double kRowHeight = 26.0;
constexpr double kLaneWidth = 16.0;
constexpr double kDiagramHead = 84.0;  // title, subtitle, heads of columns
constexpr double kDiagramFont = 12.0;
constexpr double kColumnGap = 18.0;
constexpr double kBarWidth = 180.0;
constexpr std::array<std::string_view, 8> kKindColors{"#2f6690", "#d1605e", "#5a9e6f", "#f2a541",
                                                      "#8e6c8a", "#0e7c86", "#b8710a", "#5c6b2f"};
constexpr std::string_view kBar = "#8fc1e3";
constexpr std::string_view kMarkedBar = "#f0b7b5";
constexpr std::string_view kTrack = "#a9b3bd";

struct Layout {
  std::vector<int> lanes;
  double text_left = 0.0;
  std::vector<double> column_left;  // name, kind, details
  double bars_left = 0.0;
  double width = 0.0;
  double height = 0.0;

  double x(std::size_t row) const { return kDiagramMargin + kLaneWidth * (0.5 + lanes[row]); }
  double y(std::size_t row) const {
    return kDiagramHead + kRowHeight * (static_cast<double>(row) + 0.5);
  }
};

std::vector<std::string_view> cells_of(const DiagramRow& row) {
  std::vector<std::string_view> cells{row.name, row.kind};
  cells.insert(cells.end(), row.details.begin(), row.details.end());
  return cells;
}

std::vector<std::string_view> heads_of(const LayerDiagram& diagram) {
  std::vector<std::string_view> heads{"layer", "kind"};
  heads.insert(heads.end(), diagram.columns.begin(), diagram.columns.end());
  return heads;
}

Layout make_layout(const LayerDiagram& diagram) {
  Layout layout;
  layout.lanes = assign_lanes(diagram.rows);
  const int lanes = layout.lanes.empty() ? 0 : *std::ranges::max_element(layout.lanes) + 1;
  std::vector<double> widths;
  for (const std::string_view head : heads_of(diagram)) {
    widths.push_back(svg::text_width(head, kDiagramFont));
  }
  for (const DiagramRow& row : diagram.rows) {
    const auto cells = cells_of(row);
    for (std::size_t i = 0; i < std::min(cells.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], svg::text_width(cells[i], kDiagramFont));
    }
  }
  double x = kDiagramMargin + kLaneWidth * lanes + kColumnGap;
  layout.text_left = x;
  for (const double width : widths) {
    layout.column_left.push_back(x);
    x += width + kColumnGap;
  }
  layout.bars_left = x;
  double label = svg::text_width(diagram.cuts_head, kDiagramFont) - kBarWidth;
  for (const DiagramCut& cut : diagram.cuts) {
    label = std::max(label, svg::text_width(cut.label, kDiagramFont - 2.0));
  }
  layout.width = x + kBarWidth + label + kDiagramMargin;
  layout.height =
      kDiagramHead + kRowHeight * static_cast<double>(diagram.rows.size()) + kDiagramMargin;
  return layout;
}

std::map<std::string_view, std::string_view> color_kinds(const LayerDiagram& diagram) {
  std::map<std::string_view, std::string_view> colors;
  for (const DiagramRow& row : diagram.rows) {
    if (!colors.contains(row.kind)) {
      const std::size_t next = colors.size() % kKindColors.size();
      colors[row.kind] = kKindColors[next];
    }
  }
  return colors;
}

// Along the source's lane to just above the reader, then over to its lane: the source's lane is
// free of other rows as long as something still reads it.
void add_edge(std::string& out, const Layout& layout, std::size_t from, std::size_t to,
              std::string_view tooltip) {
  const double x1 = layout.x(from), y1 = layout.y(from);
  const double x2 = layout.x(to), y2 = layout.y(to);
  const double turn = y2 - kRowHeight;
  out += "<path d=\"M" + num(x1) + " " + num(y1);
  if (x1 == x2) {
    out += "V" + num(y2);
  } else {
    out += "V" + num(turn) + "C" + num(x1) + " " + num(turn + kRowHeight * 0.6) + " " + num(x2) +
           " " + num(turn + kRowHeight * 0.4) + " " + num(x2) + " " + num(y2);
  }
  out += "\"><title>" + escape_xml(tooltip) + "</title></path>\n";
}

void add_tracks(std::string& out, const LayerDiagram& diagram, const Layout& layout) {
  out += "<g fill=\"none\" stroke=\"" + std::string(kTrack) + "\" stroke-width=\"2.5\">\n";
  for (std::size_t row = 0; row < diagram.rows.size(); ++row) {
    const DiagramRow& layer = diagram.rows[row];
    for (std::size_t i = 0; i < layer.sources.size(); ++i) {
      add_edge(out, layout, static_cast<std::size_t>(layer.sources[i]), row,
               i < layer.edges.size() ? layer.edges[i] : "");
    }
  }
  out += "</g>\n";
}

void add_rows(std::string& out, const LayerDiagram& diagram, const Layout& layout) {
  const auto colors = color_kinds(diagram);
  for (std::size_t row = 0; row < diagram.rows.size(); ++row) {
    const DiagramRow& layer = diagram.rows[row];
    const std::string color(colors.at(layer.kind));
    out += "<circle cx=\"" + num(layout.x(row)) + "\" cy=\"" + num(layout.y(row)) +
           "\" r=\"5.5\" fill=\"" + color + "\" stroke=\"#fff\" stroke-width=\"1.5\"/>\n";
    const auto cells = cells_of(layer);
    for (std::size_t i = 0; i < std::min(cells.size(), layout.column_left.size()); ++i) {
      if (cells[i].empty()) continue;
      svg::TextStyle style{kDiagramFont, i == 1 ? std::string_view(color) : svg::kInk};
      if (i > 1) style.color = svg::kMuted;
      style.bold = i == 0;
      svg::add_text(out, layout.column_left[i], layout.y(row) + 4.0, cells[i], style);
    }
  }
}

// A line where each cut lies, as thick as the cut is large: logarithmic from 1 B.
void add_cuts(std::string& out, const LayerDiagram& diagram, const Layout& layout) {
  double largest = 1.0;
  for (const DiagramCut& cut : diagram.cuts) largest = std::max(largest, cut.bytes);
  for (std::size_t i = 0; i < std::min(diagram.cuts.size(), diagram.rows.size()); ++i) {
    const DiagramCut& cut = diagram.cuts[i];
    const double y = layout.y(i) + kRowHeight / 2.0;
    svg::add_line(out, layout.text_left, y, layout.bars_left + kBarWidth, y, svg::kGrid);
    const double bar = kBarWidth * cut.bytes / largest;
    out += "<rect x=\"" + num(layout.bars_left) + "\" y=\"" + num(y - 5.0) + "\" width=\"" +
           num(std::max(bar, cut.bytes > 0.0 ? 1.0 : 0.0)) + "\" height=\"10\" rx=\"2\" fill=\"" +
           std::string(cut.marked ? kMarkedBar : kBar) + "\"/>\n";
    svg::add_text(out, layout.bars_left + std::max(bar, 1.0) + 6.0, y + 3.5, cut.label,
                  {kDiagramFont - 2.0, svg::kMuted});
  }
}

// A quoted string of Graphviz.
std::string quote_dot(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : to_ascii(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::vector<int> assign_lanes(const std::vector<DiagramRow>& rows) {
  std::vector<std::size_t> last_reader(rows.size(), 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const int source : rows[row].sources) {
      last_reader[static_cast<std::size_t>(source)] = row;
    }
  }
  std::vector<int> lanes(rows.size(), 0);
  std::vector<std::size_t> busy_until;  // of each lane
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::size_t lane = 0;
    while (lane < busy_until.size() && busy_until[lane] > row) ++lane;
    if (lane == busy_until.size()) busy_until.push_back(0);
    for (const int source : rows[row].sources) {
      const std::size_t at = static_cast<std::size_t>(source);
      if (last_reader[at] == row && static_cast<std::size_t>(lanes[at]) < lane) {
        lane = static_cast<std::size_t>(lanes[at]);
      }
    }
    lanes[row] = static_cast<int>(lane);
    busy_until[lane] = last_reader[row];
  }
  return lanes;
}

std::string to_svg(const LayerDiagram& diagram) {
  const Layout layout = make_layout(diagram);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + num(layout.width) +
                    "\" height=\"" + num(layout.height) + "\" viewBox=\"0 0 " + num(layout.width) +
                    " " + num(layout.height) +
                    "\" font-family=\"system-ui, sans-serif\" role=\"img\">\n<title>" +
                    escape_xml(diagram.title) +
                    "</title>\n<rect width=\"100%\" height=\"100%\" "
                    "fill=\"#fff\"/>\n";
  svg::add_text(out, kDiagramMargin, kDiagramMargin + 6.0, diagram.title,
                {18.0, svg::kInk, "start", true});
  svg::add_text(out, kDiagramMargin, kDiagramMargin + 26.0, diagram.subtitle, {12.0, svg::kMuted});
  const auto heads = heads_of(diagram);
  for (std::size_t i = 0; i < heads.size(); ++i) {
    svg::add_text(out, layout.column_left[i], kDiagramHead - 8.0, heads[i], {11.0, svg::kMuted});
  }
  svg::add_text(out, layout.bars_left, kDiagramHead - 8.0, diagram.cuts_head, {11.0, svg::kMuted});
  add_cuts(out, diagram, layout);
  add_tracks(out, diagram, layout);
  add_rows(out, diagram, layout);
  return out + "</svg>\n";
}

std::string to_dot(const LayerDiagram& diagram) {
  std::string out = "digraph " + quote_dot(diagram.title) +
                    " {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n";
  for (std::size_t row = 0; row < diagram.rows.size(); ++row) {
    const DiagramRow& layer = diagram.rows[row];
    std::string label = quote_dot(std::to_string(row) + " " + layer.name);
    label.pop_back();
    for (const std::string& detail : layer.details) {
      if (detail.empty()) continue;
      const std::string quoted = quote_dot(detail);
      label += "\\n" + quoted.substr(1, quoted.size() - 2);
    }
    out += "  l" + std::to_string(row) + " [label=" + label +
           "\", tooltip=" + quote_dot(layer.kind) + "];\n";
    for (std::size_t i = 0; i < layer.sources.size(); ++i) {
      out += "  l" + std::to_string(layer.sources[i]) + " -> l" + std::to_string(row) +
             " [label=" + quote_dot(i < layer.edges.size() ? layer.edges[i] : "") + "];\n";
    }
  }
  for (std::size_t i = 0; i < diagram.cuts.size(); ++i) {
    out += "  // after row " + std::to_string(i) + ": " + to_ascii(diagram.cuts[i].label) + "\n";
  }
  return out + "}\n";
}

}  // namespace tinysplit
