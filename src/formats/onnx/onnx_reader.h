#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/operator_count.h"
#include "formats/operator_list.h"
#include "graph/graph.h"
#include "graph/input_sizes.h"

namespace tinysplit {

struct OnnxOptions {
  // Sizes of inputs that the file leaves open.
  InputSizes sizes;
  // Inputs of the model that become constants of it, by name.
  std::map<std::string, std::shared_ptr<const Tensor>> fixed_inputs;
  // Where the model lies: weights in files of their own are looked for in it, and nowhere else.
  std::optional<std::filesystem::path> folder;
};

// Reads an ONNX model (operator sets 6 to 28 of the default domain). The graph is named after the
// file's stem, its digest is the SHA-256 of the file (without its external data).
//
// Each node of the file is a layer, in file order: named after the node, or its first output where
// the node has no name, with a number where the name is taken; of kind op_type. weight_bytes is the
// size of the initialisers that the node is the first to read. Inputs and outputs keep the file's
// order of axes, [N,C,H,W]; between them images are [N,H,W,C]. Values are named as in the file;
// where a tensor exists in both orders the second is "<name>/channels_last" or "<name>/file_order".
// A dimension that the file leaves open is 1 if it is the first of an input, or has the name of
// such a one; others must be stated. float16, bfloat16 and double are computed as float32
// (half_precision.h); inputs and outputs of float16 stay so. Functions of the model's own are put
// in the place of their calls, an If of a known condition in that of its branch.
//
// The file is not trusted: everything is bounded by core/limits.h.
//
// Errors, which name the node, its operator and attribute: NOT_FOUND (no such file),
// INVALID_ARGUMENT (not an ONNX model, damaged, malformed), UNIMPLEMENTED (an operator, attribute,
// element type or a shape that is known only at run time), PERMISSION_DENIED (external data outside
// of the folder), OUT_OF_RANGE and RESOURCE_EXHAUSTED (over a limit). Thread-safe.
Result<std::shared_ptr<const Graph>> read_onnx_model(const std::filesystem::path& path);

// The same for the contents of a file, which are freed as soon as they are parsed.
Result<std::shared_ptr<const Graph>> read_onnx_model_bytes(std::string bytes,
                                                           const std::string& name,
                                                           const OnnxOptions& options = {});

// True if the bytes begin as a model of this format does: they have no signature of their own.
bool looks_like_onnx_model(std::string_view bytes);

// The operators that the reader supports, with their attributes, and those that it refuses.
OperatorList onnx_operators();

// The operators of a file by their kinds, supported or not, whatever else is wrong with the model.
// Errors: those of a file that cannot be understood at all.
Result<std::vector<OperatorUse>> count_onnx_operators(std::string_view bytes);

}  // namespace tinysplit
