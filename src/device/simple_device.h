#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "core/tensor.h"
#include "device/device_result.h"
#include "device/pacer.h"
#include "graph/graph.h"
#include "offloading/cost_model.h"
#include "offloading/decision.h"
#include "offloading/link_estimate.h"
#include "offloading/plan_input.h"

namespace tinysplit {

struct SimpleDeviceOptions {
  std::string edge_url = "http://127.0.0.1:8080";
  std::string device_id = "device-1";  // 1 to 64 of [A-Za-z0-9._-]
  std::string model_name;              // as the edge calls it; empty: the graph's name
  // The inputs hold whole numbers of 0..255, such as a camera's pixels: they travel as bytes.
  bool raw_input = false;
  // RAM, flash, forbidden cuts and privacy bind the device whatever the edge says. deadline_s
  // excludes cuts that are predicted to take longer.
  Constraints constraints;

  int threads = 1;        // inside one operation
  int profile_runs = 20;  // of the whole model, when the device is made, to learn its layers' times
  // Either makes this machine behave like a slower one (see Pacer): a factor on its own times, or
  // the seconds that each layer takes there, which come first.
  double slowdown = 1.0;
  std::vector<double> layer_targets_s;

  double reply_timeout_s = 5.0;  // from an inference's start; then the device finishes it
  // An edge that failed is asked again after first_retry_s, then twice that, and so on.
  double first_retry_s = 1.0;
  double longest_retry_s = 60.0;
  double probe_timeout_s = 1.0;  // of such a question
  // How often a device that runs all by itself looks at the link, by two small exchanges or a few;
  // the shortest time between such looks of one that offloads and grows unsure of the link's rate.
  double report_interval_s = 5.0;
  // infer() asks or reports itself when it is due, after the outputs are there. Otherwise call
  // maintain() when there is time.
  bool maintain_in_infer = true;
};

struct InferOptions {
  std::optional<int> cut;  // in the place of the decision, 0 .. N
  std::optional<double> reply_timeout_s;
};

// A device that splits its inferences with an edge:
//
//   auto device = SimpleDevice::create(graph, options);   // measures the model here
//   device->connect();                                    // may fail: then the device works alone
//   auto result = device->infer(inputs);                  // always an answer
//
// One inference: run layers [0, cut), send the live tensors with the layers' times in one request,
// get the outputs and the next cut. Without an answer in time it goes on from the cut by itself,
// with the tensors that it still holds, and leaves the edge alone for a while. Not thread-safe.
class SimpleDevice {
 public:
  // Measures the layers on this machine. `clock` must outlive the device.
  // Errors: INVALID_ARGUMENT (options), FAILED_PRECONDITION (a graph without digest), those of
  // Engine.
  static Result<std::unique_ptr<SimpleDevice>> create(std::shared_ptr<const Graph> graph,
                                                      const SimpleDeviceOptions& options,
                                                      const Clock& clock = SteadyClock::instance(),
                                                      Sleeper sleeper = sleep_ns);
  ~SimpleDevice();

  // Asks the edge for its times of the model, tells it the device's, and gets a first cut.
  // Errors: FAILED_PRECONDITION (the edge holds another model of that name), NOT_FOUND (none),
  // UNAVAILABLE, DEADLINE_EXCEEDED. The device works in any case, by itself until the edge answers.
  Status connect();

  // Measures rate and latency of the link by a few exchanges without inference, of different sizes,
  // and lets the edge decide anew. Errors: as connect().
  Status measure_link();

  // Runs the model on `inputs`, one for each input of the graph in its order, float32. Whatever the
  // edge and the link do, the outputs are those of the whole model.
  // Errors: INVALID_ARGUMENT (inputs, a cut that there is not), FAILED_PRECONDITION (options.cut is
  // one that the constraints forbid).
  Result<DeviceResult> infer(std::span<const TensorView> inputs, const InferOptions& options = {});

  // Asks an edge that failed, or reports to one that was not needed lately, if it is time to.
  void maintain();

  // The predicted cost of every cut and the device's own choice. Errors: FAILED_PRECONDITION.
  Result<Decision> plan() const;

  // Makes the head of `cut` now rather than in the first inference there.
  Status prepare(int cut);

  const Graph& graph() const;
  int next_cut() const;
  // The edge answered last time, or was never asked.
  bool edge_available() const;
  // What went wrong with the edge last; ok after success.
  const Status& edge_status() const;
  LinkEstimate link() const;
  CostParameters costs() const;
  // Seconds of each layer on this device, [N].
  std::span<const double> layer_times_s() const;

 private:
  struct Impl;
  explicit SimpleDevice(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
