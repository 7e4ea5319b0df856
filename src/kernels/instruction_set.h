#pragma once

namespace tinysplit::native {

// Whether the CPU runs AVX2 and fused multiply-add.
inline bool has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

}  // namespace tinysplit::native
