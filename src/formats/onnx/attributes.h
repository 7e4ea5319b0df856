#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// The attributes of one node. Keeps account of those that were asked for, so that one which no
// translator knows is refused rather than ignored. Errors: INVALID_ARGUMENT (an attribute of
// another type than asked for).
class Attributes {
 public:
  // `node` must outlive the attributes.
  explicit Attributes(::onnx::NodeProto& node) : node_(node) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }

  Result<std::int64_t> integer(std::string_view name, std::int64_t fallback);
  Result<bool> flag(std::string_view name, bool fallback);
  Result<float> real(std::string_view name, float fallback);
  Result<std::string> word(std::string_view name, const std::string& fallback);
  Result<std::vector<std::int64_t>> integers(std::string_view name);
  Result<std::vector<float>> reals(std::string_view name);
  Result<std::vector<std::string>> words(std::string_view name);
  // Errors: also NOT_FOUND.
  Result<::onnx::TensorProto*> tensor(std::string_view name);

  // Says that an attribute has no effect on inference.
  void ignore(std::string_view name) { known_.insert(std::string(name)); }

  // "attribute "x" = 3 is not supported".
  Status unsupported(std::string_view name) const;

  // Errors: UNIMPLEMENTED (an attribute that nobody asked for).
  Status expect_all_known() const;

 private:
  ::onnx::AttributeProto* find(std::string_view name) const;
  Result<::onnx::AttributeProto*> take(std::string_view name,
                                       ::onnx::AttributeProto::AttributeType type);

  ::onnx::NodeProto& node_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace tinysplit::onnx_format
