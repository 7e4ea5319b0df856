#include "report/table.h"

#include <gtest/gtest.h>

#include <algorithm>

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
