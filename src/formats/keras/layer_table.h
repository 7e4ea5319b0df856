#pragma once

#include <string_view>

#include "formats/keras/layer_context.h"
#include "formats/operator_list.h"

namespace tinysplit::keras {

// A class of layer that is supported.
struct LayerRow {
  std::string_view name;
  Translator translate;
  OperatorNote note;
};

// The row of a class of Keras layer; null if there is none.
const LayerRow* find_layer(std::string_view class_name);

// Whether layers of that class work on tensors of that type.
bool takes(std::string_view class_name, DType type);

}  // namespace tinysplit::keras
