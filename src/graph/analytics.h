#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/shape.h"
#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// Stands for a size that an analytics file does not tell.
inline constexpr std::int64_t kUnknownBytes = -1;

// What was measured of, and is known about, one layer. Sizes and counts are kUnknownBytes where the
// file does not tell them.
struct LayerAnalytics {
  std::string name;                                    // empty: unknown
  std::string kind;                                    // the framework's class, such as "Conv2D"
  Shape output_shape;                                  // rank 0: unknown
  std::int64_t output_bytes = 0;                       // what the layer hands on
  double time_s = 0.0;                                 // median over the runs
  double time_p10_s = 0.0;                             // 10th percentile; time_s if not measured
  double time_p90_s = 0.0;                             // 90th percentile; time_s if not measured
  std::int64_t macs = kUnknownBytes;                   // multiply-accumulates, batch 1
  std::int64_t weight_bytes = kUnknownBytes;           // of this layer
  std::int64_t head_peak_ram_bytes = kUnknownBytes;    // of the head that ends with this layer
  std::int64_t head_tflm_arena_bytes = kUnknownBytes;  // of the same (graph/micro_arena.h)
};

// What is known about cut c: layers [0, c) on the device.
struct CutAnalytics {
  std::int64_t live_bytes = kUnknownBytes;  // before any codec; 0 at the last cut
  bool reveals_input = false;
  bool splits_fusion = false;
};

// Time, size and memory of every layer of one model on one machine. A plain value.
struct Analytics {
  std::string model_name;
  std::string model_digest;  // SHA-256 in hexadecimal; empty: unknown
  std::string machine;       // what it was measured on
  std::string date;          // ISO 8601
  int threads = 0;           // 0: unknown
  int runs = 0;              // repetitions behind each median; 0: unknown
  // All inputs as float32, and in the smallest form that holds what a sensor really delivers (a
  // camera's bytes, not the floats made of them).
  std::int64_t input_bytes_f32 = kUnknownBytes;
  std::int64_t input_bytes_raw = kUnknownBytes;
  std::int64_t output_bytes = kUnknownBytes;  // of all outputs
  std::vector<LayerAnalytics> layers;
  std::vector<CutAnalytics> cuts;  // layers.size() + 1
  // The cuts come from a graph. Otherwise they are those of a chain: cut k sends the output of
  // layer k - 1, and which cuts beyond 0 reveal the input is not known.
  bool cuts_from_graph = false;

  int num_layers() const { return static_cast<int>(layers.size()); }

  // Everything but times, machine, date, threads and runs. The raw input is taken to be as the
  // graph stores it: who knows that it is, say, an image of bytes sets input_bytes_raw.
  static Analytics from_graph(const Graph& graph);
};

// Gives `analytics` the cuts of a chain. Precondition: the layers' output_bytes are set.
void set_chain_cuts(Analytics& analytics);

// Bytes that cross the link at each cut in its plainest form: the live bytes, and the raw input at
// cut 0. kUnknownBytes at cut 0 where the size of the input is not known.
std::int64_t transfer_bytes(const Analytics& analytics, int cut);

// Reads {"0": {"layer_size": bits, "layer_inference_time": seconds, ...}, "1": ..., "tinysplit":
// {...}}; all but the two keys may be absent. Keys that are not known are ignored. `where` (a path)
// begins error messages. Errors: INVALID_ARGUMENT that names the key, OUT_OF_RANGE (too large).
Result<Analytics> parse_analytics(std::string_view json, std::string_view where);

// The text of an analytics file, which parse_analytics reads back to an equal value.
std::string format_analytics(const Analytics& analytics);

// Errors: those of read_file and parse_analytics.
Result<Analytics> read_analytics(const std::filesystem::path& path);

// Never leaves half a file. Errors: those of write_file_atomically.
Status write_analytics(const Analytics& analytics, const std::filesystem::path& path);

// Whether `analytics` was measured on the model with this digest and number of layers; an unknown
// digest (empty, on either side) matches. Errors: FAILED_PRECONDITION.
Status check_analytics(const Analytics& analytics, std::string_view digest, int num_layers);

// Whether both were measured on one model. Errors: FAILED_PRECONDITION that says how they differ.
Status check_same_model(const Analytics& device, const Analytics& edge);

}  // namespace tinysplit
