#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// A link of the demo, the same in both directions.
struct DemoLink {
  double mbit_per_s = 0;
  double one_way_ms = 0;
  int repeats = 1;  // of every cut

  // "5 Mbit/s, 40 ms one way".
  std::string text() const;
};

// Seconds of one inference, foreseen or measured.
struct DemoParts {
  double total_s = 0;
  double device_s = 0;
  double encode_s = 0;  // and decode, on both sides
  double link_s = 0;
  double queue_s = 0;
  double edge_s = 0;
};

struct DemoCut {
  int cut = 0;
  std::string what;  // the last layer before it
  bool reveals_input = false;
  DemoParts predicted;
  DemoParts measured;  // those of the inference of median latency
  std::vector<DemoParts> runs;
  std::uint64_t bytes_up = 0;
  int same_class = 0;  // of the runs, as the uncut model
  int identical = 0;   // all outputs bit for bit

  // Predicted over measured, less 1.
  double error() const { return predicted.total_s / measured.total_s - 1.0; }
};

// What one device process told over one link.
struct DemoSweep {
  DemoLink link;
  double measured_mbit_per_s = 0;  // what the device found the link to be
  double measured_rtt_s = 0;
  int num_layers = 0;
  int chosen_cut = 0;
  std::vector<DemoCut> cuts;  // those that were measured, ascending
  int fallbacks = 0;          // inferences that the edge did not answer

  const DemoCut& at(int cut) const;
  const DemoCut& chosen() const { return at(chosen_cut); }
  // The fastest cut measured that does not send the raw input; the device alone is always one.
  const DemoCut& fastest_private() const;
};

// Takes in the lines of `device --json --sweep` one by one: the plan comes first, then the
// inferences.
class DemoSweepReader {
 public:
  explicit DemoSweepReader(DemoLink link) { sweep_.link = link; }

  // Errors: INTERNAL (not such a line).
  Status take(std::string_view line);
  bool has_plan() const { return sweep_.num_layers > 0; }
  int num_inferences() const { return num_inferences_; }

  // Medians of what was taken in. Errors: UNAVAILABLE (there was no plan, or no inference).
  Result<DemoSweep> finish() &&;

 private:
  DemoSweep sweep_;
  int num_inferences_ = 0;
};

}  // namespace tinysplit
