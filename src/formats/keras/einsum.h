#pragma once

#include <string>

#include "core/status.h"
#include "formats/keras/layer_context.h"

namespace tinysplit::keras {

// What an equation such as "bhwc,cd->bhwd" says of tensors of these ranks, with a letter for each
// axis; "..." stands for letters of its own.
struct EinsumAxes {
  std::string left;
  std::string right;  // empty for one operand
  std::string output;
  bool has_right = false;
};

// Errors: INVALID_ARGUMENT (malformed, does not fit the ranks), UNIMPLEMENTED (three operands or
// more, a letter twice in one operand). `right_rank` is below 0 for one operand.
Result<EinsumAxes> parse_einsum(const std::string& equation, int left_rank, int right_rank);

// Sums of products as the equation says, of one or two values of float32; one product of matrices,
// or a dense layer where the second is a matrix of constants.
Result<ValueId> add_einsum(LayerContext& context, const EinsumAxes& axes, ValueId left,
                           ValueId right);

}  // namespace tinysplit::keras
