#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "report/svg_chart.h"
#include "report/table.h"
#include "report/terminal_chart.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

Panel stacked_panel() {
  Panel panel;
  panel.title = "5 Mbit/s";
  panel.x_label = "cut";
  panel.y_label = "latency";
  panel.series = {{"device", {0, 1, 2}, {0.0, 0.2, 0.4}, SeriesStyle::kStackedBar},
                  {"link", {0, 1, 2}, {0.3, 0.1, 0.0}, SeriesStyle::kStackedBar},
                  {"measured", {0, 1, 2}, {0.31, 0.29, 0.4}, SeriesStyle::kPoints}};
  panel.highlight = Highlight{1.0, "chosen: 1"};
  return panel;
}

Panel line_panel() {
  Panel panel;
  panel.title = "curves";
  panel.log_y = true;
  panel.series = {{"predicted", {0, 1, 2, 3}, {1.0, 0.1, std::nan(""), 0.01}, SeriesStyle::kLine},
                  {"measured", {0, 1, 2, 3}, {1.1, 0.1, 0.0, 0.01}, SeriesStyle::kPoints}};
  return panel;
}

std::size_t count_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Checks that tags are closed in order, attributes are quoted, and text has no bare markup.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '>') return false;
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    bool quoted = false;
    while (end < xml.size() && (quoted || xml[end] != '>')) {
      if (xml[end] == '<') return false;
      if (xml[end] == '"') quoted = !quoted;
      ++end;
    }
    if (end == xml.size()) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.starts_with("/")) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (!tag.ends_with("/")) {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  return open.empty();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST(SvgChart, DrawsEveryPartAndPoint) {
  const std::string svg = render_svg({"title", "subtitle", {stacked_panel(), stacked_panel()}});
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  // Of 6 parts a panel, 4 are longer than nothing; each has a tooltip.
  EXPECT_EQ(count_in(svg, "</title></rect>"), 8U);
  EXPECT_EQ(count_in(svg, "<title>device, cut 1: 200 ms</title>"), 2U);
  EXPECT_EQ(count_in(svg, "<circle"), 7U) << "3 points a panel and one in the legend";
  EXPECT_EQ(count_in(svg, ">measured</text>"), 1U) << "one legend for all panels";
  EXPECT_EQ(count_in(svg, ">chosen: 1</text>"), 2U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(SvgChart, StacksBarsWithoutGapsOrOverlaps) {
  const std::string svg = render_svg({"", "", {stacked_panel()}});
  const auto bar_of = [&](const std::string& tooltip) {
    const std::size_t end = svg.find("<title>" + tooltip);
    const std::string rect = svg.substr(svg.rfind("<rect", end), 200);
    const auto number = [&](const std::string& name) {
      return std::stod(rect.substr(rect.find(" " + name + "=\"") + name.size() + 3));
    };
    return std::pair{number("y"), number("height")};
  };
  const auto [device_y, device_height] = bar_of("device, cut 1");
  const auto [link_y, link_height] = bar_of("link, cut 1");
  EXPECT_NEAR(link_y + link_height, device_y, 0.02);
  EXPECT_NEAR(device_height, 2.0 * link_height, 0.05);
}

TEST(SvgChart, BreaksTheCurveWhereThereIsNoValue) {
  const std::string svg = render_svg({"", "", {line_panel()}});
  const std::size_t path = svg.find("<path d=\"");
  ASSERT_NE(path, std::string::npos);
  const std::string d = svg.substr(path, svg.find('"', path + 9) - path);
  EXPECT_EQ(std::ranges::count(d, 'M'), 1);
  EXPECT_EQ(std::ranges::count(d, 'L'), 1);
  EXPECT_EQ(count_in(svg, "<circle"), 5U)
      << "three on a logarithmic axis, the legend's, and the point of the curve behind the gap";
}

TEST(SvgChart, MarksPointsThatAreNoCurve) {
  Panel panel;
  const double nan = std::nan("");
  panel.series = {{"one", {1.0}, {0.5}}, {"alone", {1.0, 2.0, 3.0, 4.0}, {1.0, nan, 2.0, 3.0}}};
  const std::string svg = render_svg({"", "", {panel}});
  std::size_t markers = 0, paths = 0;
  for (std::size_t at = 0; (at = svg.find("<circle", at)) != svg.npos; ++at) ++markers;
  for (std::size_t at = 0; (at = svg.find("<path", at)) != svg.npos; ++at) ++paths;
  EXPECT_EQ(markers, 2U);
  EXPECT_EQ(paths, 1U);
}

TEST(SvgChart, TextCannotBecomeMarkup) {
  Figure figure{"<script>alert(1)</script>", "a & b", {stacked_panel()}};
  figure.panels[0].title = "\"><image href='x'/>";
  figure.panels[0].series[0].name = "</title><g>";
  figure.panels[0].highlight->label = "\xff\x01";
  figure.panels[0].x_label = "<";
  const std::string svg = render_svg(figure);
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("<image"), std::string::npos);
}

TEST(SvgChart, SurvivesEveryKindOfFigure) {
  const double infinity = HUGE_VAL;
  std::vector<Figure> figures{
      {}, {"t", "", {Panel{}}}, {"", "", std::vector<Panel>(7, line_panel())}};
  Figure odd{"", "", {line_panel()}};
  odd.panels[0].series = {
      {"a", {0, infinity, std::nan(""), -1e300, 1e300}, {1, 2, 3, 4, infinity}, {}},
      {"b", {1, 2, 3}, {1}, SeriesStyle::kStackedBar},
      {"c", {}, {1, 2}, SeriesStyle::kPoints},
      {"d", {1, 2}, {-1, 1e300}, SeriesStyle::kStackedBar}};
  odd.panels[0].highlight = Highlight{std::nan(""), "nowhere"};
  figures.push_back(odd);
  for (const Figure& figure : figures) {
    const std::string svg = render_svg(figure);
    EXPECT_TRUE(is_well_formed(svg));
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    for (const Panel& panel : figure.panels) {
      for (const bool utf8 : {true, false}) {
        EXPECT_FALSE(render_terminal(panel, {60, 8, utf8, utf8}).empty());
      }
    }
  }
}

TEST(TerminalChart, FitsItsWidth) {
  for (const Panel& panel : {stacked_panel(), line_panel()}) {
    for (const int width : {40, 60, 80, 200}) {
      for (const std::string& line : lines_of(render_terminal(panel, {width, 10, true, true}))) {
        EXPECT_LE(display_width(line), std::size_t(width)) << line;
      }
    }
  }
}

TEST(TerminalChart, IsPureAsciiWithoutUtf8) {
  Panel panel = stacked_panel();
  panel.title = "größe – µs";
  panel.series[0].y = {1e-6, 2e-6, 3e-6};
  panel.series[1].y = {1e-6, 2e-6, 3e-6};
  for (const Panel& each : {panel, line_panel()}) {
    for (const char c : render_terminal(each, {60, 8, false, false})) {
      EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << int{c};
    }
  }
}

TEST(TerminalChart, BarsRiseWithTheirValues) {
  Panel panel;
  panel.series = {{"device", {0, 1, 2, 3}, {1, 2, 4, 8}, SeriesStyle::kStackedBar}};
  panel.y_unit = Unit::kNone;
  const std::string text = render_terminal(panel, {40, 20, false, false});
  std::vector<std::size_t> cells(4, 0);
  for (const std::string& line : lines_of(text)) {
    const std::size_t axis = line.find_first_of("|+");
    if (axis == std::string::npos || line.find("--") != std::string::npos) continue;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t at = axis + 1 + 6 * i;
      if (at < line.size() && line[at] == '#') ++cells[i];
    }
  }
  EXPECT_NEAR(static_cast<double>(cells[3]), 2.0 * static_cast<double>(cells[2]), 1.5);
  EXPECT_NEAR(static_cast<double>(cells[2]), 2.0 * static_cast<double>(cells[1]), 1.5);
  EXPECT_GT(cells[0], 0U);
}

TEST(TerminalChart, MarksTheHighlightBelowItsBar) {
  const std::string text = render_terminal(stacked_panel(), {40, 6, false, false});
  std::size_t mark = 0;
  std::size_t label = 0;
  for (const std::string& line : lines_of(text)) {
    if (line.find("^ chosen: 1") != std::string::npos) mark = line.find('^');
    if (line.find("0") != std::string::npos && line.ends_with("cut")) label = line.find('1');
  }
  EXPECT_GT(mark, 0U);
  EXPECT_EQ(mark, label);
}

TEST(TerminalChart, ManyCutsShareColumns) {
  Panel panel;
  Series series{"predicted", {}, {}, SeriesStyle::kLine};
  for (int i = 0; i < 1000; ++i) {
    series.x.push_back(i);
    series.y.push_back(1.0 + i);
  }
  panel.series = {series};
  panel.highlight = Highlight{999.0, "the last of a thousand cuts"};
  for (const bool utf8 : {true, false}) {
    for (const std::string& line : lines_of(render_terminal(panel, {60, 10, utf8, false}))) {
      EXPECT_LE(display_width(line), 60U) << line;
    }
  }
}

TEST(TerminalChart, ColourlessOutputHasNoEscapes) {
  EXPECT_EQ(render_terminal(stacked_panel(), {80, 10, true, false}).find('\x1b'),
            std::string::npos);
  const std::string colored = render_terminal(stacked_panel(), {80, 10, true, true});
  EXPECT_NE(colored.find("\x1b["), std::string::npos);
  for (const std::string& line : lines_of(colored)) {
    const std::size_t last = line.rfind("\x1b[");
    if (last != std::string::npos) {
      EXPECT_EQ(line.substr(last, 4), "\x1b[0m") << "colour must not leak into the next line";
    }
  }
}

}  // namespace
}  // namespace tinysplit
