#pragma once

#include "formats/keras/op_export.h"

namespace tinysplit::keras {

// The operation of keras.ops that does the same, for what no layer does. Errors: UNIMPLEMENTED.
Exported export_as_operation(const UnaryOp& op, ExportContext& context);
Exported export_as_operation(const BinaryOp& op, ExportContext& context);
Exported export_as_operation(const CastOp& op, ExportContext& context);
Exported export_as_operation(const ReduceOp& op, ExportContext& context);
Exported export_as_operation(const PadOp& op, ExportContext& context);
Exported export_as_operation(const SliceOp& op, ExportContext& context);
Exported export_as_operation(const GatherOp& op, ExportContext& context);
Exported export_as_operation(const TileOp& op, ExportContext& context);
Exported export_as_operation(const MatmulOp& op, ExportContext& context);
Exported export_as_operation(const ActivationOp& op, ExportContext& context);
Exported export_as_operation(const SoftmaxOp& op, ExportContext& context);
Exported export_as_operation(const NormalizeOp& op, ExportContext& context);

}  // namespace tinysplit::keras
