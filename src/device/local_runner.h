#pragma once

#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "core/tensor.h"
#include "device/pacer.h"
#include "engine/engine.h"

namespace tinysplit {

// Values of a model by id, with memory that somebody else owns.
struct LocalValues {
  std::vector<ValueId> ids;
  std::vector<TensorView> views;

  // nullptr if there is none of this id.
  const TensorView* find(ValueId id) const;
};

// Runs the head and, where need be, the tail of a model on this machine, at a device's pace.
// Segments are made when first needed, and kept. Not thread-safe.
class LocalRunner {
 public:
  // `clock` must outlive the runner.
  LocalRunner(std::shared_ptr<Engine> engine, std::optional<Pacer> pacer, const Clock& clock);

  const Graph& graph() const { return engine_->graph(); }

  // Makes the head of `cut`, so that the first inference there need not. Errors: of Engine.
  Status prepare(int cut);

  // Layers [0, cut) on the graph's inputs, in their order. Gives the live tensors of the cut, then
  // outputs of the model made before it; at cut 0 the inputs themselves. Valid until the next run
  // of the same head. Precondition: `inputs` fit.
  Result<LocalValues> run_head(int cut, std::span<const TensorView> inputs);

  // Layers [cut, N) on what run_head(cut) gave. Gives outputs of the model.
  Result<LocalValues> run_tail(int cut, const LocalValues& head);

  // Seconds of each layer in the last head or tail, by its number; 0 for those that it did not run.
  std::span<const double> layer_seconds() const { return layer_seconds_; }

 private:
  static constexpr std::size_t kMaxSegments = 64;

  Result<Segment*> segment(int begin, int end);
  Result<LocalValues> run(int begin, int end, std::span<const TensorView> inputs);

  std::shared_ptr<Engine> engine_;
  std::optional<Pacer> pacer_;
  const Clock& clock_;
  std::list<std::unique_ptr<Segment>> segments_;  // last used first
  std::vector<double> layer_seconds_;
};

}  // namespace tinysplit
