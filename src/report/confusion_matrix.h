#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tinysplit {

// How often images of each class were taken for which. A plain value.
struct ConfusionMatrix {
  std::string title;
  std::string subtitle;
  std::vector<std::string> classes;  // UTF-8, needs no escaping
  // [classes,classes]: counts[truth * classes + named].
  std::vector<std::int64_t> counts;
};

// One pair of classes that are mistaken for each other.
struct Mistake {
  std::size_t truth = 0;
  std::size_t named = 0;
  std::int64_t count = 0;
  double share = 0.0;  // of the images of `truth`
};

// The most frequent mistakes, most first; at most `most`.
std::vector<Mistake> worst_mistakes(const ConfusionMatrix& matrix, std::size_t most);

// Right among all images; 0 without images.
double accuracy_of(const ConfusionMatrix& matrix);

// A self-contained SVG document, as render_svg() makes them: one row for each true class, shaded by
// its share of the row, numbers in the cells. Of more than kMaxDrawnClasses classes those with most
// mistakes are drawn. The same matrix always gives the same bytes.
inline constexpr std::size_t kMaxDrawnClasses = 40;
std::string render_svg(const ConfusionMatrix& matrix);

}  // namespace tinysplit
