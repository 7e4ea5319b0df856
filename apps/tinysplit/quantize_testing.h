#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/preprocessing.h"
#include "graph/graph.h"
#include "quantization/quantizer.h"
#include "quantize_output.h"

namespace tinysplit {

// What a quantised model is tested on.
struct QuantizationTest {
  std::string data;                    // its test part, else its validation part
  std::size_t samples = 0;             // at most so many; 0: all
  std::shared_ptr<const Graph> graph;  // the float32 model
  std::vector<std::string> labels;     // of its labels.txt
  Preprocessing preprocessing;
};

// Compares both models on the data, into the report's accuracy or errors. `untuned` is the int8
// model before fine-tuning; null without any. Errors: those of load_data_for(), find_task() and
// number_as_model().
Status test_quantized(const QuantizationTest& test, const QuantizedModel& model,
                      const QuantizedModel* untuned, QuantizationReport& report);

}  // namespace tinysplit
