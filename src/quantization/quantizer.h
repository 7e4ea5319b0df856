#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"
#include "quantization/range.h"

namespace tinysplit {

struct QuantizationOptions {
  // The model takes and gives int8 numbers; else float32, with a conversion behind its inputs and
  // one in front of its outputs.
  bool int8_inputs = false;
  bool int8_outputs = false;
  // Dense layers with a scale for each output, as convolutions have; else one for all, which every
  // version of TensorFlow Lite reads.
  bool per_channel_dense = false;
  // Layers that stay float32, by their names in the source model.
  std::set<std::string, std::less<>> keep_float;
};

// What became of one layer of the folded network.
struct QuantizedLayer {
  std::string name;
  std::string kind;    // of the source layer
  std::string value;   // what it hands on, in the folded network
  std::string stored;  // the same in the quantised one, as int8 if the layer computes on int8
  int index = -1;      // its number in the quantised network
  bool is_int8 = false;
  std::string reason;  // why it is not
};

struct QuantizedModel {
  std::shared_ptr<const Graph> folded;
  std::shared_ptr<const Graph> graph;
  std::vector<QuantizedLayer> layers;  // in the order of `folded`
  // For each value of `graph` that stands for one of `folded`, by name: that one's name.
  std::map<std::string, std::string, std::less<>> sources;
};

// The int8 network of `folded`, a network that fold_operations() made, with the given ranges for
// what its inputs and layers hand on: TensorFlow Lite's scheme. Weights are symmetric with a scale
// for each filter, biases int32, activations asymmetric with one scale for the tensor; softmax,
// sigmoid and tanh have the scales that TensorFlow Lite demands, and what its operators want to
// share a scale shares one. A layer of the result is one operator of TensorFlow Lite and has the
// name of the folded layer; its value has that of the folded value (with "/int8" behind it where
// a float32 input or output of the model needs the name). Layers without int8 arithmetic stay
// float32 between conversions. The ranges may come from calibrate() or from training. Errors:
// INVALID_ARGUMENT (a range that is missing or not finite), NOT_FOUND (a layer of keep_float),
// those of GraphBuilder.
Result<QuantizedModel> quantize(std::shared_ptr<const Graph> folded, const Ranges& ranges,
                                const QuantizationOptions& options = {});

}  // namespace tinysplit
