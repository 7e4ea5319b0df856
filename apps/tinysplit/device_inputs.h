#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/model_folder.h"
#include "graph/graph.h"

namespace tinysplit {

// One sample for all inputs of a model, in its order.
struct DeviceInput {
  std::string name;  // of the file
  std::vector<Tensor> tensors;

  std::vector<TensorView> views() const;
};

// The samples in `files` (images, .npy, .npz), or the images of the model's data folder if there
// are none. Errors: NOT_FOUND (no samples at all), those of reading them.
Result<std::vector<DeviceInput>> read_device_inputs(const std::vector<std::string>& files,
                                                    const ModelFolder& folder, const Graph& graph);

// The same outputs, bit for bit.
bool is_identical(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b);

// The outputs of the uncut model for each input, computed here and now.
Result<std::vector<std::vector<NamedTensor>>> run_uncut(std::shared_ptr<const Graph> graph,
                                                        const std::vector<DeviceInput>& inputs);

}  // namespace tinysplit
