#pragma once

#include <spdlog/spdlog.h>

namespace tinysplit {

// Sends spdlog's default logger to standard error (standard output is for results) at `level`:
// "trace", "debug", "info", "warn", "error" or "off". An unknown word means "info".
void set_up_logging(const char* level);

}  // namespace tinysplit
