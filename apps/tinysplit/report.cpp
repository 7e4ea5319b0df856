#include <cstdio>

#include "commands.h"

namespace tinysplit {

int report(const Status& status) {
  if (!status.ok()) std::fprintf(stderr, "tinysplit: %s\n", status.message().c_str());
  return exit_code_of(status.code());
}

}  // namespace tinysplit
