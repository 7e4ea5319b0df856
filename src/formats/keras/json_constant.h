#pragma once

#include <optional>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/keras/json_text.h"

namespace tinysplit::keras {

// What a configuration has in the place of a tensor: a number, nested lists of numbers, or
// {"class_name": "__tensor__" | "__numpy__", "config": {"value": ..., "dtype": ...}}.
struct JsonConstant {
  const Json* values = nullptr;  // part of the JSON that it was found in
  Shape shape;                   // of one number [1]
  DType dtype = DType::kFloat32;
  bool typed = false;  // the file says the dtype; else it is that of Python's numbers
};

// Looks, without making the tensor. Errors: INVALID_ARGUMENT (no numbers, lists of unlike lengths),
// UNIMPLEMENTED (its dtype), OUT_OF_RANGE (limits of Shape::create).
Result<JsonConstant> find_json_constant(const Json& json);

// The tensor, of any dtype. Errors: INVALID_ARGUMENT (a number that the dtype cannot hold).
Result<Tensor> make_tensor(const JsonConstant& constant, DType dtype);

// The dtype that Keras or TensorFlow mean by a name; floats of other widths are float32 here. None
// if there is none.
std::optional<DType> find_dtype(const std::string& name);

}  // namespace tinysplit::keras
