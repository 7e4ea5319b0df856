#include "report/class_accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "report/table.h"

namespace tinysplit {
namespace {

ConfusionMatrix matrix_of(std::vector<std::int64_t> counts) {
  ConfusionMatrix matrix;
  matrix.classes.resize(static_cast<std::size_t>(std::lround(std::sqrt(counts.size()))));
  for (std::size_t i = 0; i < matrix.classes.size(); ++i) {
    matrix.classes[i] = std::string(1, static_cast<char>('a' + i));
  }
  matrix.counts = std::move(counts);
  return matrix;
}

TEST(ClassAccuracy, CountsEachClassByItself) {
  const ConfusionMatrix matrix = matrix_of({3, 1, 0, 0, 2, 0, 0, 0, 0});
  const auto rows = accuracy_by_class(matrix);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].accuracy(), 0.75);
  EXPECT_EQ(rows[1].accuracy(), 1.0);
  EXPECT_TRUE(std::isnan(rows[2].accuracy()));
  EXPECT_EQ(confusion_of(matrix.classes, {0, 0, 0, 0, 1, 1, 1}, {0, 0, 0, 1, 1, 1, -1}).counts,
            matrix.counts);
}

TEST(ClassAccuracy, ShowsTheLowestOfManyClassesWithinTheColumns) {
  Random random(1);
  ConfusionMatrix matrix;
  for (int i = 0; i < 30; ++i) {
    matrix.classes.push_back("class " + std::to_string(i) + std::string(i * 4, 'x') + "é日");
  }
  for (int i = 0; i < 900; ++i) matrix.counts.push_back(std::int64_t(random.below(20)));
  matrix.counts[31 * 7] = 0;
  const std::string text = class_table(matrix, 10, 60);
  EXPECT_NE(text.find("class 7x"), std::string::npos) << text;
  EXPECT_NE(text.find("10 lowest of 30"), std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(display_width(text.substr(at, end - at)), 60U);
    at = end + 1;
  }
}

TEST(ClassAccuracy, NotesWhatIsNoBetterThanGuessing) {
  // All of one name; the share of the most frequent class; chance.
  EXPECT_NE(note_on_chance(matrix_of({90, 0, 10, 0})).find("is taken for \"a\""),
            std::string::npos);
  EXPECT_NE(note_on_chance(matrix_of({85, 5, 6, 4})).find("naming \"a\" every time (90"),
            std::string::npos);
  EXPECT_FALSE(note_on_chance(matrix_of({26, 24, 25, 25})).empty());
  EXPECT_FALSE(note_on_chance(matrix_of({50, 50, 0, 0})).empty());
  // Better than that, also of few images, of one class, or of none.
  EXPECT_EQ(note_on_chance(matrix_of({85, 5, 1, 9})), "");
  EXPECT_EQ(note_on_chance(matrix_of({2, 0, 0, 2})), "");
  EXPECT_EQ(note_on_chance(matrix_of({30, 20, 20, 30})), "");
  EXPECT_EQ(note_on_chance(matrix_of({100, 0, 0, 0})), "");
  EXPECT_EQ(note_on_chance(matrix_of({0, 0, 0, 0})), "");
}

}  // namespace
}  // namespace tinysplit
