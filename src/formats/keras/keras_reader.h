#pragma once

#include <filesystem>
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

// Reads a Keras model: a .keras archive (Keras 2.12 or newer, Keras 3) or a legacy .h5 file (Keras
// 2 and 3), Sequential or Functional, told apart by content and never by name. The graph is named
// after the file's stem, its digest is the SHA-256 of the file.
//
// Layers are numbered as model.layers numbers them: a Functional model counts its input layers, a
// Sequential one does not. In the place of a model used as a layer stand its layers without its
// inputs, named "<model>/<layer>". All calls of a shared layer are one layer; only where a call
// needs what another layer makes of an earlier one, each call is a layer, from the second on named
// "<layer>:<number>". Operations on tensors ("x * 2"), which Keras does
// not count, belong to the layer before them. weight_bytes is count_params() of the layer times 4.
// The graph's inputs and outputs come in the order of model.inputs and model.outputs, a tensor that
// is listed twice as an output only once; the batch is 1, whatever the model says; other
// sizes that it leaves open must be stated. Images are
// [N,H,W,C]. Inputs are float32, or whole numbers where an Embedding, Rescaling or Normalization
// takes them.
//
// The file is not trusted: code in it is never run, everything is bounded by core/limits.h.
//
// Errors, which name the layer, its class and the option: NOT_FOUND (no such file),
// INVALID_ARGUMENT (not a Keras model, damaged, malformed), UNIMPLEMENTED (a class of layer, an
// option, a dtype or a way of connecting layers that is not supported), OUT_OF_RANGE and
// RESOURCE_EXHAUSTED (over a limit). Thread-safe.
Result<std::shared_ptr<const Graph>> read_keras_model(const std::filesystem::path& path);

// The same for the contents of a file.
Result<std::shared_ptr<const Graph>> read_keras_model_bytes(std::string_view bytes,
                                                            const std::string& name,
                                                            const InputSizes& sizes = {});
// This one may free `bytes` as soon as it has unpacked them: a file, its weights unpacked, and the
// tensors would be three times the model in memory.
Result<std::shared_ptr<const Graph>> read_keras_model_bytes(std::string&& bytes,
                                                            const std::string& name,
                                                            const InputSizes& sizes = {});

// True if the bytes begin as one of the two kinds of file does.
bool looks_like_keras_model(std::string_view bytes);

// The layers that the reader supports, with their options, and those that it refuses.
OperatorList keras_operators();

// The layers of a file by their kinds, supported or not, whatever else is wrong with the model.
// Errors: those of a file that cannot be understood at all.
Result<std::vector<OperatorUse>> count_keras_layers(std::string_view bytes);

}  // namespace tinysplit
