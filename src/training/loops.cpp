#include "training/loops.h"

#include <cmath>

#include "kernels/instruction_set.h"

namespace tinysplit::training {
namespace {

namespace portable {
#define TINYSPLIT_TARGET
#include "training/loops.inc"
#undef TINYSPLIT_TARGET
}  // namespace portable

#if defined(__x86_64__)
namespace avx2 {
#define TINYSPLIT_TARGET __attribute__((target("avx2,fma")))
#include "training/loops.inc"
#undef TINYSPLIT_TARGET
}  // namespace avx2
#endif

}  // namespace

const Loops& loops() {
#if defined(__x86_64__)
  static const Loops chosen = native::has_avx2() ? avx2::kLoops : portable::kLoops;
  return chosen;
#else
  return portable::kLoops;
#endif
}

PartsAt::PartsAt(std::span<const float* const> parts, std::size_t offset, float* sum,
                 std::size_t size) {
  for (const float* part : parts) {
    if (count_ == kMost) {
      loops().sum(parts_, count_, sum, size);
      parts_[0] = sum;
      count_ = 1;
    }
    parts_[count_++] = part + offset;
  }
}

}  // namespace tinysplit::training
