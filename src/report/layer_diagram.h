#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tinysplit {

// A network drawn as a railway map: one row a layer in execution order, one lane a branch, and
// between two rows what a cut there would send.
struct DiagramRow {
  std::string name;
  std::string kind;                  // decides the colour
  std::vector<std::string> details;  // one for each of LayerDiagram::columns
  std::vector<int> sources;          // earlier rows that it reads
  std::vector<std::string> edges;    // what flows from each of them, such as "float32 [1,8,8,4]"
};

struct DiagramCut {
  double bytes = 0.0;
  std::string label;
  bool marked = false;  // drawn in the warning colour
};

struct LayerDiagram {
  std::string title;
  std::string subtitle;
  std::vector<std::string> columns;  // heads of the details
  std::string cuts_head;
  std::vector<DiagramRow> rows;
  std::vector<DiagramCut> cuts;  // cuts[i] lies after row i
};

// The lane of each row. A branch keeps its lane until its last reader; a reader continues the
// lowest lane that ends in it, else takes a free one. Precondition: sources are earlier rows.
std::vector<int> assign_lanes(const std::vector<DiagramRow>& rows);

// A drawing of its own, without scripts or links; all text escaped.
std::string to_svg(const LayerDiagram& diagram);

// The language of Graphviz: a node a layer, an edge a tensor.
std::string to_dot(const LayerDiagram& diagram);

}  // namespace tinysplit
