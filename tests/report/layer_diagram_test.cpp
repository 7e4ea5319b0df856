#include "report/layer_diagram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace tinysplit {
namespace {

DiagramRow row(std::vector<int> sources) {
  DiagramRow made;
  made.name = "layer";
  made.kind = "Conv2D";
  made.sources = std::move(sources);
  made.edges.assign(made.sources.size(), "float32 [1,2]");
  return made;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(AssignLanes, ChainKeepsOneLane) {
  EXPECT_EQ(assign_lanes({row({}), row({0}), row({1}), row({2})}), (std::vector{0, 0, 0, 0}));
}

TEST(AssignLanes, BranchLeavesTheSkipItsLaneAndMergesBackIntoIt) {
  const std::vector<DiagramRow> residual{row({}), row({0}), row({1}), row({0, 2}), row({3})};
  EXPECT_EQ(assign_lanes(residual), (std::vector{0, 1, 1, 0, 0}));
}

TEST(AssignLanes, TwoInputsHaveTwoLanes) {
  EXPECT_EQ(assign_lanes({row({}), row({}), row({0, 1})}), (std::vector{0, 1, 0}));
}

// What makes the drawing readable: the line of an edge meets no other layer on its way.
TEST(AssignLanes, NoLayerLiesOnALaneThatAnotherOneStillUses) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<DiagramRow> rows;
    for (int i = 0; i < 30; ++i) {
      std::vector<int> sources;
      const int wanted = i == 0 ? 0 : static_cast<int>(random() % 3);
      for (int k = 0; k < wanted; ++k) {
        const int source = static_cast<int>(random() % static_cast<unsigned>(i));
        if (std::ranges::count(sources, source) == 0) sources.push_back(source);
      }
      rows.push_back(row(sources));
    }
    const std::vector<int> lanes = assign_lanes(rows);
    for (std::size_t reader = 0; reader < rows.size(); ++reader) {
      for (const int source : rows[reader].sources) {
        for (std::size_t between = static_cast<std::size_t>(source) + 1; between < reader;
             ++between) {
          EXPECT_NE(lanes[between], lanes[static_cast<std::size_t>(source)])
              << source << " to " << reader << " passes " << between;
        }
      }
    }
  }
}

LayerDiagram hostile() {
  LayerDiagram diagram;
  diagram.title = "a <script> & \"b\"";
  diagram.columns = {"output"};
  diagram.rows = {row({}), row({0})};
  diagram.rows[1].name = "x\"];\n</svg><b>";
  diagram.rows[1].details = {"<i>"};
  diagram.cuts = {{12.0, "12 B </text>\n}", true}};
  return diagram;
}

TEST(LayerDiagramSvg, EscapesNamesAndDrawsEveryLayerEdgeAndCut) {
  const std::string svg = to_svg(hostile());
  EXPECT_EQ(count(svg, "<script"), 0U);
  EXPECT_EQ(count(svg, "<b>"), 0U);
  EXPECT_EQ(count(svg, "<i>"), 0U);
  EXPECT_EQ(count(svg, "</svg>"), 1U);
  EXPECT_EQ(count(svg, "<circle"), 2U);
  EXPECT_EQ(count(svg, "<path"), 1U);
  EXPECT_EQ(count(svg, "rx=\"2\""), 1U);
}

TEST(LayerDiagramDot, KeepsNamesInsideTheirQuotes) {
  const std::string dot = to_dot(hostile());
  EXPECT_NE(dot.find("l0 -> l1"), std::string::npos);
  EXPECT_NE(dot.find("x\\\"];"), std::string::npos) << dot;
  EXPECT_EQ(count(dot, "\n}"), 1U) << dot;
}

TEST(LayerDiagram, OfNothingIsStillADrawing) {
  EXPECT_NE(to_svg({}).find("</svg>"), std::string::npos);
  EXPECT_NE(to_dot({}).find("digraph"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
