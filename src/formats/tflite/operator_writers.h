#pragma once

#include "formats/tflite/node_writer.h"
#include "graph/op.h"

// What writes each operation of graph/op.h, the inverse of operators.h. Errors: UNIMPLEMENTED that
// says what TensorFlow Lite has no operator for; the layer is named by the caller.
namespace tinysplit::tflite {

Status write_operation(NodeWriter& writer, const Conv2dOp& op);
Status write_operation(NodeWriter& writer, const Conv3dOp& op);
Status write_operation(NodeWriter& writer, const ConvTranspose2dOp& op);
Status write_operation(NodeWriter& writer, const DenseOp& op);
Status write_operation(NodeWriter& writer, const MatmulOp& op);

Status write_operation(NodeWriter& writer, const Pool2dOp& op);
Status write_operation(NodeWriter& writer, const Pool3dOp& op);
Status write_operation(NodeWriter& writer, const GlobalPoolOp& op);
Status write_operation(NodeWriter& writer, const ResizeOp& op);

Status write_operation(NodeWriter& writer, const ChannelAffineOp& op);
Status write_operation(NodeWriter& writer, const NormalizeOp& op);
Status write_operation(NodeWriter& writer, const SoftmaxOp& op);
Status write_operation(NodeWriter& writer, const RecurrentOp& op);

Status write_operation(NodeWriter& writer, const ActivationOp& op);
Status write_operation(NodeWriter& writer, const PreluOp& op);
Status write_operation(NodeWriter& writer, const UnaryOp& op);
Status write_operation(NodeWriter& writer, const BinaryOp& op);
Status write_operation(NodeWriter& writer, const SelectOp& op);
Status write_operation(NodeWriter& writer, const CastOp& op);
Status write_operation(NodeWriter& writer, const QuantizeOp& op);
Status write_operation(NodeWriter& writer, const DequantizeOp& op);

Status write_operation(NodeWriter& writer, const ConcatOp& op);
Status write_operation(NodeWriter& writer, const ReshapeOp& op);
Status write_operation(NodeWriter& writer, const TransposeOp& op);
Status write_operation(NodeWriter& writer, const PadOp& op);
Status write_operation(NodeWriter& writer, const SliceOp& op);
Status write_operation(NodeWriter& writer, const GatherOp& op);
Status write_operation(NodeWriter& writer, const TileOp& op);
Status write_operation(NodeWriter& writer, const BroadcastOp& op);

Status write_operation(NodeWriter& writer, const ReduceOp& op);
Status write_operation(NodeWriter& writer, const ArgReduceOp& op);
Status write_operation(NodeWriter& writer, const CumulativeSumOp& op);

}  // namespace tinysplit::tflite
