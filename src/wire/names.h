#pragma once

#include <string_view>

#include "core/status.h"

namespace tinysplit {

// Names that come from clients and may end up in paths, logs and metrics: 1 to limits::kMaxIdBytes
// characters of [A-Za-z0-9._-], the first a letter or digit, so neither "..", nor a hidden file,
// nor a path. Errors: INVALID_ARGUMENT naming the field, "device_id" or "model_name".
Status check_device_id(std::string_view device_id);
Status check_model_name(std::string_view model_name);

}  // namespace tinysplit
