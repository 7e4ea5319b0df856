#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/type_set.h"

// What the readers support of each format, for whoever asks whether a model will load. It stands in
// the tables that name the translators, so that it tells of what they do and of nothing else.
namespace tinysplit {

inline constexpr TypeSet kFloat32Only{DType::kFloat32};
inline constexpr TypeSet kEveryNumber{DType::kFloat32, DType::kInt8,  DType::kUint8,
                                      DType::kInt16,   DType::kInt32, DType::kInt64};
inline constexpr TypeSet kEveryType = kEveryNumber | TypeSet{DType::kBool};

// No constant expression: a table that comes to call it does not compile.
void operator_note_needs_types_and_options();

// What a row of a reader's table says beside its translator. A row without it does not compile.
struct OperatorNote {
  consteval OperatorNote(TypeSet element_types, std::string_view supported_options)
      : types(element_types), options(supported_options) {
    if (types.empty() || options.empty()) operator_note_needs_types_and_options();
  }

  TypeSet types;             // of the tensors that it computes on
  std::string_view options;  // those that are supported and, where it is likely, those that are not
};

// A layer or operator that a reader supports.
struct SupportedOperator {
  std::string_view name;
  OperatorNote note;
};

// A layer or operator that the format has and the reader refuses.
struct RefusedOperator {
  std::string_view name;
  std::string_view reason;
};

// All texts are static, but for `notes`.
struct OperatorList {
  std::string_view format;                   // "keras", "tflite", "onnx"
  std::string_view title;                    // "TensorFlow Lite"
  std::vector<std::string> notes;            // sentences that hold for all of them
  std::vector<SupportedOperator> supported;  // sorted by name
  std::vector<RefusedOperator> refused;
};

// A row of a table of what is refused.
struct RefusedNames {
  std::string_view reason;
  std::string_view names;  // separated by one space each
};

inline void append_refused(const RefusedNames& row, std::vector<RefusedOperator>& refused) {
  for (std::string_view rest = row.names; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    refused.push_back({rest.substr(0, end), row.reason});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

}  // namespace tinysplit
