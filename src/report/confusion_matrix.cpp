#include "report/confusion_matrix.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include "report/svg.h"
#include "report/units.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

using svg::num;

constexpr double kMatrixMargin = 24.0;
constexpr double kMatrixHead = 64.0;  // title and subtitle
constexpr double kCell = 46.0;
constexpr double kMatrixFont = 12.0;
constexpr double kMatrixGap = 8.0;
constexpr std::size_t kMaxLabelColumns = 24;
constexpr std::string_view kRight = "#2f6690";
constexpr std::string_view kWrong = "#d1605e";

std::int64_t count_at(const ConfusionMatrix& matrix, std::size_t truth, std::size_t named) {
  return matrix.counts[truth * matrix.classes.size() + named];
}

std::int64_t images_of(const ConfusionMatrix& matrix, std::size_t truth) {
  const auto row = matrix.counts.begin() + std::ptrdiff_t(truth * matrix.classes.size());
  return std::accumulate(row, row + std::ptrdiff_t(matrix.classes.size()), std::int64_t{0});
}

// The classes to draw, in their order.
std::vector<std::size_t> drawn_classes(const ConfusionMatrix& matrix) {
  std::vector<std::size_t> classes(matrix.classes.size());
  std::iota(classes.begin(), classes.end(), std::size_t{0});
  if (classes.size() <= kMaxDrawnClasses) return classes;
  std::ranges::stable_sort(classes, std::ranges::greater{}, [&](std::size_t i) {
    return images_of(matrix, i) - count_at(matrix, i, i);
  });
  classes.resize(kMaxDrawnClasses);
  std::ranges::sort(classes);
  return classes;
}

// A name that fits beside the matrix.
std::string label_of(const std::string& name) {
  std::string label;
  std::size_t columns = 0;
  for (std::string_view rest = name; !rest.empty();) {
    const CodePoint point = decode_utf8(rest);
    columns += columns_of(point.value);
    if (columns > kMaxLabelColumns) return label + "…";
    label += rest.substr(0, point.length);
    rest.remove_prefix(point.length);
  }
  return label;
}

void add_cell(std::string& out, double x, double y, std::int64_t count, double share,
              bool is_right) {
  // The square root lets rare mistakes be seen.
  const double opacity = share > 0.0 ? 0.08 + 0.92 * std::sqrt(share) : 0.0;
  out += "<rect x=\"" + num(x) + "\" y=\"" + num(y) + "\" width=\"" + num(kCell) + "\" height=\"" +
         num(kCell) + "\" stroke=\"" + std::string(svg::kGrid) + "\" fill=\"" +
         std::string(is_right ? kRight : kWrong) + "\" fill-opacity=\"" + num(opacity) + "\"/>\n";
  if (count == 0) return;
  svg::add_text(out, x + kCell / 2, y + kCell / 2 + 4.0, format_count(count),
                {11.0, opacity > 0.6 ? std::string_view("#ffffff") : svg::kInk, "middle"});
}

}  // namespace

std::vector<Mistake> worst_mistakes(const ConfusionMatrix& matrix, std::size_t most) {
  std::vector<Mistake> mistakes;
  for (std::size_t truth = 0; truth < matrix.classes.size(); ++truth) {
    const auto images = static_cast<double>(images_of(matrix, truth));
    for (std::size_t named = 0; named < matrix.classes.size(); ++named) {
      const std::int64_t count = count_at(matrix, truth, named);
      if (named == truth || count == 0) continue;
      mistakes.push_back({truth, named, count, static_cast<double>(count) / images});
    }
  }
  std::ranges::stable_sort(mistakes, std::ranges::greater{}, &Mistake::count);
  if (mistakes.size() > most) mistakes.resize(most);
  return mistakes;
}

double accuracy_of(const ConfusionMatrix& matrix) {
  std::int64_t right = 0;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < matrix.classes.size(); ++i) {
    right += count_at(matrix, i, i);
    all += images_of(matrix, i);
  }
  return all == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(all);
}

std::string render_svg(const ConfusionMatrix& matrix) {
  const std::vector<std::size_t> classes = drawn_classes(matrix);
  const auto side = kCell * static_cast<double>(classes.size());
  double label_width = svg::text_width("true class", kMatrixFont);
  for (const std::size_t i : classes) {
    label_width = std::max(label_width, svg::text_width(label_of(matrix.classes[i]), kMatrixFont));
  }
  // Names of columns are written at a slant; half of their length is what they take upwards.
  const double left = kMatrixMargin + label_width + kMatrixGap;
  const double top = kMatrixHead + 0.55 * label_width + 2.0 * kMatrixGap;
  const double title_width =
      std::max(svg::text_width(matrix.title, 18.0), svg::text_width(matrix.subtitle, kMatrixFont));
  const double width =
      std::max(left + side + 0.8 * label_width, kMatrixMargin + title_width) + kMatrixMargin;
  const double height = top + side + kMatrixMargin;

  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + num(width) +
                    "\" height=\"" + num(height) + "\" viewBox=\"0 0 " + num(width) + " " +
                    num(height) +
                    "\" font-family=\"system-ui, sans-serif\" role=\"img\">\n<title>" +
                    escape_xml(matrix.title) + "</title>\n<desc>" + escape_xml(matrix.subtitle) +
                    "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg::add_text(out, kMatrixMargin, kMatrixMargin + 6.0, matrix.title,
                {18.0, svg::kInk, "start", true});
  svg::add_text(out, kMatrixMargin, kMatrixMargin + 26.0, matrix.subtitle,
                {kMatrixFont, svg::kMuted});
  for (std::size_t row = 0; row < classes.size(); ++row) {
    const double y = top + kCell * static_cast<double>(row);
    const std::string label = label_of(matrix.classes[classes[row]]);
    svg::add_text(out, left - kMatrixGap, y + kCell / 2 + 4.0, label,
                  {kMatrixFont, svg::kInk, "end"});
    const double x = left + kCell * (static_cast<double>(row) + 0.5);
    svg::add_text(out, x, top - kMatrixGap, label, {kMatrixFont, svg::kInk},
                  " transform=\"rotate(-35 " + num(x) + " " + num(top - kMatrixGap) + ")\"");
    const auto images = static_cast<double>(images_of(matrix, classes[row]));
    for (std::size_t column = 0; column < classes.size(); ++column) {
      const std::int64_t count = count_at(matrix, classes[row], classes[column]);
      add_cell(out, left + kCell * static_cast<double>(column), y, count,
               images > 0.0 ? static_cast<double>(count) / images : 0.0, row == column);
    }
  }
  return out + "</svg>\n";
}

}  // namespace tinysplit
