#pragma once

#include <cstdint>
#include <vector>

#include "core/dtype.h"

namespace tinysplit {

// Operations that turn many elements into one. Axes are counted from 0, sorted, each once.

enum class ReduceKind : std::uint8_t {
  kMean,
  kSum,
  kMax,
  kMin,
  kProduct,
  kL1,
  kL2,
  kSumSquare,
  kLogSum,
  kLogSumExp,
};

// Input x; reduced axes stay with size 1 or vanish.
struct ReduceOp {
  ReduceKind kind = ReduceKind::kMean;
  std::vector<int> axes;
  bool keep_dims = false;
};

// Input x; output the index of the largest (or smallest) element along `axis`.
struct ArgReduceOp {
  int axis = 0;
  bool smallest = false;
  bool last = false;  // of equals the last, else the first
  bool keep_dims = false;
  DType index_dtype = DType::kInt64;
};

// Input x; running sum along `axis`.
struct CumulativeSumOp {
  int axis = 0;
  bool exclusive = false;
  bool reverse = false;
};

}  // namespace tinysplit
