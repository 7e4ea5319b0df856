#include "ram_count.h"

#include <map>

namespace tinysplit {

void add_ram_count(CLI::App& command, RamCount& count) {
  static const std::map<std::string, RamCount> kNames = {{"activations", RamCount::kActivations},
                                                         {"tflm-arena", RamCount::kTflmArena}};
  command
      .add_option("--ram-count", count,
                  "activations (default): the values alive at once, the least that any runtime "
                  "needs; tflm-arena: what TensorFlow Lite Micro takes, estimated")
      ->transform(CLI::Transformer(kNames))
      ->check(CLI::IsMember(kNames))
      ->option_text("activations|tflm-arena");
}

std::string ram_count_note(RamCount count) {
  if (count == RamCount::kTflmArena) {
    return "--ram-kb bounds the arena that TensorFlow Lite Micro takes for the head, estimated "
           "(docs/tflite.md); heads of operators that the estimate does not cover are left out";
  }
  return "--ram-kb bounds the activations alive at once, the least that any runtime needs; "
         "TensorFlow Lite Micro takes more: --ram-count tflm-arena";
}

}  // namespace tinysplit
