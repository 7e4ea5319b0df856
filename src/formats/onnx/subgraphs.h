#pragma once

#include <functional>
#include <string>

#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

using Rename = std::function<std::string(const std::string&)>;

// Gives every tensor that the node reads or makes, and those of the graphs in its attributes, the
// name that `rename` returns. Names that are left out stay so.
void rename_tensors(::onnx::NodeProto& node, const Rename& rename);
void rename_tensors(::onnx::GraphProto& graph, const Rename& rename);

// Calls `see` for each tensor that the node reads, those of the graphs in its attributes included.
void for_each_read(const ::onnx::NodeProto& node,
                   const std::function<void(const std::string&)>& see);

// Takes a branch out of an If, and gives what it defines names of its own, which begin with
// `prefix`: two branches of a file may use one name. The node is left without branches, and reads
// what the branch makes in place of its condition. False where there is no such branch, or where it
// does not make what the node makes.
bool take_branch(::onnx::NodeProto& node, bool condition, const std::string& prefix,
                 ::onnx::GraphProto& branch);

}  // namespace tinysplit::onnx_format
