#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit::bench {

// A whole model as the shortest program over oneDNN that gives the same result: one primitive for
// each operation, images [N,H,W,C], weights in the layout that oneDNN asks for, bias, folded batch
// normalisation and clips inside the primitive, executed one after the other through oneDNN's C
// interface with arguments made beforehand. What oneDNN lacks runs by the engine's own loops. It is
// what the engine is compared with, and shares nothing with it but the plan of what is fused.
class PlainOneDnn {
 public:
  // One thread. Errors: UNIMPLEMENTED (an operation that neither has).
  static Result<std::unique_ptr<PlainOneDnn>> create(std::shared_ptr<const Graph> graph);
  ~PlainOneDnn();

  std::span<float> input(std::size_t i);
  std::span<const float> output(std::size_t i) const;

  // Ends the program if oneDNN fails.
  void run();
  // Adds the seconds of each operation to the entry of its layer.
  void run_timed(std::span<double> layer_seconds);

 private:
  struct Program;
  PlainOneDnn();
  std::unique_ptr<Program> program_;
};

}  // namespace tinysplit::bench
