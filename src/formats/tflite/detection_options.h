#pragma once

#include <array>
#include <string_view>

#include "core/status.h"

namespace tinysplit::tflite {

// Options of TFLite_Detection_PostProcess.
struct DetectionOptions {
  std::int64_t detections = 0;       // that come out
  std::int64_t classes = 0;          // without the background
  std::int64_t classes_per_box = 0;  // of the fast way
  std::int64_t boxes_per_class = 0;  // of the regular way
  bool by_class = false;             // the regular way: every class suppresses by itself
  float least_score = 0.0f;
  float most_overlap = 0.0f;      // intersection over union
  std::array<float, 4> scales{};  // of y, x, height, width
};

// From the bytes of a FlexBuffer. Errors: INVALID_ARGUMENT (damaged, out of range).
Result<DetectionOptions> read_detection_options(std::string_view bytes);

}  // namespace tinysplit::tflite
