#include "offloading/decision.h"

namespace tinysplit {

std::string_view scenario_name(Scenario scenario) {
  switch (scenario) {
    case Scenario::kEdgeOnly:
      return "edge-only";
    case Scenario::kMixed:
      return "mixed";
    case Scenario::kDeviceOnly:
      return "device-only";
  }
  return "unknown";
}

Scenario scenario_of(int cut, int num_layers) {
  if (cut >= num_layers) return Scenario::kDeviceOnly;
  return cut <= 0 ? Scenario::kEdgeOnly : Scenario::kMixed;
}

std::string_view exclusion_text(Exclusion exclusion) {
  switch (exclusion) {
    case Exclusion::kNone:
      return "";
    case Exclusion::kForbidden:
      return "the cut is forbidden";
    case Exclusion::kRevealsInput:
      return "the raw input would leave the device";
    case Exclusion::kEdgeUnavailable:
      return "the edge is not available";
    case Exclusion::kUnknownSize:
      return "the size of the input is not known";
    case Exclusion::kDeviceRam:
      return "not enough RAM on the device";
    case Exclusion::kDeviceFlash:
      return "not enough flash on the device";
    case Exclusion::kDeadline:
      return "later than the deadline";
    case Exclusion::kSplitsFusion:
      return "splits layers that run as one";
  }
  return "unknown";
}

}  // namespace tinysplit
