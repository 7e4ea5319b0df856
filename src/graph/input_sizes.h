#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/shape.h"
#include "core/status.h"

namespace tinysplit {

// The sizes of a model's inputs that its file leaves open, as whoever runs it states them.
class InputSizes {
 public:
  // "1,224,224,3" is the shape of the only input, "image=1,224,224,3" that of one of several,
  // "height=224" the size that the file calls so ('x' separates sizes as well). Errors:
  // INVALID_ARGUMENT (not of these forms, stated twice, more than kMaxRank sizes or none from 1 to
  // kMaxElements).
  Status add(std::string_view text);

  bool empty() const { return stated_.empty(); }
  // By name; "" is the only input.
  const std::map<std::string, std::vector<std::int64_t>, std::less<>>& stated() const {
    return stated_;
  }

 private:
  std::map<std::string, std::vector<std::int64_t>, std::less<>> stated_;
};

constexpr std::int64_t kOpenSize = -1;

// An input as a file declares it.
struct DeclaredInput {
  std::string name;
  bool has_rank = true;             // false: not even the number of sizes is known
  std::vector<std::int64_t> sizes;  // kOpenSize where the file has none
  std::vector<std::string> names;   // of the sizes, "" for none; may be shorter than `sizes`
  bool batch_is_one = false;        // of formats that run one sample at a time
};

// The shapes of a model's inputs, as declared where the file has sizes, as stated elsewhere. A
// batch (the first size of an input, and each of that name) that is open and not stated is 1, and
// it may be left out of a stated shape. Errors, which name the input and --input-shape:
// UNIMPLEMENTED (a size stays open), INVALID_ARGUMENT (something is stated of what the model does
// not have, or against what it declares), OUT_OF_RANGE (those of Shape::create).
Result<std::vector<Shape>> close_input_shapes(const std::vector<DeclaredInput>& inputs,
                                              const InputSizes& sizes);

}  // namespace tinysplit
