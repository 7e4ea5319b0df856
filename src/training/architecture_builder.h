#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/keras/layer_options.h"
#include "formats/keras/model_config.h"
#include "training/architecture.h"

namespace tinysplit::training {

// An architecture while the layers of a model are added to it, one after the other.
class ArchitectureBuilder {
 public:
  using ValueIds = std::vector<std::size_t>;

  explicit ArchitectureBuilder(int keras_major) : keras_major_(keras_major) {}

  int keras_major() const { return keras_major_; }
  const Shape& shape(std::size_t value) const { return result_.values[value]; }

  // Opens a layer that reads `inputs`; what is added until the next belongs to it.
  void begin_layer(const keras::LayerConfig& layer, ValueIds inputs);
  // Closes it with the value that it hands on.
  void end_layer(std::size_t output);
  // Of the open layer.
  const ValueIds& inputs() const { return inputs_; }
  // Errors: INVALID_ARGUMENT (it has another number of inputs, or its rank is not `rank`; 0: any).
  Result<std::size_t> single_input(int rank = 0) const;

  // A graph input of this shape. Errors: RESOURCE_EXHAUSTED.
  Result<std::size_t> add_input(const Shape& shape);
  std::size_t add_parameter(ParameterSpec spec);
  // An operation with an output of `dims`, the first of which is the batch, 1.
  // Errors: OUT_OF_RANGE (a size below 1), RESOURCE_EXHAUSTED (limits::kMaxNodes).
  Result<std::size_t> add(TrainingOp op, ValueIds inputs, const std::vector<std::int64_t>& dims,
                          std::vector<std::size_t> parameters = {});
  // The same with the shape of its first input.
  Result<std::size_t> add_like(TrainingOp op, ValueIds inputs,
                               std::vector<std::size_t> parameters = {});

  // Finishes it; every layer must have been closed.
  Architecture build(ValueIds inputs, std::size_t output);

 private:
  int keras_major_;
  Architecture result_;
  ValueIds inputs_;
};

// Adds the operations of the open layer and returns the value that it hands on. Errors need not
// name the layer.
using LayerReader = Result<std::size_t> (*)(ArchitectureBuilder& builder,
                                            const keras::LayerOptions& options);

// architecture_kernels.cpp: layers with weights
Result<std::size_t> read_conv2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_depthwise_conv2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_separable_conv2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_dense(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_batch_normalization(ArchitectureBuilder&, const keras::LayerOptions&);

// architecture_layers.cpp: the others
Result<std::size_t> read_activation(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_relu(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_leaky_relu(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_elu(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_softmax(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_max_pooling2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_average_pooling2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_global_max_pooling2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_global_average_pooling2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_flatten(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_reshape(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_zero_padding2d(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_add(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_concatenate(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_dropout(ArchitectureBuilder&, const keras::LayerOptions&);
Result<std::size_t> read_rescaling(ArchitectureBuilder&, const keras::LayerOptions&);

// The activation of option `activation`, applied to x; null and "linear" add nothing.
// Errors: UNIMPLEMENTED (unknown, or one that has no training code).
Result<std::size_t> add_activation(ArchitectureBuilder& builder, std::size_t x,
                                   const keras::Json& activation);

// An initialiser as Keras writes it, in either form; null is `fallback`.
// Errors: UNIMPLEMENTED, INVALID_ARGUMENT; the option is named.
Result<Initializer> parse_initializer(const keras::LayerOptions& options, const char* key,
                                      const Initializer& fallback);

// Options <prefix>_initializer, <prefix>_regularizer and <prefix>_constraint of a parameter, and
// whether its layer is trained. Errors: UNIMPLEMENTED, INVALID_ARGUMENT; the option is named.
Result<ParameterSpec> parse_parameter(const keras::LayerOptions& options, const std::string& prefix,
                                      Role role, const Shape& shape, const Initializer& fallback);

}  // namespace tinysplit::training
