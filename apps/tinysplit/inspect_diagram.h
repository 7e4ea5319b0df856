#pragma once

#include "graph/graph.h"
#include "report/layer_diagram.h"

namespace tinysplit {

// The layers of a graph with shapes, types, MACs and weights, and the live bytes at every cut. Row
// 0 stands for those inputs that no layer of the source model hands on, where there are any; the
// rows after it are the layers.
LayerDiagram diagram_of(const Graph& graph);

}  // namespace tinysplit
