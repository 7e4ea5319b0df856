#pragma once

#include <functional>
#include <vector>

#include "core/status.h"
#include "quantization/quantizer.h"
#include "quantization/samples.h"

namespace tinysplit {

// Signal to quantisation noise, in decibels: 10 log10 of the squares of the float32 numbers over
// those of the differences; 6 dB is about a bit. At most kNoNoise, also where there is no signal.
inline constexpr double kNoNoise = 150.0;

struct LayerNoise {
  // What the layer hands on in the quantised network, with all that the layers before it cost.
  double total_db = kNoNoise;
  // The same of the layer alone: run on exact inputs, rounded to int8.
  double own_db = kNoNoise;
};

// For each layer of `model.layers`, over all samples, by running both networks side by side. Layers
// that hand on no real numbers have no noise. `on_sample` is called after each.
// Errors: those of the samples and of Engine.
Result<std::vector<LayerNoise>> measure_noise(const QuantizedModel& model, const Samples& samples,
                                              const std::function<void()>& on_sample = nullptr);

// The signal to noise of the model's outputs together, as the network stands and with one layer
// after the other in float32.
struct OutputNoise {
  double db = kNoNoise;
  std::vector<double> without;  // for each of model.layers; `db` for those that are float32 anyway
};

// `ranges` and `options`: those that `model` was made of. Runs the network once a layer and sample.
// `on_layer` is called after each layer.
Result<OutputNoise> measure_output_noise(const QuantizedModel& model, const Ranges& ranges,
                                         const QuantizationOptions& options, const Samples& samples,
                                         const std::function<void()>& on_layer = nullptr);

}  // namespace tinysplit
