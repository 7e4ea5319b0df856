#pragma once

#include <vector>

#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// Puts each node behind those that make what it reads, as the format asks and some converters do
// not do. Nodes that are so already keep their order, others move as little as it takes: what is
// made too late comes right in front of its first reader. `opsets`, one for each node, moves along.
void order_nodes(google::protobuf::RepeatedPtrField<::onnx::NodeProto>& nodes,
                 std::vector<int>& opsets);

}  // namespace tinysplit::onnx_format
