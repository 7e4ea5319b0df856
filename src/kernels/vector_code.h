#pragma once

// TINYSPLIT_VECTOR_CLONES before a function: compiled for AVX2 with FMA too, and the best version
// that the CPU can run is taken when the program starts. Both are the same loop; products may be
// fused into sums in one and not in the other, so results of unlike machines differ by rounding,
// while on one machine they never do. Sanitizers start too late for the choice at start-up.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TINYSPLIT_VECTOR_CLONES __attribute__((target_clones("arch=haswell", "default")))
#else
#define TINYSPLIT_VECTOR_CLONES
#endif

// For what a cloned function calls: only code inlined into a clone is compiled for it.
#define TINYSPLIT_INLINE inline __attribute__((always_inline))
