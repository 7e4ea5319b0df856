#include "report/svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "report/table.h"
#include "report/utf8.h"

namespace tinysplit::svg {

std::string num(double value) {
  std::array<char, 64> text{};
  const double bounded = std::isfinite(value) ? std::clamp(value, -1e6, 1e6) : 0.0;
  auto end =
      std::to_chars(text.data(), text.data() + text.size(), bounded, std::chars_format::fixed, 2);
  std::string number(text.data(), end.ptr);
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number == "-0" ? "0" : number;
}

double text_width(std::string_view text, double font_size) {
  return 0.6 * font_size * static_cast<double>(display_width(text));
}

void add_text(std::string& drawing, double x, double y, std::string_view text,
              const TextStyle& style, const std::string& more) {
  drawing += "<text x=\"" + num(x) + "\" y=\"" + num(y) + "\" font-size=\"" + num(style.size) +
             "\" fill=\"" + std::string(style.color) + "\"";
  if (style.anchor != "start") drawing += " text-anchor=\"" + std::string(style.anchor) + "\"";
  if (style.bold) drawing += " font-weight=\"600\"";
  drawing += more + ">" + escape_xml(text) + "</text>\n";
}

void add_line(std::string& drawing, double x1, double y1, double x2, double y2,
              std::string_view color) {
  drawing += "<line x1=\"" + num(x1) + "\" y1=\"" + num(y1) + "\" x2=\"" + num(x2) + "\" y2=\"" +
             num(y2) + "\" stroke=\"" + std::string(color) + "\"/>\n";
}

}  // namespace tinysplit::svg
