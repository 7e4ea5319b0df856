#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/keras/json_text.h"
#include "formats/keras/keras_writer.h"

namespace tinysplit::keras {

// An output of a layer of the model that is built. Shapes have 1 for the batch, which the model
// leaves open.
struct KerasTensor {
  int layer = -1;
  Shape shape;
  DType dtype = DType::kFloat32;
  int output = 0;
};

// An argument of an operation: a tensor of the model, or what the configuration holds in its place.
using OperationArgument = std::variant<KerasTensor, Json>;

// An operation of keras.ops.
struct OperationCall {
  std::string class_name;
  std::string module;  // that it stands in: "numpy", "nn", "math", "core", "linalg"
  Json options;
  std::vector<OperationArgument> arguments;
};

// A Functional model of Keras 3, layer by layer. Names are given last, so that a layer may ask for
// the name that an earlier one would have taken. Not thread-safe.
class ModelBuilder {
 public:
  KerasTensor add_input(const std::string& name, const Shape& shape, DType dtype);

  // A layer of class `class_name` with `options`, called on `inputs`, as a list if there are
  // several. `weights` must outlive the builder. Its name is `<name of the model's part>_<class>`
  // unless name_output() asks for another.
  KerasTensor add(const std::string& class_name, Json options,
                  const std::vector<KerasTensor>& inputs, const Shape& output,
                  std::vector<SavedWeight> weights = {});

  // An operation on tensors; at least one of its arguments is one.
  KerasTensor add_operation(OperationCall call, const Shape& output, DType dtype);

  // Keyword arguments of the call of the last layer added.
  void add_keyword(const std::string& key, const std::vector<KerasTensor>& tensors);

  // What the names of layers added from now on begin with.
  void set_part(const std::string& part) { part_ = part; }
  // The layer that makes `tensor` is to have this name, or what comes close to it.
  void name_layer(const KerasTensor& tensor, const std::string& name);

  // A tensor that lives as long as the builder, for weights that are no constants of the graph.
  const Tensor& keep(Tensor tensor) { return kept_.emplace_back(std::move(tensor)); }

  // How many layers there are.
  int num_layers() const { return static_cast<int>(layers_.size()); }

  // The configuration, as write_keras_archive() takes it, and the weights.
  std::string config(const std::string& name, const std::vector<KerasTensor>& inputs,
                     const std::vector<KerasTensor>& outputs);
  std::vector<SavedLayer> weights() const;

 private:
  struct Layer {
    std::string class_name;
    std::string module;  // of an operation; empty for layers
    Json options;
    std::vector<KerasTensor> inputs;
    std::vector<OperationArgument> arguments;  // of an operation
    std::vector<std::pair<std::string, std::vector<KerasTensor>>> keywords;
    std::string wanted;  // name
    std::string name;    // given by give_names()
    bool exact = false;  // the wanted name is that of a value of the graph
    std::vector<SavedWeight> weights;
  };

  void give_names();
  Json reference(const KerasTensor& tensor) const;
  Json describe(const KerasTensor& tensor) const;
  Json call_of(const Layer& layer) const;
  Json layer_json(const Layer& layer) const;

  std::deque<Layer> layers_;
  std::deque<Tensor> kept_;
  std::string part_;
};

// [null, 8, 8, 3]: `shape` with the batch left open.
Json open_batch(const Shape& shape);

}  // namespace tinysplit::keras
