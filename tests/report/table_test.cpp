#include "report/table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "report/table_layout.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

TEST(Table, AlignsColumnsByTheirWidthOnScreen) {
  Table table({{"layer"}, {"time", Table::Align::kRight}, {"note"}});
  table.add_row({"conv2d", "12.3 µs", "ok"});
  table.add_row({"größe", "1.20 s"});
  table.add_row({"層", "5 ms", "wide"});
  EXPECT_EQ(table.to_string(),
            "layer      time  note\n"
            "─────────────────────\n"
            "conv2d  12.3 µs  ok\n"
            "größe    1.20 s\n"
            "層         5 ms  wide\n");
}

TEST(Table, IndentsAndRulesInAscii) {
  Table table({{"a", Table::Align::kRight}});
  table.add_row({"10"});
  table.add_rule();
  table.add_row({"7", "surplus"});
  EXPECT_EQ(table.to_string(false, 2), "   a\n  --\n  10\n  --\n   7\n");
}

TEST(Table, HostileCellsStayInTheirLine) {
  Table table({{"name"}});
  table.add_row({"a\nb\tc\x7f"});
  const std::string text = table.to_string();
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_NE(text.find("a b c"), std::string::npos);
}

TEST(Table, ColoursTakeNoRoom) {
  EXPECT_EQ(display_width("\x1b[1;31mred\x1b[0m"), 3U);
  Table table({{"a"}, {"b"}});
  table.add_row({"\x1b[31mred\x1b[0m", "x"});
  table.add_row({"red", "x"});
  EXPECT_NE(table.to_string().find("\x1b[31mred\x1b[0m  x\nred  x\n"), std::string::npos);
}

std::vector<std::string> table_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

using Fit = Table::Fit;
constexpr auto kLeft = Table::Align::kLeft;

TEST(Table, BreaksAndLeavesOutWhatANarrowWindowHasNoRoomFor) {
  Table table({{"layer", Table::Align::kRight},
               {"name", kLeft, Fit::kWrap},
               {"RAM up to here", Table::Align::kRight, Fit::kDrop},
               {"sends", kLeft, Fit::kDrop}});
  table.add_row({"0", "base/block_1_convolution", "12.5 kB", "all of it"});
  table.add_row({"1", "top", "1 B", "x"});
  // As wide as need be, and where it just fits.
  for (const std::size_t width : {std::size_t{0}, std::size_t{100}, std::size_t{58}}) {
    EXPECT_EQ(table_lines(table.to_string(true, 0, width))[2],
              "    0  base/block_1_convolution         12.5 kB  all of it");
  }
  // Headers break first, then names, then columns go from the right.
  EXPECT_EQ(table.to_string(true, 0, 51),
            "layer  name                       RAM up  sends\n"
            "                                 to here\n"
            "───────────────────────────────────────────────────\n"
            "    0  base/block_1_convolution  12.5 kB  all of it\n"
            "    1  top                           1 B  x\n");
  EXPECT_EQ(table.to_string(true, 0, 31),
            "layer  name              RAM up\n"
            "                        to here\n"
            "───────────────────────────────\n"
            "    0  base/block_1_    12.5 kB\n"
            "       convolution\n"
            "    1  top                  1 B\n");
  EXPECT_EQ(table_lines(table.to_string(true, 0, 20))[0], "layer  name");
}

TEST(Table, NoLineIsWiderThanTheWindowWhileColumnsThatWrapHaveRoom) {
  Table table({{"n", Table::Align::kRight},
               {"größe und Farbe", kLeft, Fit::kWrap},
               {"kind", kLeft, Fit::kWrap},
               {"a", kLeft, Fit::kDrop},
               {"time", Table::Align::kRight},
               {"b", kLeft, Fit::kDrop}});
  table.add_row(
      {"10000", std::string(300, 'x'), "層層層層層層層層層層層層", "some", "12.3 ms", "more"});
  table.add_rule();
  table.add_row({"1", "a/b_c d,e.f-g", "", "", "", "\x1b[31mred\x1b[0m"});
  for (std::size_t width = 40; width < 140; ++width) {
    for (const std::size_t indent : {std::size_t{0}, std::size_t{4}}) {
      const std::string text = table.to_string(true, indent, width);
      for (const std::string& line : table_lines(text))
        EXPECT_LE(display_width(line), width) << line;
      // Nothing of a cell is lost.
      EXPECT_EQ(std::ranges::count(text, 'x'), 300);
    }
  }
}

TEST(TableLayout, BreaksBehindWhatJoinsNames) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(break_lines("batch_normalization_12", 14), (Lines{"batch_", "normalization_", "12"}));
  EXPECT_EQ(break_lines("BatchNormalization", 16), (Lines{"Batch", "Normalization"}));
  EXPECT_EQ(break_lines("one two  three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(break_lines("abcdef", 4), (Lines{"abcd", "ef"}));
  EXPECT_EQ(break_lines("", 4), (Lines{""}));
  EXPECT_EQ(break_lines("層層層", 4), (Lines{"層層", "層"}));
  EXPECT_EQ(break_lines("層", 1), (Lines{"層"}));
  EXPECT_EQ(break_lines("a-b c", 3, " "), (Lines{"a-b", "c"}));
}

TEST(Utf8, DecodesOnlyWhatIsValid) {
  EXPECT_EQ(decode_utf8("é").value, U'é');
  EXPECT_EQ(decode_utf8("层").length, 3U);
  EXPECT_EQ(decode_utf8("😀").value, U'😀');
  for (const char* bytes : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\x80",
                            "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xe0\x9f\xbf"}) {
    const CodePoint point = decode_utf8(bytes);
    EXPECT_FALSE(point.valid);
    EXPECT_EQ(point.length, 1U);
  }
}

TEST(Utf8, XmlCannotBeBrokenOutOf) {
  EXPECT_EQ(escape_xml("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;");
  EXPECT_EQ(escape_xml(std::string_view("x\0\x01\x1by", 5)), "xy");
  EXPECT_EQ(escape_xml("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(escape_xml("µ 层"), "µ 层");
}

TEST(Utf8, AsciiIsPrintableWhateverComesIn) {
  EXPECT_EQ(to_ascii("12 µs – “ok” → é"), "12 us - \"ok\" -> ?");
  std::string everything;
  for (int i = 0; i < 256; ++i) everything += static_cast<char>(i);
  for (const char c : to_ascii(everything)) {
    EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

}  // namespace
}  // namespace tinysplit
