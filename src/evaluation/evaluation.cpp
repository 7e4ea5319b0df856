#include "evaluation/evaluation.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <thread>

#include "engine/value_conversion.h"
#include "evaluation/class_of_output.h"
#include "evaluation/sample_feed.h"
#include "graph/cuts.h"
#include "wire/tensor_codec.h"

namespace tinysplit {
namespace {

// What came of one image.
struct ImageOutcome {
  std::int32_t predicted = -1;
  float squared_error = 0.0F;
  float absolute_error = 0.0F;
};

// Holds outputs against what the data say. Thread-safe.
class Judge {
 public:
  Judge(const Graph& graph, const EvaluationTask& task, const LabelledImages& data,
        const SampleFeed& feed)
      : graph_(graph),
        task_(task),
        output_(graph.outputs()[task.output]),
        data_(data),
        feed_(feed) {}

  ValueId output() const { return output_; }

  Result<ImageOutcome> judge(std::size_t image, const TensorView& output) const {
    const Tensor made = Tensor::copy_of(output);
    ImageOutcome outcome;
    if (task_.counts_classes()) {
      outcome.predicted = best_class(graph_, output_, made).index;
      return outcome;
    }
    const Tensor real = real_numbers(made, graph_.value(output_));
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> wanted, wanted_of(image));
    const auto numbers = real.as<float>();
    double squares = 0.0, sizes = 0.0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double error = static_cast<double>(numbers[i]) - static_cast<double>(wanted[i]);
      squares += error * error;
      sizes += std::abs(error);
    }
    outcome.squared_error = static_cast<float>(squares / static_cast<double>(wanted.size()));
    outcome.absolute_error = static_cast<float>(sizes / static_cast<double>(wanted.size()));
    return outcome;
  }

 private:
  Result<std::vector<float>> wanted_of(std::size_t image) const {
    if (task_.kind == EvaluationTask::Kind::kReconstruction) return feed_.reconstruction(image);
    const auto targets = data_.targets.as<float>();
    const auto row =
        targets.subspan(image * (targets.size() / data_.size()), targets.size() / data_.size());
    return std::vector<float>(row.begin(), row.end());
  }

  const Graph& graph_;
  EvaluationTask task_;
  ValueId output_;
  const LabelledImages& data_;
  const SampleFeed& feed_;
};

// What one image took.
struct ImageCost {
  double head_s = 0.0;
  double codec_s = 0.0;
  double tail_s = 0.0;
  std::size_t wire_bytes = 0;
};

int index_of(const std::vector<ValueId>& values, ValueId id) {
  const auto found = std::ranges::find(values, id);
  return found == values.end() ? -1 : static_cast<int>(std::distance(values.begin(), found));
}

// What a device sends beside an integer tensor.
QuantizationView quantization_of(const Value& value) {
  if (!value.quantization) return {};
  return {value.quantization->scale, value.quantization->zero_point, value.quantization->axis};
}

// A live tensor: an output of the head that is an input of the tail.
struct Crossing {
  std::size_t output;
  std::size_t input;
};

// Head and tail for one thread.
class SplitRun {
 public:
  static Result<SplitRun> create(Engine& engine, int cut, const Judge& judge, const Clock& clock) {
    SplitRun run(engine.graph(), judge, clock);
    TINYSPLIT_ASSIGN_OR_RETURN(run.head_, engine.make_segment(0, cut));
    TINYSPLIT_ASSIGN_OR_RETURN(run.tail_, engine.make_segment(cut, engine.graph().num_layers()));
    for (std::size_t i = 0; i < run.tail_->inputs().size(); ++i) {
      // An input of the model that nothing reads crosses no cut.
      const int source = index_of(run.head_->outputs(), run.tail_->inputs()[i]);
      if (source >= 0) run.crossing_.push_back({static_cast<std::size_t>(source), i});
    }
    // Outputs that the head makes need not cross the cut.
    run.tail_output_ = index_of(run.tail_->outputs(), judge.output());
    run.head_output_ = index_of(run.head_->outputs(), judge.output());
    return run;
  }

  Result<ImageOutcome> run(const SampleFeed& feed, std::size_t image, ImageCost& cost) {
    const std::int64_t start_ns = clock_.now_ns();
    TINYSPLIT_RETURN_IF_ERROR(feed.write(image, head_->input(0)));
    TINYSPLIT_RETURN_IF_ERROR(head_->run());
    const std::int64_t head_ns = clock_.now_ns();
    if (!crossing_.empty()) {
      TINYSPLIT_RETURN_IF_ERROR(send());
      cost.wire_bytes = frame_.size();
    }
    const std::int64_t codec_ns = clock_.now_ns();
    TINYSPLIT_RETURN_IF_ERROR(tail_->run());
    cost.head_s = seconds_between(start_ns, head_ns);
    cost.codec_s = seconds_between(head_ns, codec_ns);
    cost.tail_s = seconds_between(codec_ns, clock_.now_ns());
    const TensorView output = tail_output_ >= 0
                                  ? tail_->output(static_cast<std::size_t>(tail_output_))
                                  : head_->output(static_cast<std::size_t>(head_output_));
    return judge_.judge(image, output);
  }

 private:
  SplitRun(const Graph& graph, const Judge& judge, const Clock& clock)
      : graph_(graph), judge_(judge), clock_(clock) {}

  // The live tensors as bytes, and from these into the tail.
  Status send() {
    frame_.clear();
    CborWriter writer(frame_);
    for (const Crossing& live : crossing_) {
      const Value& value = graph_.value(tail_->inputs()[live.input]);
      const TensorView tensor = head_->output(live.output);
      TINYSPLIT_RETURN_IF_ERROR(append_tensor(writer, {value.name, tensor, quantization_of(value)},
                                              TensorForm::kSmallestLossless));
    }
    CborReader reader(frame_);
    for (const Crossing& live : crossing_) {
      TINYSPLIT_ASSIGN_OR_RETURN(const WireTensor received, read_tensor(reader, "live tensors"));
      const std::span<std::byte> input = tail_->input(live.input);
      if (received.tensor.num_bytes() != input.size()) {
        return internal_error("\"" + received.name + "\" came back in another size");
      }
      std::memcpy(input.data(), received.tensor.data(), input.size());
    }
    return ok_status();
  }

  const Graph& graph_;
  const Judge& judge_;
  const Clock& clock_;
  std::unique_ptr<Segment> head_, tail_;
  std::vector<Crossing> crossing_;
  int tail_output_ = -1;
  int head_output_ = -1;
  std::string frame_;
};

// The images, worked off by several threads.
class ImageQueue {
 public:
  ImageQueue(const SampleFeed& feed, std::size_t images, const EvaluationOptions& options)
      : costs(images), outcomes(images), feed_(feed), options_(options) {}

  std::vector<ImageCost> costs;
  std::vector<ImageOutcome> outcomes;

  // Errors: the first of any thread.
  Status run(std::vector<SplitRun>& runs) {
    std::vector<Status> statuses(runs.size());
    {
      std::vector<std::jthread> threads;
      for (std::size_t w = 1; w < runs.size(); ++w) {
        threads.emplace_back([&, w] { statuses[w] = work(runs[w], false); });
      }
      statuses[0] = work(runs[0], true);
    }
    tell();
    for (const Status& status : statuses) TINYSPLIT_RETURN_IF_ERROR(status);
    return ok_status();
  }

 private:
  static constexpr std::size_t kBlock = 16;  // images taken at once

  Status work(SplitRun& run, bool tells) {
    for (;;) {
      const std::size_t begin = next_.fetch_add(kBlock);
      const std::size_t end = std::min(begin + kBlock, outcomes.size());
      for (std::size_t i = begin; i < end; ++i) {
        const Result<ImageOutcome> made = run.run(feed_, i, costs[i]);
        if (!made.ok()) {
          next_ = outcomes.size();
          return made.status();
        }
        outcomes[i] = *made;
      }
      if (begin >= outcomes.size()) return ok_status();
      done_ += end - begin;
      if (tells) tell();
    }
  }

  void tell() {
    const std::size_t done = done_;
    if (options_.on_images && done > told_) options_.on_images(done - told_);
    told_ = done;
  }

  const SampleFeed& feed_;
  const EvaluationOptions& options_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
  std::size_t told_ = 0;
};

double median_of(const std::vector<ImageCost>& costs, double ImageCost::*field) {
  if (costs.empty()) return 0.0;
  std::vector<double> values;
  for (const ImageCost& cost : costs) values.push_back(cost.*field);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

Result<CutEvaluation> evaluate_cut(Engine& engine, int cut, const EvaluationData& data,
                                   const EvaluationOptions& options, const Clock& clock) {
  const Graph& graph = engine.graph();
  TINYSPLIT_ASSIGN_OR_RETURN(const SampleFeed feed,
                             SampleFeed::create(graph, data.images, data.preprocessing));
  EvaluationTask task;
  if (data.task) {
    task = *data.task;
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId scores,
                               find_scores(graph, data.images.classes.size()));
    task.output = static_cast<std::size_t>(index_of(graph.outputs(), scores));
  }
  const Judge judge(graph, task, data.images, feed);
  std::vector<SplitRun> runs;
  for (int w = 0; w < std::max(options.workers, 1); ++w) {
    TINYSPLIT_ASSIGN_OR_RETURN(SplitRun run, SplitRun::create(engine, cut, judge, clock));
    runs.push_back(std::move(run));
  }
  CutEvaluation result;
  result.cut = cut;
  for (const ValueId live : live_tensors(graph, cut)) {
    result.live_bytes += static_cast<std::int64_t>(graph.value(live).num_bytes());
  }
  ImageQueue queue(feed, data.images.size(), options);
  TINYSPLIT_RETURN_IF_ERROR(queue.run(runs));
  double wire_bytes = 0.0;
  for (const ImageCost& cost : queue.costs) wire_bytes += static_cast<double>(cost.wire_bytes);
  if (!queue.costs.empty())
    result.wire_bytes = wire_bytes / static_cast<double>(queue.costs.size());
  result.head_s = median_of(queue.costs, &ImageCost::head_s);
  result.codec_s = median_of(queue.costs, &ImageCost::codec_s);
  result.tail_s = median_of(queue.costs, &ImageCost::tail_s);
  for (const ImageOutcome& outcome : queue.outcomes) {
    if (task.counts_classes()) {
      result.predictions.push_back(outcome.predicted);
    } else {
      result.squared_errors.push_back(outcome.squared_error);
      result.absolute_errors.push_back(outcome.absolute_error);
    }
  }
  return result;
}

Result<CutEvaluation> evaluate_uncut(Engine& engine, const EvaluationData& data,
                                     const EvaluationOptions& options) {
  return evaluate_cut(engine, engine.graph().num_layers(), data, options);
}

Result<std::vector<std::int32_t>> classify(Engine& engine, const EvaluationData& data,
                                           const EvaluationOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(CutEvaluation uncut, evaluate_uncut(engine, data, options));
  return std::move(uncut.predictions);
}

double equal_share(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  if (a.empty()) return 1.0;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
  return static_cast<double>(equal) / static_cast<double>(a.size());
}

std::optional<double> roc_area(std::span<const float> scores,
                               std::span<const std::int32_t> labels) {
  if (std::ranges::any_of(scores, [](float score) { return std::isnan(score); })) {
    return std::nullopt;
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
  double firsts = 0.0, seconds = 0.0, pairs = 0.0;
  for (std::size_t begin = 0; begin < order.size();) {
    double equal_firsts = 0.0, equal_seconds = 0.0;
    std::size_t end = begin;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end) {
      const std::int32_t label = labels[order[end]];
      if (label != 0 && label != 1) return std::nullopt;
      (label == 0 ? equal_firsts : equal_seconds) += 1.0;
    }
    pairs += equal_seconds * (firsts + 0.5 * equal_firsts);
    firsts += equal_firsts;
    seconds += equal_seconds;
    begin = end;
  }
  if (firsts == 0.0 || seconds == 0.0) return std::nullopt;
  return pairs / (firsts * seconds);
}

}  // namespace tinysplit
