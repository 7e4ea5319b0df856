#include "device/output_merge.h"

#include <algorithm>
#include <utility>

#include "graph/quantization_match.h"

namespace tinysplit {

Result<std::vector<NamedTensor>> merge_outputs(const Graph& graph, const LocalValues& head,
                                               const LocalValues& tail,
                                               std::vector<WireTensor> received) {
  std::vector<NamedTensor> outputs;
  for (const ValueId id : graph.outputs()) {
    const Value& value = graph.value(id);
    const TensorView* here = head.find(id);
    if (here == nullptr) here = tail.find(id);
    if (here != nullptr) {
      outputs.push_back({value.name, Tensor::copy_of(*here)});
      continue;
    }
    const auto sent = std::ranges::find(received, value.name, &WireTensor::name);
    if (sent == received.end()) {
      return invalid_argument("the edge's answer lacks output \"" + value.name + "\"");
    }
    if (sent->tensor.dtype() != value.dtype || !(sent->tensor.shape() == value.shape)) {
      return invalid_argument("the edge's answer has output \"" + value.name + "\" as " +
                              sent->tensor.shape().to_string() + ", the model's is " +
                              value.shape.to_string());
    }
    if (const QuantizationView quantization = sent->quantization.view(); !quantization.empty()) {
      TINYSPLIT_RETURN_IF_ERROR(
          expect_quantization(value, quantization.scale, quantization.zero_point, quantization.axis)
              .with_context("the edge's answer"));
    }
    outputs.push_back(std::move(*sent));
  }
  return outputs;
}

}  // namespace tinysplit
