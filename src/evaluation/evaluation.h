#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "engine/engine.h"
#include "evaluation/evaluation_task.h"

namespace tinysplit {

// Labelled images, or other samples, for a model.
struct EvaluationData {
  const LabelledImages& images;  // as the model takes them, classes numbered as it does
  Preprocessing preprocessing;
  std::optional<EvaluationTask> task = std::nullopt;  // none: classes
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
  std::vector<std::int32_t> predictions;  // the class of each image; empty of another task
  // Of another task, by image: the means over the output of squares and of sizes of the errors.
  std::vector<float> squared_errors;
  std::vector<float> absolute_errors;
  std::int64_t live_bytes = 0;  // of an image, as the graph stores them
  double wire_bytes = 0.0;      // mean of an image, encoded; 0 where nothing crosses the cut
  double head_s = 0.0;   // medians of an image; times of workers that share a core are longer
  double codec_s = 0.0;  // encoding and decoding
  double tail_s = 0.0;
};

// Runs all images through cut `cut` of the model. Errors: OUT_OF_RANGE (no such cut),
// INVALID_ARGUMENT (the model takes no such images, or scores other classes), those of Engine.
Result<CutEvaluation> evaluate_cut(Engine& engine, int cut, const EvaluationData& data,
                                   const EvaluationOptions& options,
                                   const Clock& clock = SteadyClock::instance());

// As evaluate_cut() of the uncut model.
Result<CutEvaluation> evaluate_uncut(Engine& engine, const EvaluationData& data,
                                     const EvaluationOptions& options);

// The class that the uncut model gives each image. Errors: as evaluate_cut().
Result<std::vector<std::int32_t>> classify(Engine& engine, const EvaluationData& data,
                                           const EvaluationOptions& options);

// The share of equal entries; both are of one length, 1 where they are empty.
double equal_share(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

// The share of pairs, one image of each of two classes, of which that of the second has the higher
// score, equals counted half: the area under the curve of true over false positives. Nothing unless
// there are images of just these classes.
std::optional<double> roc_area(std::span<const float> scores, std::span<const std::int32_t> labels);

}  // namespace tinysplit
