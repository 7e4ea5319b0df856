#include <algorithm>
#include <cstring>

#include "core/interval_clock.h"
#include "core/numeric.h"
#include "engine/engine.h"
#include "engine/kernel_cache.h"
#include "engine/magnitude_plan.h"
#include "engine/memory_plan.h"
#include "engine/steps.h"
#include "graph/subgraph.h"
#include "kernels/magnitude.h"

namespace tinysplit {

struct Segment::Plan {
  MemoryPlan memory;
  Tensor arena;
  std::vector<std::shared_ptr<const Kernel>> kernels;
  std::vector<std::unique_ptr<BoundKernel>> runs;
  std::vector<int> layers;  // of each run
  // Of each run, whether its kernel needs not look at its input, as long as those of the segment
  // are within kUsualMagnitude.
  std::vector<bool> within;
  std::vector<std::span<const float>> looked_at;  // inputs of the segment, where that matters

  bool are_inputs_usual() const {
    return std::ranges::all_of(
        looked_at, [](std::span<const float> x) { return all_within(x, kUsualMagnitude); });
  }
  Status run(std::size_t i, bool usual) {
    return usual && within[i] ? runs[i]->run_within() : runs[i]->run();
  }

  std::byte* at(ValueId value) { return arena.data() + memory.offsets[std::size_t(value)]; }
};

Segment::Segment() = default;
Segment::~Segment() = default;

Result<std::unique_ptr<Segment>> Engine::make_segment(int begin, int end) {
  if (begin < 0 || begin > end || end > graph_->num_layers()) {
    return out_of_range("layers [" + std::to_string(begin) + ", " + std::to_string(end) +
                        ") are not a segment of a model with " +
                        std::to_string(graph_->num_layers()) + " layers");
  }
  std::unique_ptr<Segment> segment(new Segment());
  segment->engine_ = shared_from_this();
  segment->begin_ = begin;
  segment->end_ = end;
  segment->inputs_ = segment_inputs(*graph_, begin);
  segment->outputs_ = segment_outputs(*graph_, begin, end);

  auto plan = std::make_unique<Segment::Plan>();
  const std::vector<Step> steps = plan_steps(*graph_, kernels_->fusion_roots(), begin, end);
  plan->memory = plan_memory(*graph_, steps, begin, end, segment->inputs_, segment->outputs_);
  plan->arena = Tensor(DType::kInt8, Shape{static_cast<std::int64_t>(plan->memory.total_bytes)});
  for (const Step& step : steps) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::shared_ptr<const Kernel> kernel, kernels_->get(step));
    const Node& root = graph_->nodes()[static_cast<std::size_t>(step.root)];
    std::vector<const std::byte*> inputs;
    for (const ValueId input : root.inputs) {
      const Value& value = graph_->value(input);
      inputs.push_back(value.is_constant() ? value.data->data() : plan->at(input));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<BoundKernel> run,
                               kernel->bind(inputs, plan->at(step.output)));
    plan->kernels.push_back(std::move(kernel));
    plan->runs.push_back(std::move(run));
    plan->layers.push_back(graph_->layer_of_node(step.root));
  }
  plan->within = find_steps_within(*graph_, *kernels_, steps, plan->kernels, begin, end);
  if (std::ranges::find(plan->within, true) != plan->within.end()) {
    for (const ValueId id : segment->inputs_) {
      const Value& value = graph_->value(id);
      if (value.dtype != DType::kFloat32) continue;
      plan->looked_at.emplace_back(reinterpret_cast<const float*>(plan->at(id)),
                                   usize(value.shape.num_elements()));
    }
  }
  segment->plan_ = std::move(plan);
  return segment;
}

std::span<std::byte> Segment::input(std::size_t i) {
  const ValueId id = inputs_[i];
  return {plan_->at(id), engine_->graph().value(id).num_bytes()};
}

TensorView Segment::output(std::size_t i) const {
  const Value& value = engine_->graph().value(outputs_[i]);
  return {value.dtype, value.shape, plan_->at(outputs_[i])};
}

Status Segment::run() {
  const bool usual = plan_->are_inputs_usual();
  for (std::size_t i = 0; i < plan_->runs.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(plan_->run(i, usual));
  }
  return ok_status();
}

Status Segment::run_timed(std::span<double> layer_seconds, const Clock& given) {
  if (layer_seconds.size() != engine_->graph().layers().size()) {
    return invalid_argument("layer times need one entry per layer");
  }
  // Layers of a microsecond are timed: what a reading costs shows.
  const Clock& clock = interval_clock_for(given);
  std::int64_t before = clock.now_ns();
  const bool usual = plan_->are_inputs_usual();
  for (std::size_t i = 0; i < plan_->runs.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(plan_->run(i, usual));
    // One reading ends a layer and starts the next.
    const std::int64_t after = clock.now_ns();
    layer_seconds[static_cast<std::size_t>(plan_->layers[i])] += seconds_between(before, after);
    before = after;
  }
  return ok_status();
}

Status Segment::run(std::span<const TensorView> inputs) {
  if (inputs.size() != inputs_.size()) {
    return invalid_argument("layers [" + std::to_string(begin_) + ", " + std::to_string(end_) +
                            ") read " + std::to_string(inputs_.size()) + " tensors, not " +
                            std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = engine_->graph().value(inputs_[i]);
    if (inputs[i].dtype != value.dtype || !(inputs[i].shape == value.shape)) {
      return invalid_argument("tensor \"" + value.name + "\" is " +
                              std::string(dtype_name(inputs[i].dtype)) +
                              inputs[i].shape.to_string() + ", the model needs " +
                              std::string(dtype_name(value.dtype)) + value.shape.to_string());
    }
    std::memcpy(input(i).data(), inputs[i].data, value.num_bytes());
  }
  return run();
}

std::size_t Segment::arena_bytes() const { return plan_->memory.total_bytes; }

std::vector<std::string> Segment::describe_steps() const {
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < plan_->kernels.size(); ++i) {
    const Layer& layer = engine_->graph().layers()[static_cast<std::size_t>(plan_->layers[i])];
    steps.push_back(layer.name + ": " + std::string(plan_->kernels[i]->backend()));
  }
  return steps;
}

}  // namespace tinysplit
