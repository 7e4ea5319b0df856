#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit {

enum class BackendPolicy : std::uint8_t {
  kAuto,     // the measured choice of engine/backends.cpp
  kOneDnn,   // oneDNN wherever it can
  kXnnpack,  // XNNPACK wherever it can
};

struct EngineOptions {
  int threads = 1;  // inside one operation
  BackendPolicy backend = BackendPolicy::kAuto;
};

class KernelCache;
class Segment;

// A layer that no backend can run, and why.
struct MissingKernel {
  int layer = 0;
  Status reason;
};

// One model, ready to run any of its segments. Weights are prepared when a segment first needs them
// and shared by all segments after that. Thread-safe.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // Errors: INVALID_ARGUMENT (threads out of 1..256).
  static Result<std::shared_ptr<Engine>> create(std::shared_ptr<const Graph> graph,
                                                const EngineOptions& options = {});
  ~Engine();

  const Graph& graph() const { return *graph_; }
  std::shared_ptr<const Graph> shared_graph() const { return graph_; }

  // A runner of layers [begin, end), to be used by one thread at a time.
  // Errors: OUT_OF_RANGE (not 0 <= begin <= end <= layers), UNIMPLEMENTED (no backend runs a
  // layer).
  Result<std::unique_ptr<Segment>> make_segment(int begin, int end);

  // Makes the kernels of the whole model and of each layer by itself, as cuts around it need them.
  // Empty if all segments can run; else one entry for each layer that has none, in order.
  std::vector<MissingKernel> find_missing_kernels();

 private:
  friend class Segment;
  Engine(std::shared_ptr<const Graph> graph, const EngineOptions& options);

  std::shared_ptr<const Graph> graph_;
  std::unique_ptr<KernelCache> kernels_;
};

// Runs layers [begin, end) of a model, batch 1. All memory is allocated when it is made; run()
// allocates nothing (oneDNN itself may). Not thread-safe; several segments run in parallel freely.
class Segment {
 public:
  ~Segment();

  int begin() const { return begin_; }
  int end() const { return end_; }

  // What the segment reads: the graph's inputs if begin is 0, else the live tensors at `begin`.
  const std::vector<ValueId>& inputs() const { return inputs_; }
  // What it leaves: the live tensors at `end`, then the graph outputs that it computed itself and
  // that are not live.
  const std::vector<ValueId>& outputs() const { return outputs_; }

  // Memory of input i, to be filled before run(); kept until it is overwritten by run().
  std::span<std::byte> input(std::size_t i);
  // Result i of the last run; valid until the next run.
  TensorView output(std::size_t i) const;

  // Runs on what input(i) holds. Inputs may be overwritten: fill them before every run.
  Status run();

  // The same, adding the seconds that each layer took to layer_seconds[layer]; one entry per layer
  // of the model. Operations computed together count for the first of their layers.
  Status run_timed(std::span<double> layer_seconds, const Clock& clock = SteadyClock::instance());

  // Checks dtypes and shapes, copies `inputs` in and runs. Errors: INVALID_ARGUMENT.
  Status run(std::span<const TensorView> inputs);

  // Bytes of activation memory that this segment holds.
  std::size_t arena_bytes() const;
  // The backend of each operation that runs, in order; for people and tests.
  std::vector<std::string> describe_steps() const;

 private:
  friend class Engine;
  struct Plan;
  Segment();

  std::shared_ptr<Engine> engine_;
  int begin_ = 0;
  int end_ = 0;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace tinysplit
