#pragma once

#include <vector>

#include "formats/tflite/operator_context.h"

// UNIDIRECTIONAL_SEQUENCE_LSTM: where its inputs stand. Four gates: input, forget, cell, output;
// three peepholes: input, forget, output.
namespace tinysplit::tflite::lstm {

inline constexpr int kInputWeights = 1;
inline constexpr int kRecurrentWeights = 5;
inline constexpr int kPeepholes = 9;
inline constexpr int kBiases = 12;
inline constexpr int kProjection = 16;
inline constexpr int kState = 18;
inline constexpr int kCellState = 19;
inline constexpr int kLayerNorms = 20;
inline constexpr int kEnd = 24;
inline constexpr int kGates = 4;
// Of an integer LSTM: its intermediate tensor of the state before a projection.
inline constexpr int kHiddenIntermediate = 4;

// The inputs of several gates in one tensor.
struct Gates {
  Tensor tensor;
  std::vector<float> scales;  // one for each input that has one
};

// The constant inputs from `first` on, each `rows` x `columns` of `dtype` once it lies as `layout`
// says, side by side: [rows, count * columns].
// Errors: INVALID_ARGUMENT (another shape or type), UNIMPLEMENTED (a scale for each channel, a zero
// point), RESOURCE_EXHAUSTED.
Result<Gates> join_columns(OperatorContext& context, int first, int count, WeightLayout layout,
                           DType dtype, std::int64_t rows, std::int64_t columns);

// The operands of a RecurrentOp on int8 [N,T,I]: kernels with a scale for each gate, a state of
// zeros. Errors: those of join_columns, UNIMPLEMENTED (says what LiteRT's integer LSTM has and ours
// has not).
Result<std::vector<ValueId>> integer_operands(OperatorContext& context, ValueId x,
                                              std::int64_t units);

}  // namespace tinysplit::tflite::lstm
