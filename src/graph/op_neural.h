#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "graph/op_elementwise.h"

namespace tinysplit {

// Operations of neural networks proper: convolution, matrix products, pooling, normalisation,
// recurrence. Images are [N,H,W,C], volumes [N,D,H,W,C]; one-dimensional ones are images of height
// 1. "const" inputs are values with data.

// Geometry of a window over `Axes` spatial axes, in the order of the tensor's axes.
template <std::size_t Axes>
struct Spatial {
  std::array<std::int64_t, Axes> stride;
  std::array<std::int64_t, Axes> dilation;
  std::array<std::int64_t, Axes> pad_before;  // cells in front of the first: top, left
  std::array<std::int64_t, Axes> pad_after;   // cells behind the last: bottom, right

  Spatial() {
    stride.fill(1);
    dilation.fill(1);
    pad_before.fill(0);
    pad_after.fill(0);
  }
};

using Spatial2d = Spatial<2>;
using Spatial3d = Spatial<3>;

// Inputs: x [N,H,W,C], const kernel [KH,KW,C/groups,F], optional const bias [F]. Output
// [N,OH,OW,F]. Depthwise: groups == C; output channel f reads input channel f / (F/groups).
// Quantised: kernel with a scale for all or for each of F; bias int32 of scale x * kernel.
struct Conv2dOp {
  Spatial2d spatial;
  std::int64_t groups = 1;
  // Quantised: whether sums are rescaled with one rounding, as ONNX asks, or with the two of
  // TensorFlow Lite.
  bool rounds_once = false;
};

// Inputs: x [N,D,H,W,C], const kernel [KD,KH,KW,C/groups,F], optional const bias [F].
struct Conv3dOp {
  Spatial3d spatial;
  std::int64_t groups = 1;
};

// Inputs: x [N,H,W,C], const kernel [KH,KW,F/groups,C] (Keras order), optional const bias [F].
// Group g reads input channels [g*C/groups, ...) and writes output channels [g*F/groups, ...).
// Output rows: (H-1)*stride + (KH-1)*dilation + 1 - pad_before - pad_after + output_padding.
struct ConvTranspose2dOp {
  Spatial2d spatial;
  std::array<std::int64_t, 2> output_padding{0, 0};
  std::int64_t groups = 1;
};

// Inputs: x [...,C], const kernel [C,F], optional const bias [F]. Output [...,F].
struct DenseOp {};

// Inputs: a [...,M,K], b [...,K,N] (each with its last two axes exchanged where transposed). The
// axes before are broadcast as NumPy does.
struct MatmulOp {
  bool transpose_a = false;
  bool transpose_b = false;
};

enum class PoolKind : std::uint8_t { kMax, kAverage };

// Input x [N,H,W,C]. Averages count only cells inside the image (as TensorFlow does) unless
// count_padding.
struct Pool2dOp {
  PoolKind kind = PoolKind::kMax;
  std::array<std::int64_t, 2> window{1, 1};
  Spatial2d spatial;
  bool count_padding = false;
};

// Input x [N,D,H,W,C].
struct Pool3dOp {
  PoolKind kind = PoolKind::kMax;
  std::array<std::int64_t, 3> window{1, 1, 1};
  Spatial3d spatial;
  bool count_padding = false;
};

// Input x [N,H,W,C], output [N,C].
struct GlobalPoolOp {
  PoolKind kind = PoolKind::kAverage;
};

// y = x * scale + shift over the last axis. Inputs: x [...,C], const scale [C], const shift [C].
// Inference-time batch normalisation, rescaling and normalisation all take this form.
struct ChannelAffineOp {};

enum class NormalizeKind : std::uint8_t {
  kMeanVariance,   // (x - mean) / sqrt(variance + epsilon)
  kL2,             // x / sqrt(max(sum of squares, epsilon))
  kRootMeanSquare  // x / sqrt(mean of squares + epsilon)
};

// Input x; statistics over `axes` (sorted, each once) together. Output of the same shape.
struct NormalizeOp {
  NormalizeKind kind = NormalizeKind::kMeanVariance;
  std::vector<int> axes;
  float epsilon = 0.0f;
};

// Input x; exp(x - max) / sum over `axis`, or its logarithm.
struct SoftmaxOp {
  int axis = -1;
  bool logarithm = false;
};

enum class RecurrentKind : std::uint8_t { kSimple, kGru, kLstm };

// Inputs: x [N,T,I], const kernel [I,G*H], const recurrent kernel [H,G*H], const bias [G*H], const
// recurrent bias [G*H], initial state [N,H], and for LSTM initial cell state [N,H], optional const
// peephole weights [3*H] (input, forget, output gate). G gates lie side by side: LSTM input,
// forget, cell, output; GRU update, reset, candidate; simple one.
// Output [N,T,H]: the state after each step (in the order of the steps' input, also when
// reversed); with `append_cell` [N,T+1,H], the last row being the final cell state.
// Quantised: an LSTM of int8 x, kernels (a scale for each column), states and output, int16 cells
// and int32 biases, as TensorFlow Lite has it.
struct RecurrentOp {
  RecurrentKind kind = RecurrentKind::kLstm;
  ActivationOp gate;        // LSTM and GRU gates
  ActivationOp activation;  // cell candidate, GRU candidate, simple output
  ActivationOp output;      // LSTM: of the cell state on its way out
  bool reverse = false;
  bool reset_after = true;  // GRU: the reset gate multiplies after the recurrent product
  bool append_cell = false;
  float clip = 0.0f;       // bound of gate inputs, 0 for none
  float cell_clip = 0.0f;  // LSTM: bound of the cell state after each step, 0 for none
};

}  // namespace tinysplit
