#include "quantization/noise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/numeric.h"
#include "engine/engine.h"
#include "engine/value_conversion.h"
#include "quantization/observed_run.h"

namespace tinysplit {
namespace {

class Decibels {
 public:
  void add(std::span<const float> exact, std::span<const float> rounded) {
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const double x = static_cast<double>(exact[i]);
      const double difference = x - static_cast<double>(rounded[i]);
      signal_ += x * x;
      noise_ += difference * difference;
    }
  }
  double value() const {
    if (noise_ <= 0.0 || signal_ <= 0.0) return kNoNoise;
    return std::min(10.0 * std::log10(signal_ / noise_), kNoNoise);
  }

 private:
  double signal_ = 0.0;
  double noise_ = 0.0;
};

// Exact numbers of the folded network, by the name of the value.
using Exact = std::unordered_map<std::string, std::span<const float>>;

// One layer of the quantised network by itself.
class LoneLayer {
 public:
  static Result<LoneLayer> create(const QuantizedModel& model, const QuantizedLayer& layer,
                                  const std::shared_ptr<Engine>& engine) {
    LoneLayer lone;
    const Graph& graph = *model.graph;
    TINYSPLIT_ASSIGN_OR_RETURN(lone.segment_, engine->make_segment(layer.index, layer.index + 1));
    const auto& outputs = lone.segment_->outputs();
    const auto found = std::ranges::find_if(
        outputs, [&](ValueId id) { return graph.value(id).name == layer.stored; });
    if (found == outputs.end()) {
      lone.segment_.reset();  // nothing reads what the layer makes
      return lone;
    }
    lone.output_ = usize(std::distance(outputs.begin(), found));
    lone.reads_.resize(lone.segment_->inputs().size(), false);
    const Layer& source = graph.layers()[usize(layer.index)];
    for (int i = source.first_node; i < source.end_node; ++i) {
      for (const ValueId id : graph.nodes()[usize(i)].inputs) {
        const auto& inputs = lone.segment_->inputs();
        const auto input = std::ranges::find(inputs, id);
        if (input != inputs.end()) lone.reads_[usize(std::distance(inputs.begin(), input))] = true;
      }
    }
    return lone;
  }

  Status add(const QuantizedModel& model, const Exact& exact, std::span<const float> expected) {
    if (segment_ == nullptr) return ok_status();
    const Graph& graph = *model.graph;
    for (std::size_t i = 0; i < reads_.size(); ++i) {
      if (!reads_[i]) continue;
      const Value& value = graph.value(segment_->inputs()[i]);
      const std::span<const float> numbers = exact.at(model.sources.at(value.name));
      Tensor real(DType::kFloat32, value.shape);
      std::ranges::copy(numbers, real.as<float>().begin());
      TINYSPLIT_ASSIGN_OR_RETURN(const Tensor given, convert_for(std::move(real), value));
      std::memcpy(segment_->input(i).data(), given.data(), given.num_bytes());
    }
    TINYSPLIT_RETURN_IF_ERROR(segment_->run());
    const Value& value = graph.value(segment_->outputs()[output_]);
    const Tensor made = real_numbers(Tensor::copy_of(segment_->output(output_)), value);
    noise_.add(expected, made.as<float>());
    return ok_status();
  }

  double value() const { return noise_.value(); }

 private:
  std::unique_ptr<Segment> segment_;
  std::vector<bool> reads_;  // for each input: the layer does
  std::size_t output_ = 0;
  Decibels noise_;
};

// Of the layers that hand on real numbers: where, among model.layers.
std::vector<std::size_t> real_layers(const QuantizedModel& model) {
  std::vector<std::size_t> layers;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const Value* value = find_value(*model.folded, model.layers[i].value);
    if (value != nullptr && value->dtype == DType::kFloat32) layers.push_back(i);
  }
  return layers;
}

// Whether all that the layer reads is real numbers, so that it can be run on exact ones.
bool reads_real_numbers(const QuantizedModel& model, const QuantizedLayer& layer) {
  const Layer& source = model.graph->layers()[usize(layer.index)];
  const Node& node = model.graph->nodes()[usize(source.first_node)];
  return std::ranges::all_of(node.inputs, [&](ValueId id) {
    const Value& value = model.graph->value(id);
    return value.is_constant() || value.quantization || value.dtype == DType::kFloat32;
  });
}

std::vector<std::string> output_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const ValueId id : graph.outputs()) {
    const Value& value = graph.value(id);
    if (value.dtype == DType::kFloat32 || value.quantization) names.push_back(value.name);
  }
  return names;
}

Result<double> noise_of_outputs(const Graph& graph, const Samples& samples,
                                const std::vector<std::vector<float>>& expected) {
  TINYSPLIT_ASSIGN_OR_RETURN(ObservedRun run, ObservedRun::create(graph, output_names(graph)));
  Decibels noise;
  std::size_t at = 0;
  for (std::size_t i = 0; i < samples.count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(run.run(samples, i));
    for (std::size_t v = 0; v < run.names().size(); ++v) noise.add(expected[at++], run.numbers(v));
  }
  return noise.value();
}

}  // namespace

Result<std::vector<LayerNoise>> measure_noise(const QuantizedModel& model, const Samples& samples,
                                              const std::function<void()>& on_sample) {
  const std::vector<std::size_t> layers = real_layers(model);
  std::vector<std::string> stored;
  for (const std::size_t i : layers) stored.push_back(model.layers[i].stored);
  TINYSPLIT_ASSIGN_OR_RETURN(ObservedRun exact_run,
                             ObservedRun::create(*model.folded, real_values(*model.folded)));
  TINYSPLIT_ASSIGN_OR_RETURN(ObservedRun stored_run, ObservedRun::create(*model.graph, stored));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(model.graph));
  std::vector<Decibels> totals(layers.size());
  std::vector<std::optional<LoneLayer>> lone(layers.size());
  for (std::size_t v = 0; v < layers.size(); ++v) {
    const QuantizedLayer& layer = model.layers[layers[v]];
    if (!layer.is_int8 || !reads_real_numbers(model, layer)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(lone[v], LoneLayer::create(model, layer, engine));
  }
  for (std::size_t i = 0; i < samples.count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(exact_run.run(samples, i));
    TINYSPLIT_RETURN_IF_ERROR(stored_run.run(samples, i));
    Exact exact;
    for (std::size_t v = 0; v < exact_run.names().size(); ++v) {
      exact[exact_run.names()[v]] = exact_run.numbers(v);
    }
    for (std::size_t v = 0; v < layers.size(); ++v) {
      const std::span<const float> expected = exact.at(model.layers[layers[v]].value);
      totals[v].add(expected, stored_run.numbers(v));
      if (lone[v]) TINYSPLIT_RETURN_IF_ERROR(lone[v]->add(model, exact, expected));
    }
    if (on_sample) on_sample();
  }
  std::vector<LayerNoise> noise(model.layers.size());
  for (std::size_t v = 0; v < layers.size(); ++v) {
    noise[layers[v]].total_db = totals[v].value();
    if (lone[v]) noise[layers[v]].own_db = lone[v]->value();
  }
  return noise;
}

Result<OutputNoise> measure_output_noise(const QuantizedModel& model, const Ranges& ranges,
                                         const QuantizationOptions& options, const Samples& samples,
                                         const std::function<void()>& on_layer) {
  TINYSPLIT_ASSIGN_OR_RETURN(ObservedRun run,
                             ObservedRun::create(*model.folded, output_names(*model.folded)));
  std::vector<std::vector<float>> expected;
  for (std::size_t i = 0; i < samples.count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(run.run(samples, i));
    for (std::size_t v = 0; v < run.names().size(); ++v) {
      expected.emplace_back(run.numbers(v).begin(), run.numbers(v).end());
    }
  }
  OutputNoise noise;
  TINYSPLIT_ASSIGN_OR_RETURN(noise.db, noise_of_outputs(*model.graph, samples, expected));
  for (const QuantizedLayer& layer : model.layers) {
    double without = noise.db;
    if (layer.is_int8) {
      QuantizationOptions fewer = options;
      fewer.keep_float.insert(layer.name);
      TINYSPLIT_ASSIGN_OR_RETURN(const QuantizedModel other, quantize(model.folded, ranges, fewer));
      TINYSPLIT_ASSIGN_OR_RETURN(without, noise_of_outputs(*other.graph, samples, expected));
    }
    noise.without.push_back(without);
    if (on_layer) on_layer();
  }
  return noise;
}

}  // namespace tinysplit
