#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/shape.h"
#include "core/status.h"
#include "graph/op.h"
#include "training/initializer.h"

namespace tinysplit::training {

// What a parameter is to its layer, in the words of Keras.
enum class Role : std::uint8_t {
  kKernel,           // Conv2D [KH,KW,C/groups,F], Dense [C,F]
  kDepthwiseKernel,  // [KH,KW,C,M]
  kPointwiseKernel,  // [1,1,C*M,F] of a SeparableConv2D
  kBias,             // [F]
  kGamma,            // [C], batch normalisation
  kBeta,
  kMovingMean,  // not trained by gradients
  kMovingVariance,
};

// "kernel", "depthwise_kernel", ..., as Keras names the variable.
std::string_view role_name(Role role);

// One weight of a layer, in Keras' layout and order.
struct ParameterSpec {
  std::size_t layer = 0;  // of Architecture::layers
  Role role = Role::kKernel;
  Shape shape;
  bool trainable = true;  // has a gradient; false for moving statistics and frozen layers
  Initializer initializer;
  float l1 = 0.0f;  // penalties that Keras adds to the loss: l1 * sum |w| + l2 * sum w^2
  float l2 = 0.0f;
};

// Parameters: optional gamma, optional beta, moving mean, moving variance. Normalises over all axes
// but the last. `momentum` of the moving statistics, as Keras counts it.
struct BatchNormOp {
  float momentum = 0.99f;
  float epsilon = 1e-3f;
  bool frozen = false;  // uses the moving statistics while training too, and leaves them
};

// Sum of two or more inputs of one shape.
struct AddOp {};

// While training each element is 0 with probability `rate`, else divided by 1 - rate.
struct DropoutOp {
  float rate = 0.5f;
};

// y = x * scale + offset over the last axis, one number or one for each channel.
struct RescaleOp {
  std::vector<float> scale;
  std::vector<float> offset;
};

// y = x, rounded to the int8 numbers of a range that follows x. Made by add_fake_quantization().
struct FakeQuantizeOp {
  std::size_t range = 0;  // counts those of a network
};

// Operations of graph/op.h mean what they mean there, but their constants are parameters.
using TrainingOp =
    std::variant<Conv2dOp, DenseOp, BatchNormOp, ActivationOp, SoftmaxOp, Pool2dOp, GlobalPoolOp,
                 PadOp, ReshapeOp, AddOp, ConcatOp, DropoutOp, RescaleOp, FakeQuantizeOp>;

// Reads values made earlier, defines a new one.
struct Operation {
  TrainingOp op;
  std::vector<std::size_t> inputs;      // of Architecture::values
  std::size_t output = 0;               // of Architecture::values
  std::vector<std::size_t> parameters;  // of Architecture::parameters, in Keras' order
  std::size_t layer = 0;                // of Architecture::layers
};

// One entry of the model, in execution order; operations [first, end) are its own.
struct ArchitectureLayer {
  std::string name;
  std::string class_name;
  std::size_t output = 0;  // of Architecture::values
  std::size_t first_operation = 0;
  std::size_t end_operation = 0;
};

// A network to train: the layers of a Keras model, checked and in execution order. A plain value.
struct Architecture {
  std::string name;
  std::string config;  // the JSON text that it was read from, for the trained model's file
  std::vector<ArchitectureLayer> layers;
  std::vector<ParameterSpec> parameters;  // by layer, in Keras' order within each
  std::vector<Operation> operations;
  std::vector<Shape> values;        // [1,...]: the batch is 1 here
  std::vector<std::size_t> inputs;  // of `values`, in the order of model.inputs
  std::size_t output = 0;           // of `values`

  const Shape& input_shape(std::size_t i = 0) const { return values[inputs[i]]; }
  const Shape& output_shape() const { return values[output]; }
  // "conv1/kernel"
  std::string parameter_name(std::size_t parameter) const;
  std::size_t count_weights() const;  // numbers in all parameters, as Keras' count_params() counts
};

// Reads what Keras' to_json() writes, and what config.json of a .keras file holds: Sequential or
// Functional, with branches; one or more float32 inputs, one output. Layers: InputLayer, Rescaling,
// Conv2D, DepthwiseConv2D, SeparableConv2D, Dense, BatchNormalization, Activation, ReLU, LeakyReLU,
// ELU, Softmax, MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D, GlobalAveragePooling2D,
// Flatten, Reshape, ZeroPadding2D, Add, Concatenate, Dropout. The text is not trusted. Errors,
// which name layer, class and option: INVALID_ARGUMENT (malformed, shapes that do not fit),
// UNIMPLEMENTED (another class or option, shared layers, models used as layers, several outputs),
// OUT_OF_RANGE, RESOURCE_EXHAUSTED (over a limit of core/limits.h).
Result<Architecture> parse_architecture(std::string_view config);

}  // namespace tinysplit::training
