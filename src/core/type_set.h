#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "core/dtype.h"

namespace tinysplit {

// A set of element types.
class TypeSet {
 public:
  constexpr TypeSet() = default;
  constexpr TypeSet(std::initializer_list<DType> types) {
    for (const DType type : types) bits_ |= bit(type);
  }

  constexpr bool contains(DType type) const { return (bits_ & bit(type)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  constexpr void insert(DType type) { bits_ |= bit(type); }
  friend constexpr TypeSet operator|(TypeSet a, TypeSet b) {
    a.bits_ |= b.bits_;
    return a;
  }
  friend constexpr bool operator==(TypeSet, TypeSet) = default;

 private:
  static constexpr std::uint32_t bit(DType type) { return 1U << static_cast<unsigned>(type); }

  std::uint32_t bits_ = 0;
};

// "float32, int8", in the order of DType.
std::string to_string(TypeSet types);

}  // namespace tinysplit
