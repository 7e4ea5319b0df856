#pragma once

#include <cstdint>

namespace tinysplit {

// What vector code of our own may use; each includes those before it.
enum class InstructionSet : std::uint8_t {
  kPortable,    // what every CPU of this architecture has
  kAvx2,        // AVX2 and fused multiply-add
  kAvx512Vnni,  // AVX-512 F, BW, DQ, VL and VNNI
};

// The best that the CPU and its operating system have, but none above the environment variable
// TINYSPLIT_MAX_ISA: "portable", "avx2" or "avx512_vnni" (another word is warned of and ignored).
// Read once, so always the same in one process. Thread-safe.
InstructionSet instruction_set();

// As TINYSPLIT_MAX_ISA names it.
const char* instruction_set_name(InstructionSet set);

namespace native {

inline bool has_avx2() { return instruction_set() >= InstructionSet::kAvx2; }

}  // namespace native
}  // namespace tinysplit
