#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// Where the numbers of a data set's classes come from.
enum class ClassNumbers : std::uint8_t {
  kOfNames,  // the order of the names, as of folders: another set may number them otherwise
  kOfData,   // the data's own, which has names for them besides
  kAlone,    // the data's own, which has no names for them
};

// Which class of a model each class of a data set is.
struct ClassMatch {
  enum class Basis : std::uint8_t {
    kNames,    // both sides have these names
    kNumbers,  // the numbers of the data
    kOrder,    // the order of the data's names, which the model may not share
  };
  std::vector<std::int32_t> model_class;  // by class of the data
  Basis basis = Basis::kNames;
  std::string note;  // what is uncertain about it; empty if nothing is
};

// Finds the classes of the data among those of a model: by name if the model has `labels` (its
// labels.txt), where case, spaces, "-", "_" and a number in front ("03_dress") make no difference
// unless they have to; the data may have some of the classes only. Else by number; else, if there
// are as many, in their order, with a note. `outputs`: classes that the model scores. Errors:
// INVALID_ARGUMENT that says which names or numbers do not fit.
Result<ClassMatch> match_classes(const std::vector<std::string>& data, ClassNumbers numbers,
                                 const std::vector<std::string>& labels, std::size_t outputs);

}  // namespace tinysplit
