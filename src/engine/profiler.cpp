#include "engine/profiler.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>

namespace tinysplit {
namespace {

std::string utc_date() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Small positive numbers: no denormals, no infinities, whatever the model does with them. Wider
// integers stay 0, because they are places in a table more often than not.
void fill_pattern(Tensor& tensor) {
  const std::size_t count = static_cast<std::size_t>(tensor.shape().num_elements());
  const bool bytes = tensor.dtype() == DType::kInt8 || tensor.dtype() == DType::kUint8;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pattern = i * 31 % 256;
    if (bytes) tensor.bytes()[i] = static_cast<std::byte>(pattern);
    if (tensor.dtype() == DType::kFloat32) {
      tensor.as<float>()[i] = static_cast<float>(pattern) / 256.0f;
    }
  }
}

double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const std::size_t low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

Result<std::vector<Tensor>> make_inputs(const Graph& graph, std::span<const TensorView> given) {
  std::vector<Tensor> inputs;
  if (!given.empty() && given.size() != graph.inputs().size()) {
    return invalid_argument("the model has " + std::to_string(graph.inputs().size()) +
                            " inputs, not " + std::to_string(given.size()));
  }
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    if (given.empty()) {
      inputs.emplace_back(value.dtype, value.shape);
      fill_pattern(inputs.back());
    } else {
      inputs.push_back(Tensor::copy_of(given[i]));
    }
  }
  return inputs;
}

}  // namespace

int total_profile_runs(const ProfileOptions& options) {
  return options.runs + std::max(3, options.runs / 10);
}

Result<Analytics> profile_model(Engine& engine, std::span<const TensorView> inputs,
                                const ProfileOptions& options, const Clock& clock) {
  const Graph& graph = engine.graph();
  if (options.runs < 1 || options.runs > 1'000'000) {
    return invalid_argument("a profile needs 1 to 1000000 runs, not " +
                            std::to_string(options.runs));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Tensor> tensors, make_inputs(graph, inputs));
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors) views.push_back(tensor.view());
  TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<Segment> segment,
                             engine.make_segment(0, graph.num_layers()));
  // The first run checks the shapes.
  TINYSPLIT_RETURN_IF_ERROR(segment->run(views));

  const std::size_t layers = graph.layers().size();
  const int total = total_profile_runs(options);
  const int warm_up = total - options.runs;
  std::vector<std::vector<double>> samples(layers);
  std::vector<double> seconds(layers);
  for (int run = 0; run < total; ++run) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      std::memcpy(segment->input(i).data(), views[i].data, views[i].num_bytes());
    }
    std::ranges::fill(seconds, 0.0);
    TINYSPLIT_RETURN_IF_ERROR(segment->run_timed(seconds, clock));
    for (std::size_t i = 0; i < layers && run >= warm_up; ++i) samples[i].push_back(seconds[i]);
    if (options.on_run) options.on_run(run + 1);
  }

  Analytics analytics = Analytics::from_graph(graph);
  analytics.machine = describe_machine();
  analytics.date = utc_date();
  analytics.threads = options.threads;
  analytics.runs = options.runs;
  for (std::size_t i = 0; i < layers; ++i) {
    std::ranges::sort(samples[i]);
    analytics.layers[i].time_s = quantile(samples[i], 0.5);
    analytics.layers[i].time_p10_s = quantile(samples[i], 0.1);
    analytics.layers[i].time_p90_s = quantile(samples[i], 0.9);
  }
  return analytics;
}

std::string describe_machine() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    // x86 says "model name", many ARM boards only "Hardware" or "Model".
    for (const std::string_view key : {"model name", "Hardware", "Model"}) {
      const std::size_t colon = line.find(": ");
      if (line.starts_with(key) && colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "unknown";
}

}  // namespace tinysplit
