#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "graph/analytics.h"
#include "offloading/plan_input.h"

namespace tinysplit {

// A model as the offloading tools see it: sizes and edge times of its layers. Immutable;
// thread-safe.
class OffloadingModel {
 public:
  // `analytics` are those measured on this edge. `path` and `analytics_path` are only told to
  // clients. Errors: INVALID_ARGUMENT (no layers, cuts that do not fit the layers).
  static Result<std::shared_ptr<const OffloadingModel>> create(std::string name, std::string path,
                                                               std::string analytics_path,
                                                               Analytics analytics);

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  const std::string& analytics_path() const { return analytics_path_; }
  const Analytics& analytics() const { return analytics_; }
  int num_layers() const { return analytics_.num_layers(); }
  // [num_layers], in bits.
  const std::vector<std::int64_t>& layer_sizes_bits() const { return layer_sizes_bits_; }
  // [num_layers], on this edge without load.
  const std::vector<double>& edge_time_s() const { return edge_time_s_; }
  // [num_layers + 1]
  const std::vector<CutFacts>& cuts() const { return cuts_; }
  // The RAM of some head was not measured, but taken to be that of a chain.
  bool ram_is_estimated() const { return ram_is_estimated_; }

 private:
  OffloadingModel() = default;

  std::string name_;
  std::string path_;
  std::string analytics_path_;
  Analytics analytics_;
  std::vector<std::int64_t> layer_sizes_bits_;
  std::vector<double> edge_time_s_;
  std::vector<CutFacts> cuts_;
  bool ram_is_estimated_ = false;
};

}  // namespace tinysplit
