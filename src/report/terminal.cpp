#include "report/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace tinysplit {
namespace {

constexpr std::size_t kUsualColumns = 80;

std::size_t columns_of_environment() {
  const char* given = std::getenv("COLUMNS");
  const std::string_view text = given == nullptr ? "" : given;
  unsigned short columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  return error == std::errc() && end == text.data() + text.size() ? columns : 0;
}

}  // namespace

std::size_t terminal_columns(int fd) {
  if (::isatty(fd) != 1) return 0;
  if (const std::size_t columns = columns_of_environment(); columns > 0) return columns;
  winsize window{};
  if (::ioctl(fd, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return kUsualColumns;
  return window.ws_col;
}

std::size_t output_columns() { return terminal_columns(STDOUT_FILENO); }

}  // namespace tinysplit
