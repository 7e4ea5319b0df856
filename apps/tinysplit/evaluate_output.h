#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/evaluation_task.h"
#include "graph/graph.h"
#include "report/chart.h"
#include "report/confusion_matrix.h"

namespace tinysplit {

// How far outputs are from the numbers that they should be.
struct EvaluatedErrors {
  double mean_squared = 0.0;
  double mean_absolute = 0.0;
  std::optional<double> roc_area;  // of telling two classes apart by the squared error
};

// One cut on the whole data set.
struct EvaluatedCut {
  int cut = 0;
  std::string after;  // the layer before it; "(input)" for cut 0
  double accuracy = 0.0;
  double agreement = 0.0;                 // share of images with the class of the reference
  std::optional<EvaluatedErrors> errors;  // instead, of a model that scores no classes
  std::int64_t live_bytes = 0;
  double wire_bytes = 0.0;
  double head_s = 0.0;
  double codec_s = 0.0;
  double tail_s = 0.0;
};

// What `tinysplit evaluate` tells.
struct EvaluationResult {
  std::string model;
  std::string digest;
  std::string data;
  std::string reference;  // "uncut <model>": what agreement is with
  double reference_accuracy = 0.0;
  EvaluationTask::Kind task = EvaluationTask::Kind::kClasses;
  std::optional<EvaluatedErrors> reference_errors;  // instead of an accuracy
  std::string images_are;     // which of the data: "the test part"
  ConfusionMatrix confusion;  // of the cut with the lowest accuracy
  std::size_t images = 0;
  std::size_t skipped = 0;
  int workers = 1;
  std::vector<EvaluatedCut> cuts;  // at least one
};

// The object that --json prints; "accuracy" is that of the cut asked for, of all cuts the lowest;
// of a model that scores no classes "mean_squared_error", the highest.
std::string evaluation_json(const EvaluationResult& evaluation);
std::string evaluation_text(const EvaluationResult& evaluation);
// Accuracy and agreement, bytes and times over the cuts.
Figure evaluation_figure(const EvaluationResult& evaluation);

}  // namespace tinysplit
