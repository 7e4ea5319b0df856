#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "formats/onnx/proto.h"
#include "graph/type_inference.h"

namespace tinysplit::onnx_format {

// Operators that pick, move or bound elements of their first input: on stored numbers they give the
// stored numbers of what they give on real ones.
bool keeps_stored_numbers(const ::onnx::NodeProto& node);

// Which real tensors of a QDQ model are only ever read as stored numbers: those whose readers are
// all QuantizeLinear with one scale, the same for each, or operators that keep stored numbers and
// whose own output is read so.
class StoredTypes {
 public:
  // Reads scales and zero points from the graph, which they must still hold.
  explicit StoredTypes(const ::onnx::GraphProto& graph);

  // Null for a tensor that something reads as real numbers.
  const ElementType* find(const std::string& tensor) const {
    const auto found = types_.find(tensor);
    return found == types_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, ElementType> types_;
};

bool same_type(const ElementType& a, const ElementType& b);

}  // namespace tinysplit::onnx_format
