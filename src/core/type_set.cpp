#include "core/type_set.h"

namespace tinysplit {

std::string to_string(TypeSet types) {
  std::string text;
  for (unsigned i = 0; i <= static_cast<unsigned>(DType::kBool); ++i) {
    const auto type = static_cast<DType>(i);
    if (!types.contains(type)) continue;
    if (!text.empty()) text += ", ";
    text += dtype_name(type);
  }
  return text;
}

}  // namespace tinysplit
