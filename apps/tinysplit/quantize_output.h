#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quantization/noise.h"
#include "quantization/quantizer.h"

namespace tinysplit {

// Accuracy before and after, on labelled images that the ranges were not made of.
struct QuantizedAccuracy {
  std::size_t images = 0;
  std::string images_are;  // which of the data: "the test part"
  double float32 = 0.0;
  double int8 = 0.0;
  double agreement = 0.0;              // share of images with one class in both
  std::optional<double> untuned_int8;  // accuracy in int8 before fine-tuning, if there was any
};

// Means of squared errors before and after, of a model that scores no classes, on such samples.
struct QuantizedErrors {
  std::size_t samples = 0;
  double float32 = 0.0;
  double int8 = 0.0;
  bool are_of_input = false;  // against the input, of an autoencoder; else against y
};

// How a network was fine-tuned before it was quantised.
struct TuningSummary {
  std::int64_t epochs = 0;
  double learning_rate = 0.0;
  std::size_t images = 0;
  double loss = 0.0;  // mean of the last epoch
};

// What `tinysplit quantize` tells.
struct QuantizationReport {
  std::string model;
  std::string data;
  std::string ranges;  // "minmax", ...
  std::size_t samples = 0;
  std::size_t noise_samples = 0;
  std::string output;  // empty: nothing was written
  std::vector<QuantizedLayer> layers;
  std::vector<LayerNoise> noise;  // of the layers
  OutputNoise output_noise;
  std::int64_t float_weight_bytes = 0;
  std::int64_t int8_weight_bytes = 0;
  std::optional<TuningSummary> tuning;
  std::optional<QuantizedAccuracy> accuracy;
  std::optional<QuantizedErrors> errors;
};

// The object that --json prints and --report r.json writes.
std::string quantization_json(const QuantizationReport& report);
// The report for people, as a Markdown document.
std::string quantization_markdown(const QuantizationReport& report);
// The report for a terminal.
std::string quantization_text(const QuantizationReport& report);

}  // namespace tinysplit
