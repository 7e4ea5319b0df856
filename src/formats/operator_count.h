#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tinysplit {

// The operators of one kind in a model file.
struct OperatorUse {
  std::string
      kind;  // "Conv2D", "CONV_2D", "Conv"; of those that are not the format's own with more
  int count = 0;
  bool supported = false;  // the reader's table has it; its options are another question
};

// Counts kinds, in the order in which they first come.
class OperatorCount {
 public:
  void add(const std::string& kind, bool supported) {
    const auto [place, is_new] = places_.try_emplace(kind, uses_.size());
    if (is_new) uses_.push_back({kind, 0, supported});
    ++uses_[place->second].count;
  }
  std::vector<OperatorUse> take() { return std::move(uses_); }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<OperatorUse> uses_;
};

}  // namespace tinysplit
