#include "formats/tflite/detection_options.h"

#include <flatbuffers/flexbuffers.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "core/limits.h"

namespace tinysplit::tflite {
namespace {

Status check(const DetectionOptions& options) {
  constexpr std::int64_t kMost = 10'000;  // of detections and classes
  for (const std::int64_t count :
       {options.detections, options.classes, options.classes_per_box, options.boxes_per_class}) {
    if (count < 1 || count > kMost) {
      return invalid_argument("one of its options is " + std::to_string(count) + ", needs 1 to " +
                              std::to_string(kMost));
    }
  }
  for (const float scale : options.scales) {
    if (!std::isfinite(scale) || scale == 0.0f) {
      return invalid_argument("its scale is " + std::to_string(scale));
    }
  }
  if (!(options.most_overlap > 0.0f && options.most_overlap <= 1.0f)) {
    return invalid_argument("nms_iou_threshold = " + std::to_string(options.most_overlap) +
                            " is not above 0 and at most 1");
  }
  if (std::isfinite(options.least_score)) return ok_status();
  return invalid_argument("nms_score_threshold = " + std::to_string(options.least_score));
}

}  // namespace

Result<DetectionOptions> read_detection_options(std::string_view bytes) {
  // The format asks for numbers at multiples of their size.
  std::vector<std::uint64_t> aligned((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(aligned.data(), bytes.data(), bytes.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(aligned.data());
  std::vector<std::uint8_t> seen;  // so that the time is linear
  if (bytes.size() < 3 || !flexbuffers::VerifyBuffer(data, bytes.size(), &seen)) {
    return invalid_argument("its options are damaged or missing");
  }
  const flexbuffers::Map map = flexbuffers::GetRoot(data, bytes.size()).AsMap();
  constexpr std::int64_t kBoxesPerClass = 100;
  DetectionOptions made;
  made.detections = map["max_detections"].AsInt64();
  made.classes = map["num_classes"].AsInt64();
  made.classes_per_box = map["max_classes_per_detection"].AsInt64();
  const auto per_class = map["detections_per_class"];
  made.boxes_per_class = per_class.IsNull() ? kBoxesPerClass : per_class.AsInt64();
  made.by_class = map["use_regular_nms"].AsBool();
  made.least_score = map["nms_score_threshold"].AsFloat();
  made.most_overlap = map["nms_iou_threshold"].AsFloat();
  made.scales = {map["y_scale"].AsFloat(), map["x_scale"].AsFloat(), map["h_scale"].AsFloat(),
                 map["w_scale"].AsFloat()};
  TINYSPLIT_RETURN_IF_ERROR(check(made));
  return made;
}

}  // namespace tinysplit::tflite
