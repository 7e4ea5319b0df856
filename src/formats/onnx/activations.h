#pragma once

#include <string_view>

#include "graph/op_elementwise.h"

namespace tinysplit::onnx_format {

// An activation of ONNX, as a node and as one of a recurrent operator.
struct ActivationDefaults {
  std::string_view name;
  ActivationKind kind;
  const char* alpha_name;  // of the node's attribute that is alpha; null for none
  const char* beta_name;
  float alpha;
  float beta;
};

// Null for a name that is none.
const ActivationDefaults* find_activation(std::string_view name);

ActivationOp make_activation(const ActivationDefaults& defaults, float alpha, float beta);

}  // namespace tinysplit::onnx_format
