#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/operator_count.h"
#include "formats/operator_list.h"
#include "graph/graph.h"
#include "graph/input_sizes.h"

namespace tinysplit {

struct TfliteOptions {
  // Sizes of inputs that the file leaves open.
  InputSizes sizes;
  // Key of the signature to read; empty: "serving_default", else that of the first subgraph.
  std::string signature;
  // Is told of a choice among signatures that nobody made.
  std::function<void(const std::string&)> note;
};

// Reads a TensorFlow Lite model (schema version 3) from the bytes of its file. The graph is named
// `name`, its digest is the SHA-256 of the bytes.
//
// Layers are the operators of the chosen subgraph, in file order; a layer's kind is the operator's
// name ("CONV_2D"), its own name that of its first output tensor: what stands before a ';' (the
// converter joins the names of all that it merged), made unique where need be, other characters
// than printable ASCII replaced. Inputs and outputs have the names of the model's signature where
// it has one. A batch that shape_signature leaves open is 1;
// other sizes must be stated.
//
// float32 models; integer models (int8, uint8, int16 activations) with the quantisation of the
// file, per tensor or per channel. float16 weights become float32. So do integer weights of an
// operator whose activations are float32 ("dynamic range"): TensorFlow Lite quantises the
// activations there at run time as well, so its results differ by that rounding. State (SVDF, LSTM)
// is zero at the start of every inference. Operators on constants alone are computed here, once.
//
// The file is not trusted: the FlatBuffers verifier runs first, every index is checked, everything
// is bounded by core/limits.h.
//
// Errors, which name the operator, its index and the option: INVALID_ARGUMENT (not this format,
// damaged, malformed), UNIMPLEMENTED (an operator, an option, a type that is not supported),
// RESOURCE_EXHAUSTED and OUT_OF_RANGE (over a limit). Thread-safe.
Result<std::shared_ptr<const Graph>> read_tflite_model_bytes(std::string_view bytes,
                                                             const std::string& name,
                                                             const TfliteOptions& options = {});

// True if the bytes carry the file identifier "TFL3".
bool looks_like_tflite_model(std::string_view bytes);

// The operators that the reader supports, with their options, and those that it refuses.
OperatorList tflite_operators();

// The operators of a file by their kinds, supported or not, whatever else is wrong with the model.
// Errors: those of a file that cannot be understood at all.
Result<std::vector<OperatorUse>> count_tflite_operators(std::string_view bytes,
                                                        const TfliteOptions& options = {});

}  // namespace tinysplit
