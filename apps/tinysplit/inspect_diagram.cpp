#include "inspect_diagram.h"

#include <algorithm>

#include "graph/cuts.h"
#include "graph/metrics.h"
#include "report/units.h"

namespace tinysplit {
namespace {

std::string describe_type(const Value& value) {
  return std::string(dtype_name(value.dtype)) + " " + value.shape.to_string();
}

std::string bytes_text(std::int64_t bytes) {
  return bytes == 0 ? "" : format_bytes(static_cast<double>(bytes));
}

class DiagramMaker {
 public:
  explicit DiagramMaker(const Graph& graph)
      : graph_(graph), row_of_value_(graph.values().size(), -1) {}

  LayerDiagram make() {
    diagram_.title = graph_.name();
    diagram_.columns = {"output", "MACs", "weights"};
    diagram_.cuts_head = "cut here: what it sends";
    add_input_row();
    const auto macs = layer_macs(graph_);
    std::int64_t all_macs = 0, all_weights = 0;
    for (std::size_t i = 0; i < graph_.layers().size(); ++i) {
      add_layer_row(graph_.layers()[i], macs[i]);
      all_macs += macs[i];
      all_weights += graph_.layers()[i].weight_bytes;
    }
    diagram_.subtitle = std::to_string(graph_.num_layers()) + " layers, " +
                        format_magnitude(static_cast<double>(all_macs)) + " MACs, " +
                        format_bytes(static_cast<double>(all_weights)) + " of weights";
    add_cuts();
    return std::move(diagram_);
  }

 private:
  void add_input_row() {
    std::vector<ValueId> loose;
    for (const ValueId input : graph_.inputs()) {
      const auto hands_on = [&](const Layer& layer) {
        return layer.first_node == layer.end_node && std::ranges::count(layer.outputs, input) > 0;
      };
      if (std::ranges::none_of(graph_.layers(), hands_on)) loose.push_back(input);
    }
    if (loose.empty()) return;
    DiagramRow row;
    row.kind = "input";
    for (const ValueId input : loose) {
      row.name += (row.name.empty() ? "" : ", ") + graph_.value(input).name;
      row_of_value_[static_cast<std::size_t>(input)] = 0;
    }
    row.details = {describe_type(graph_.value(loose.front())), "", ""};
    diagram_.rows.push_back(std::move(row));
    first_layer_row_ = 1;
  }

  void read(DiagramRow& row, ValueId value, int own_row) {
    const int source = row_of_value_[static_cast<std::size_t>(value)];
    if (source < 0 || source == own_row) return;
    const std::string edge = describe_type(graph_.value(value));
    const auto known = std::ranges::find(row.sources, source);
    if (known == row.sources.end()) {
      row.sources.push_back(source);
      row.edges.push_back(edge);
      return;
    }
    std::string& text = row.edges[static_cast<std::size_t>(known - row.sources.begin())];
    if (text.find(edge) == std::string::npos) text += ", " + edge;
  }

  void add_layer_row(const Layer& layer, std::int64_t macs) {
    const int own_row = static_cast<int>(diagram_.rows.size());
    DiagramRow row;
    row.name = layer.name;
    row.kind = layer.kind;
    for (int node = layer.first_node; node < layer.end_node; ++node) {
      const Node& operation = graph_.nodes()[static_cast<std::size_t>(node)];
      for (const ValueId input : operation.inputs) read(row, input, own_row);
      row_of_value_[static_cast<std::size_t>(operation.output)] = own_row;
    }
    for (const ValueId output : layer.outputs) {
      read(row, output, own_row);
      row_of_value_[static_cast<std::size_t>(output)] = own_row;
    }
    row.details = {layer.outputs.empty() ? "" : describe_type(graph_.value(layer.outputs.front())),
                   macs == 0 ? "" : format_magnitude(static_cast<double>(macs)),
                   bytes_text(layer.weight_bytes)};
    diagram_.rows.push_back(std::move(row));
  }

  void add_cuts() {
    const std::vector<Cut> cuts = find_cuts(graph_);
    for (std::size_t row = 0; row + 1 < diagram_.rows.size(); ++row) {
      const Cut& cut = cuts[row + 1 - first_layer_row_];
      DiagramCut drawn;
      drawn.bytes = static_cast<double>(cut.live_bytes);
      drawn.label = std::to_string(cut.cut) + ": " + format_bytes(drawn.bytes);
      if (cut.live_tensors.size() > 1) {
        drawn.label += " in " + std::to_string(cut.live_tensors.size()) + " tensors";
      }
      if (cut.reveals_input) drawn.label += ", shows the input";
      drawn.marked = cut.reveals_input;
      diagram_.cuts.push_back(std::move(drawn));
    }
  }

  const Graph& graph_;
  LayerDiagram diagram_;
  std::vector<int> row_of_value_;
  std::size_t first_layer_row_ = 0;
};

}  // namespace

LayerDiagram diagram_of(const Graph& graph) { return DiagramMaker(graph).make(); }

}  // namespace tinysplit
