#pragma once

#include <memory>
#include <vector>

#include "core/status.h"
#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// float16 of a file is computed as float32. Weights become float32 when they are read (exactly); a
// value is rounded to float16 where the file has an input, an output or a Cast of that type, and
// then exists as float16, which each node that reads it makes wide for itself, so that a cut sends
// two bytes an element. What is between is not rounded: it is nearer to the real numbers than a
// runtime that rounds after each operator, and may hold what float16 cannot.

// A value of float16.
bool is_half(const GraphAssembly& graph, const FileTensor& tensor);

// The same numbers as float32.
Result<FileTensor> widened(GraphAssembly& graph, const FileTensor& tensor);

// Puts a copy made wide, held by `wide`, in the place of each that is of float16.
Status widen_all(GraphAssembly& graph, std::vector<FileTensor*>& tensors,
                 std::vector<FileTensor>& wide);

// A constant of float32 or float16 as float32; of another type as it is.
Result<std::shared_ptr<const Tensor>> widened(GraphAssembly& graph,
                                              std::shared_ptr<const Tensor> tensor);

// Rounded to float16, out of its range to infinity; what is not float32 stays as it is.
Result<Operand> narrowed(GraphAssembly& graph, const Operand& x);

}  // namespace tinysplit::onnx_format
