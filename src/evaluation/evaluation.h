#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "engine/engine.h"

namespace tinysplit {

// Labelled images for a model.
struct EvaluationData {
  const LabelledImages& images;  // in the size of the model
  PixelScaling scaling;
};

struct EvaluationOptions {
  // Images run on so many threads at once, each with segments of its own, the caller's among them.
  int workers = 1;
  // Called now and then on the caller's thread with the number of images done since it was called
  // last; all together are the images.
  std::function<void(std::size_t)> on_images;
};

// A model cut in two, on every image: head, live tensors through the wire's codec, tail.
struct CutEvaluation {
  int cut = 0;
  std::vector<std::int32_t> predictions;  // the class of each image
  std::int64_t live_bytes = 0;            // of an image, as the graph stores them
  double wire_bytes = 0.0;  // mean of an image, encoded; 0 where nothing crosses the cut
  double head_s = 0.0;      // medians of an image; times of workers that share a core are longer
  double codec_s = 0.0;     // encoding and decoding
  double tail_s = 0.0;
};

// Runs all images through cut `cut` of the model. Errors: OUT_OF_RANGE (no such cut),
// INVALID_ARGUMENT (the model takes no such images, or scores other classes), those of Engine.
Result<CutEvaluation> evaluate_cut(Engine& engine, int cut, const EvaluationData& data,
                                   const EvaluationOptions& options,
                                   const Clock& clock = SteadyClock::instance());

// The class that the uncut model gives each image. Errors: as evaluate_cut().
Result<std::vector<std::int32_t>> classify(Engine& engine, const EvaluationData& data,
                                           const EvaluationOptions& options);

// The share of equal entries; both are of one length, 1 where they are empty.
double equal_share(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

}  // namespace tinysplit
