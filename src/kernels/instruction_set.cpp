#include "kernels/instruction_set.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/logging.h"

namespace tinysplit {
namespace {

constexpr InstructionSet kAll[] = {InstructionSet::kPortable, InstructionSet::kAvx2,
                                   InstructionSet::kAvx512Vnni};

InstructionSet best_of_cpu() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    return InstructionSet::kPortable;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni")) {
    return InstructionSet::kAvx512Vnni;
  }
  return InstructionSet::kAvx2;
#else
  return InstructionSet::kPortable;
#endif
}

InstructionSet capped(InstructionSet best) {
  constexpr const char* kVariable = "TINYSPLIT_MAX_ISA";
  const char* const wanted = std::getenv(kVariable);
  if (wanted == nullptr) return best;
  for (const InstructionSet set : kAll) {
    if (std::strcmp(wanted, instruction_set_name(set)) == 0) return std::min(set, best);
  }
  spdlog::warn("{} is \"{}\" and ignored; it may be portable, avx2 or avx512_vnni", kVariable,
               wanted);
  return best;
}

}  // namespace

const char* instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512Vnni:
      return "avx512_vnni";
    default:
      return "portable";
  }
}

InstructionSet instruction_set() {
  static const InstructionSet set = capped(best_of_cpu());
  return set;
}

}  // namespace tinysplit
