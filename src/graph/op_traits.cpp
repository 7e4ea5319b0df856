#include "graph/op_traits.h"

#include <array>
#include <utility>

namespace tinysplit {
namespace {

// Rows in any order; an operation without one does not compile.
template <typename T>
constexpr OpTraits kTraits = {};

template <>
constexpr OpTraits kTraits<Conv2dOp> = {
    .name = "conv2d", .mixing = Mixing::kKernel, .has_weights = true};
template <>
constexpr OpTraits kTraits<Conv3dOp> = {.name = "conv3d", .mixing = Mixing::kKernel};
template <>
constexpr OpTraits kTraits<ConvTranspose2dOp> = {
    .name = "conv_transpose2d", .mixing = Mixing::kKernel, .has_weights = true};
template <>
constexpr OpTraits kTraits<DenseOp> = {
    .name = "dense", .mixing = Mixing::kKernel, .has_weights = true};
template <>
constexpr OpTraits kTraits<MatmulOp> = {.name = "matmul", .mixing = Mixing::kProduct};
template <>
constexpr OpTraits kTraits<Pool2dOp> = {.name = "pool2d", .mixing = Mixing::kWindow};
template <>
constexpr OpTraits kTraits<Pool3dOp> = {.name = "pool3d", .mixing = Mixing::kWindow};
template <>
constexpr OpTraits kTraits<GlobalPoolOp> = {.name = "global_pool", .mixing = Mixing::kAxes};
template <>
constexpr OpTraits kTraits<ChannelAffineOp> = {.name = "channel_affine"};
template <>
constexpr OpTraits kTraits<NormalizeOp> = {.name = "normalize"};
template <>
constexpr OpTraits kTraits<SoftmaxOp> = {.name = "softmax"};
template <>
constexpr OpTraits kTraits<RecurrentOp> = {.name = "recurrent", .mixing = Mixing::kSteps};
template <>
constexpr OpTraits kTraits<ActivationOp> = {.name = "activation"};
template <>
constexpr OpTraits kTraits<PreluOp> = {.name = "prelu"};
template <>
constexpr OpTraits kTraits<UnaryOp> = {.name = "unary"};
template <>
constexpr OpTraits kTraits<BinaryOp> = {.name = "binary"};
template <>
constexpr OpTraits kTraits<SelectOp> = {.name = "select", .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<CastOp> = {.name = "cast", .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<QuantizeOp> = {.name = "quantize"};
template <>
constexpr OpTraits kTraits<DequantizeOp> = {.name = "dequantize"};
template <>
constexpr OpTraits kTraits<ConcatOp> = {.name = "concat", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<ReshapeOp> = {
    .name = "reshape", .moves = true, .fixes_dtype = true, .renames = true};
template <>
constexpr OpTraits kTraits<TransposeOp> = {.name = "transpose", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<PadOp> = {.name = "pad", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<SliceOp> = {.name = "slice", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<GatherOp> = {.name = "gather", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<TileOp> = {.name = "tile", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<BroadcastOp> = {.name = "broadcast", .moves = true, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<ResizeOp> = {.name = "resize"};
template <>
constexpr OpTraits kTraits<ReduceOp> = {.name = "reduce", .mixing = Mixing::kAxes};
template <>
constexpr OpTraits kTraits<ArgReduceOp> = {
    .name = "arg_reduce", .mixing = Mixing::kAxes, .fixes_dtype = true};
template <>
constexpr OpTraits kTraits<CumulativeSumOp> = {.name = "cumulative_sum"};

// In the order of the variant's alternatives.
constexpr auto kTable = []<std::size_t... I>(std::index_sequence<I...>) {
  static_assert((!kTraits<std::variant_alternative_t<I, Op>>.name.empty() && ...),
                "every operation needs a row above");
  return std::array{kTraits<std::variant_alternative_t<I, Op>>...};
}
(std::make_index_sequence<std::variant_size_v<Op>>());

}  // namespace

const OpTraits& traits_of(const Op& op) { return kTable[op.index()]; }

std::string_view op_name(const Op& op) { return traits_of(op).name; }

bool is_comparison(BinaryKind kind) {
  return kind >= BinaryKind::kEqual && kind <= BinaryKind::kGreaterEqual;
}

bool is_logic(BinaryKind kind) { return kind >= BinaryKind::kAnd; }

bool keeps_quantization(const Op& op) {
  // The inputs of a concatenation may have scales of their own.
  if (std::holds_alternative<ConcatOp>(op)) return false;
  if (const auto* activation = std::get_if<ActivationOp>(&op)) {
    return activation->kind == ActivationKind::kClip;
  }
  if (const auto* pool = std::get_if<Pool2dOp>(&op)) return pool->kind == PoolKind::kMax;
  if (const auto* pool = std::get_if<GlobalPoolOp>(&op)) return pool->kind == PoolKind::kMax;
  if (const auto* reduce = std::get_if<ReduceOp>(&op)) {
    return reduce->kind == ReduceKind::kMax || reduce->kind == ReduceKind::kMin;
  }
  return traits_of(op).moves;
}

bool fixes_dtype(const Op& op) {
  if (const auto* binary = std::get_if<BinaryOp>(&op)) {
    return is_comparison(binary->kind) || is_logic(binary->kind);
  }
  return traits_of(op).fixes_dtype;
}

bool is_relu(const Op& op) {
  const auto* activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && activation->kind == ActivationKind::kClip &&
         activation->alpha == 0.0f;
}

}  // namespace tinysplit
