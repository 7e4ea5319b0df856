#include "device_inputs.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/file.h"
#include "engine/engine.h"
#include "engine/value_conversion.h"
#include "evaluation/image_input.h"
#include "formats/image/image.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

Result<DeviceInput> read_input(const std::filesystem::path& path, const Graph& graph,
                               const Preprocessing& preprocessing) {
  DeviceInput input;
  input.name = path.filename().string();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxArrayFileBytes));
  if (looks_like_image(bytes)) {
    if (graph.inputs().size() != 1) {
      return invalid_argument(path.string() + " is one image, the model has " +
                              std::to_string(graph.inputs().size()) + " inputs: give a .npz file");
    }
    Result<Tensor> image = image_for(bytes, graph.value(graph.inputs()[0]), preprocessing);
    if (!image.ok()) return image.status().with_context(path.string());
    input.tensors.push_back(std::move(*image));
    return input;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<NamedTensor> arrays, read_arrays(path));
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    auto found = std::ranges::find(arrays, value.name, &NamedTensor::name);
    if (found == arrays.end() && arrays.size() == 1 && graph.inputs().size() == 1) {
      found = arrays.begin();
    }
    if (found == arrays.end()) {
      return invalid_argument(path.string() + " lacks input \"" + value.name + "\"");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, convert_for(std::move(found->tensor), value));
    const bool lacks_batch =
        value.shape.rank() > 0 && value.shape[0] == 1 &&
        std::ranges::equal(tensor.shape().dims(), value.shape.dims().subspan(1));
    if (lacks_batch) tensor.reshape(value.shape);
    if (!(tensor.shape() == value.shape)) {
      return invalid_argument(path.string() + ": \"" + value.name + "\" has shape " +
                              tensor.shape().to_string() + ", the model needs " +
                              value.shape.to_string());
    }
    input.tensors.push_back(std::move(tensor));
  }
  return input;
}

}  // namespace

std::vector<TensorView> DeviceInput::views() const {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors) views.push_back(tensor.view());
  return views;
}

Result<std::vector<DeviceInput>> read_device_inputs(const std::vector<std::string>& files,
                                                    const ModelFolder& folder, const Graph& graph) {
  std::vector<std::filesystem::path> paths(files.begin(), files.end());
  if (paths.empty()) paths = folder.images;
  if (paths.empty()) {
    return not_found("there are no images in " +
                     (folder.model_path.parent_path() / "data").string() +
                     ": name files with --input");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Preprocessing preprocessing,
                             preprocessing_of(folder.model_path));
  std::vector<DeviceInput> inputs;
  for (const std::filesystem::path& path : paths) {
    TINYSPLIT_ASSIGN_OR_RETURN(DeviceInput input, read_input(path, graph, preprocessing));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

bool is_identical(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::ranges::equal(a, b, [](const NamedTensor& left, const NamedTensor& right) {
    return left.name == right.name && left.tensor.dtype() == right.tensor.dtype() &&
           left.tensor.shape() == right.tensor.shape() &&
           std::ranges::equal(left.tensor.bytes(), right.tensor.bytes());
  });
}

Result<std::vector<std::vector<NamedTensor>>> run_uncut(std::shared_ptr<const Graph> graph,
                                                        const std::vector<DeviceInput>& inputs) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto segment, engine->make_segment(0, graph->num_layers()));
  std::vector<std::vector<NamedTensor>> all;
  for (const DeviceInput& input : inputs) {
    const std::vector<TensorView> views = input.views();
    TINYSPLIT_RETURN_IF_ERROR(segment->run(views));
    std::vector<NamedTensor>& outputs = all.emplace_back();
    for (const ValueId id : graph->outputs()) {
      const auto at = std::ranges::find(segment->outputs(), id) - segment->outputs().begin();
      const TensorView made = segment->output(static_cast<std::size_t>(at));
      outputs.push_back({graph->value(id).name, Tensor::copy_of(made)});
    }
  }
  return all;
}

}  // namespace tinysplit
