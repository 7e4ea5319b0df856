#pragma once

#include <string_view>
#include <variant>

#include "graph/op_elementwise.h"
#include "graph/op_movement.h"
#include "graph/op_neural.h"
#include "graph/op_reduction.h"

namespace tinysplit {

// A primitive operation. The inputs of each are listed with it.
using Op =
    std::variant<Conv2dOp, Conv3dOp, ConvTranspose2dOp, DenseOp, MatmulOp, Pool2dOp, Pool3dOp,
                 GlobalPoolOp, ChannelAffineOp, NormalizeOp, SoftmaxOp, RecurrentOp, ActivationOp,
                 PreluOp, UnaryOp, BinaryOp, SelectOp, CastOp, QuantizeOp, DequantizeOp, ConcatOp,
                 ReshapeOp, TransposeOp, PadOp, SliceOp, GatherOp, TileOp, BroadcastOp, ResizeOp,
                 ReduceOp, ArgReduceOp, CumulativeSumOp>;

// "conv2d", "channel_affine", ...
std::string_view op_name(const Op& op);

}  // namespace tinysplit
