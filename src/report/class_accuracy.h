#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "report/confusion_matrix.h"

namespace tinysplit {

// How many images of one class got that class.
struct ClassAccuracy {
  std::string name;
  std::int64_t images = 0;
  std::int64_t right = 0;

  // NaN without images.
  double accuracy() const;
};

// One for each class of the matrix, in their order.
std::vector<ClassAccuracy> accuracy_by_class(const ConfusionMatrix& matrix);

// The matrix of images whose classes are `truth` and that were taken for `named`; what is no class
// (negative, or too large) counts for none. Both are of one length.
ConfusionMatrix confusion_of(std::vector<std::string> classes,
                             const std::vector<std::int32_t>& truth,
                             const std::vector<std::int32_t>& named);

// A table of the classes for people; of more than `most` of them those with the lowest accuracy,
// and a line that says so. Lines have at most `columns` columns; 0: no limit.
std::string class_table(const ConfusionMatrix& matrix, std::size_t most, std::size_t columns);

// Says so if the names that were given tell no more than chance, or than the most frequent class
// would; empty if they do, or without images.
std::string note_on_chance(const ConfusionMatrix& matrix);

}  // namespace tinysplit
