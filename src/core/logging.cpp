#include "core/logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <string>

namespace tinysplit {

void set_up_logging(const char* level) {
  auto logger = spdlog::get("tinysplit");
  if (!logger) logger = spdlog::stderr_color_mt("tinysplit");
  const auto parsed = spdlog::level::from_str(level);
  const bool unknown = parsed == spdlog::level::off && std::string(level) != "off";
  logger->set_level(unknown ? spdlog::level::info : parsed);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_default_logger(logger);
}

}  // namespace tinysplit
