#include "training/network_score.h"

#include <algorithm>

#include "datasets/class_scores.h"

namespace tinysplit::training {

std::int32_t named_class(std::span<const float> outputs) {
  // A network in training that ends in one number ends in a sigmoid.
  return best_class(outputs,
                    outputs.size() == 1 ? ScoreKind::kProbabilityOfSecond : ScoreKind::kScores)
      .index;
}

std::int64_t count_right(const Network& network, std::span<const std::int32_t> labels) {
  const std::span<const float> predictions = network.predictions();
  const std::size_t outputs = predictions.size() / labels.size();
  std::int64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    right += named_class(predictions.subspan(i * outputs, outputs)) == labels[i] ? 1 : 0;
  }
  return right;
}

void feed(const Batch& batch, Network& network) {
  std::ranges::copy(batch.input, network.input().begin());
  std::ranges::copy(batch.targets, network.targets().begin());
}

Result<NetworkScore> score_network(Network& network, const LabelledImages& data,
                                   BatchOptions options) {
  options.shuffle = false;
  BatchMaker maker(data, options);
  Batch batch;
  NetworkScore score;
  const std::size_t classes = data.classes.size();
  const bool names_classes = options.target != TargetKind::kInput;
  if (names_classes) score.confusion.resize(classes * classes);
  double loss = 0.0;
  for (std::int64_t i = 0; i < maker.batches_per_epoch(); ++i) {
    maker.fill(0, i, batch);
    feed(batch, network);
    TINYSPLIT_RETURN_IF_ERROR(network.forward(batch.images));
    loss += network.loss() * static_cast<double>(batch.images);
    score.images += batch.images;
    if (!names_classes) continue;
    score.right += count_right(network, batch.labels);
    const std::span<const float> predictions = network.predictions();
    const std::size_t outputs = predictions.size() / batch.labels.size();
    for (std::size_t row = 0; row < batch.labels.size(); ++row) {
      const auto named = std::size_t(named_class(predictions.subspan(row * outputs, outputs)));
      ++score.confusion[std::size_t(batch.labels[row]) * classes + named];
    }
  }
  score.loss = loss / static_cast<double>(score.images);
  return score;
}

}  // namespace tinysplit::training
