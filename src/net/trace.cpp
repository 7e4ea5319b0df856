#include "net/trace.h"

#include <charconv>
#include <cmath>
#include <string>

#include "core/file.h"
#include "core/limits.h"

namespace tinysplit {
namespace {

constexpr double kBitsPerMegabit = 1e6;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Takes the text before the next `separator` off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

bool parse_number(std::string_view text, double& number) {
  text = trim(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size() &&
         std::isfinite(number);
}

Status wrong_line(std::size_t line, std::string_view why) {
  return invalid_argument("the trace's line " + std::to_string(line) + " " + std::string(why));
}

}  // namespace

Result<std::vector<RatePoint>> parse_trace(std::string_view csv) {
  std::vector<RatePoint> points;
  bool any_rate = false;
  for (std::size_t line = 1; !csv.empty(); ++line) {
    std::string_view text = trim(take(csv, '\n'));
    if (text.empty() || text.front() == '#') continue;
    RatePoint point;
    double mbit_per_s = 0;
    const std::string_view first = take(text, ',');
    const bool is_row =
        parse_number(first, point.time_s) && parse_number(take(text, ','), mbit_per_s);
    if (!is_row) {
      if (line == 1) continue;  // the names of the columns
      return wrong_line(line, "is not \"time_s,mbit_per_s\"");
    }
    if (mbit_per_s < 0) return wrong_line(line, "has a negative rate");
    if (!points.empty() && point.time_s <= points.back().time_s) {
      return wrong_line(line, "has a time that is not later than the one before");
    }
    if (points.size() == limits::kMaxTracePoints) {
      return out_of_range("the trace has more than " + std::to_string(limits::kMaxTracePoints) +
                          " lines");
    }
    point.bits_per_s = mbit_per_s * kBitsPerMegabit;
    any_rate = any_rate || point.bits_per_s > 0;
    points.push_back(point);
  }
  if (points.empty()) return invalid_argument("the trace has no line of \"time_s,mbit_per_s\"");
  if (!any_rate)
    return invalid_argument("the trace has no rate above 0, nothing would ever arrive");
  return points;
}

Result<std::vector<RatePoint>> read_trace(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string csv, read_file(path, limits::kMaxTraceFileBytes));
  Result<std::vector<RatePoint>> points = parse_trace(csv);
  if (!points.ok()) return points.status().with_context(path.string());
  return points;
}

}  // namespace tinysplit
