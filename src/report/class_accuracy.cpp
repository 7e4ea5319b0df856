#include "report/class_accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "report/table.h"
#include "report/units.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

std::string share_text(const ClassAccuracy& row) {
  return row.images == 0 ? "-" : format_percent(row.accuracy());
}

// The name in at most `columns` columns.
std::string shortened(const std::string& name, std::size_t columns) {
  if (display_width(name) <= columns) return name;
  std::string text;
  std::size_t used = 1;
  for (std::string_view rest = name; !rest.empty();) {
    const CodePoint point = decode_utf8(rest);
    used += columns_of(point.value);
    if (used > columns) break;
    text += rest.substr(0, point.length);
    rest.remove_prefix(point.length);
  }
  return text + "…";
}

}  // namespace

double ClassAccuracy::accuracy() const {
  if (images == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(right) / static_cast<double>(images);
}

std::vector<ClassAccuracy> accuracy_by_class(const ConfusionMatrix& matrix) {
  const std::size_t classes = matrix.classes.size();
  std::vector<ClassAccuracy> rows;
  for (std::size_t i = 0; i < classes; ++i) {
    const auto row = matrix.counts.begin() + std::ptrdiff_t(i * classes);
    rows.push_back({matrix.classes[i],
                    std::accumulate(row, row + std::ptrdiff_t(classes), std::int64_t{0}),
                    row[std::ptrdiff_t(i)]});
  }
  return rows;
}

ConfusionMatrix confusion_of(std::vector<std::string> classes,
                             const std::vector<std::int32_t>& truth,
                             const std::vector<std::int32_t>& named) {
  ConfusionMatrix matrix;
  matrix.classes = std::move(classes);
  const std::size_t count = matrix.classes.size();
  matrix.counts.resize(count * count);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = static_cast<std::size_t>(truth[i]);
    const auto column = static_cast<std::size_t>(named[i]);
    if (row < count && column < count) ++matrix.counts[row * count + column];
  }
  return matrix;
}

std::string class_table(const ConfusionMatrix& matrix, std::size_t most, std::size_t columns) {
  constexpr std::size_t kNumbers = 24;  // columns of the numbers beside the name
  constexpr std::size_t kLeastName = 8;
  std::vector<ClassAccuracy> rows = accuracy_by_class(matrix);
  const std::size_t all = rows.size();
  if (all > most) {
    std::erase_if(rows, [](const ClassAccuracy& row) { return row.images == 0; });
    std::ranges::stable_sort(rows, {}, &ClassAccuracy::accuracy);
    if (rows.size() > most) rows.resize(most);
  }
  using Align = Table::Align;
  Table table({{"class", Align::kLeft}, {"accuracy", Align::kRight}, {"images", Align::kRight}});
  for (const ClassAccuracy& row : rows) {
    const std::string name =
        columns == 0 ? row.name
                     : shortened(row.name, std::max(columns, kNumbers + kLeastName) - kNumbers);
    table.add_row({name, share_text(row), format_count(row.images)});
  }
  std::string text = table.to_string();
  if (rows.size() < all) {
    text +=
        "the " + std::to_string(rows.size()) + " lowest of " + std::to_string(all) + " classes\n";
  }
  return text;
}

std::string note_on_chance(const ConfusionMatrix& matrix) {
  const std::vector<ClassAccuracy> rows = accuracy_by_class(matrix);
  std::int64_t images = 0, right = 0;
  for (const ClassAccuracy& row : rows) {
    images += row.images;
    right += row.right;
  }
  if (images == 0 || rows.size() < 2) return "";
  std::vector<std::int64_t> named(rows.size());
  for (std::size_t i = 0; i < matrix.counts.size(); ++i) named[i % rows.size()] += matrix.counts[i];
  const auto largest = std::ranges::max_element(rows, {}, &ClassAccuracy::images);
  const bool one_class_only = largest->images == images;
  const auto always = std::ranges::find(named, images);
  if (always != named.end() && !one_class_only) {
    return "every image is taken for \"" + rows[std::size_t(always - named.begin())].name + "\"";
  }
  // Where all images are of one class, naming it always is right.
  const double share = one_class_only
                           ? 1.0 / static_cast<double>(rows.size())
                           : static_cast<double>(largest->images) / static_cast<double>(images);
  const double expected = share * static_cast<double>(images);
  const double deviation = std::sqrt(expected * (1.0 - share));
  if (static_cast<double>(right) > expected + deviation) return "";
  const std::string whole =
      one_class_only ? "guessing" : "naming \"" + largest->name + "\" every time";
  return "an accuracy of " +
         format_percent(static_cast<double>(right) / static_cast<double>(images)) +
         " is no better than " + whole + " (" + format_percent(share) + ")";
}

}  // namespace tinysplit
