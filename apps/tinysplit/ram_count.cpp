#include "ram_count.h"

namespace tinysplit {

void add_ram_count(CLI::App& command, RamCount& count) {
  static const std::string kActivations = "activations";
  static const std::string kTflmArena = "tflm-arena";
  command
      .add_option_function<std::string>(
          "--ram-count",
          [&count](const std::string& name) {
            count = name == kTflmArena ? RamCount::kTflmArena : RamCount::kActivations;
          },
          "activations (default): the values alive at once, the least that any runtime needs; "
          "tflm-arena: what TensorFlow Lite Micro takes, estimated")
      ->check(CLI::IsMember({kActivations, kTflmArena}));
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
