#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "core/status.h"
#include "formats/keras/json_text.h"
#include "formats/keras/layer_options.h"
#include "graph/op.h"

namespace tinysplit::keras {

// What an activation computes; a linear one nothing.
using Activation = std::variant<std::monostate, ActivationOp, SoftmaxOp>;

// An option such as `activation`, applied to a tensor of `rank` axes: the name of a function, a
// function or a layer as an object; null is linear. Errors: UNIMPLEMENTED (unknown), those of its
// options.
Result<Activation> parse_activation(const Json& activation, int keras_major, int rank);

// The same of a layer of class ReLU, LeakyReLU, ELU or Softmax. Errors: UNIMPLEMENTED (another
// class), those of its options.
Result<Activation> parse_activation_layer(std::string_view class_name, const LayerOptions& options,
                                          int rank);

// An option that names a function of single elements, for operations that apply it inside; null if
// it is none.
const ActivationOp* find_elementwise(const Json& activation, int keras_major);

// What an option `activation` may name, sorted.
std::vector<std::string_view> activation_names();

}  // namespace tinysplit::keras
