#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "core/shape.h"

namespace tinysplit {

// Primitive operations. Every image is [N,H,W,C], N is the batch (1 while a graph is built).
// Spatial pairs are {height, width}. The inputs of each operation are listed with it; "const"
// inputs are values with data.

struct Spatial2d {
  std::array<std::int64_t, 2> stride{1, 1};
  std::array<std::int64_t, 2> dilation{1, 1};
  std::array<std::int64_t, 2> pad_before{0, 0};  // rows on top, columns on the left
  std::array<std::int64_t, 2> pad_after{0, 0};   // rows below, columns on the right
};

// Inputs: x [N,H,W,C], const kernel [KH,KW,C/groups,F], optional const bias [F]. Output
// [N,OH,OW,F]. Depthwise: groups == C; output channel f reads input channel f / (F/groups).
struct Conv2dOp {
  Spatial2d spatial;
  std::int64_t groups = 1;
};

// Inputs: x [N,H,W,C], const kernel [KH,KW,F,C] (Keras order), optional const bias [F].
// Output rows: (H-1)*stride + (KH-1)*dilation + 1 - pad_before - pad_after + output_padding.
struct ConvTranspose2dOp {
  Spatial2d spatial;
  std::array<std::int64_t, 2> output_padding{0, 0};
};

// Inputs: x [...,C], const kernel [C,F], optional const bias [F]. Output [...,F].
struct DenseOp {};

enum class PoolKind : std::uint8_t { kMax, kAverage };

// Input x [N,H,W,C]. Averages count only cells inside the image (as TensorFlow does).
struct Pool2dOp {
  PoolKind kind = PoolKind::kMax;
  std::array<std::int64_t, 2> window{1, 1};
  Spatial2d spatial;
};

// Input x [N,H,W,C], output [N,C].
struct GlobalPoolOp {
  PoolKind kind = PoolKind::kAverage;
};

// y = x * scale + shift over the last axis. Inputs: x [...,C], const scale [C], const shift [C].
// Inference-time batch normalisation, rescaling and normalisation all take this form.
struct ChannelAffineOp {};

enum class ActivationKind : std::uint8_t {
  kClip,     // min(max(x, alpha), beta); relu is clip(0, inf), relu6 is clip(0, 6)
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kElu,  // x > 0 ? x : alpha * (exp(x) - 1)
  kSelu,
  kGeluErf,      // x/2 * (1 + erf(x / sqrt(2)))
  kGeluTanh,     // its tanh approximation
  kSwish,        // x * sigmoid(x)
  kHardSigmoid,  // clip(alpha * x + beta, 0, 1)
  kHardSwish,    // x * clip(x / 6 + 1/2, 0, 1)
  kSoftplus,     // log(1 + exp(x))
  kExp,
  kThresholdRelu,  // x >= gamma ? min(x, beta) : alpha * (x - gamma); Keras' ReLU with all options
};

// Input x, output of the same shape.
struct ActivationOp {
  ActivationKind kind = ActivationKind::kClip;
  float alpha = 0.0f;
  float beta = 0.0f;
  float gamma = 0.0f;
};

// Inputs: x, const slope that broadcasts to x without its batch. y = x > 0 ? x : slope * x.
struct PreluOp {};

// Input x; exp(x - max) / sum over `axis` (counted from 0, not the batch).
struct SoftmaxOp {
  int axis = -1;
};

enum class BinaryKind : std::uint8_t { kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum };

// Inputs: a, b; NumPy broadcasting.
struct BinaryOp {
  BinaryKind kind = BinaryKind::kAdd;
};

// Inputs: one or more, equal but for `axis`.
struct ConcatOp {
  int axis = -1;
};

// Same elements in the same order under `shape` (with the batch).
struct ReshapeOp {
  Shape shape;
};

// Output axis i is input axis permutation[i]; permutation[0] == 0.
struct TransposeOp {
  std::vector<int> permutation;
};

// Zero padding of [N,H,W,C].
struct Pad2dOp {
  std::array<std::int64_t, 2> before{0, 0};
  std::array<std::int64_t, 2> after{0, 0};
};

struct Crop2dOp {
  std::array<std::int64_t, 2> before{0, 0};
  std::array<std::int64_t, 2> after{0, 0};
};

enum class ResizeKind : std::uint8_t { kNearest, kBilinear };

// Whole-number enlargement of [N,H,W,C]; bilinear samples at half-pixel centres.
struct Upsample2dOp {
  std::array<std::int64_t, 2> factor{1, 1};
  ResizeKind kind = ResizeKind::kNearest;
};

using Op = std::variant<Conv2dOp, ConvTranspose2dOp, DenseOp, Pool2dOp, GlobalPoolOp,
                        ChannelAffineOp, ActivationOp, PreluOp, SoftmaxOp, BinaryOp, ConcatOp,
                        ReshapeOp, TransposeOp, Pad2dOp, Crop2dOp, Upsample2dOp>;

// "conv2d", "channel_affine", ...
std::string_view op_name(const Op& op);

}  // namespace tinysplit
