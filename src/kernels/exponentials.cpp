#include "kernels/exponentials.h"

#include <cstdint>
#include <cstring>

#include "kernels/instruction_set.h"

namespace tinysplit::native {
namespace {

namespace portable {
#define TINYSPLIT_TARGET
#define TINYSPLIT_LANES 4
#include "kernels/exponential_loops.inc"
#undef TINYSPLIT_LANES
#undef TINYSPLIT_TARGET
}  // namespace portable

#if defined(__x86_64__)
namespace avx2 {
#define TINYSPLIT_TARGET __attribute__((target("avx2,fma")))
#define TINYSPLIT_LANES 8
#include "kernels/exponential_loops.inc"
#undef TINYSPLIT_LANES
#undef TINYSPLIT_TARGET
}  // namespace avx2
#endif

}  // namespace

const Exponentials& exponentials() {
  static const Exponentials chosen = [] {
#if defined(__x86_64__)
    if (has_avx2()) {
      return Exponentials{avx2::exponential, avx2::sigmoid,   avx2::swish, avx2::scaled_tanh,
                          avx2::elu,         avx2::gelu_tanh, avx2::mish};
    }
#endif
    return Exponentials{portable::exponential, portable::sigmoid, portable::swish,
                        portable::scaled_tanh, portable::elu,     portable::gelu_tanh,
                        portable::mish};
  }();
  return chosen;
}

}  // namespace tinysplit::native
