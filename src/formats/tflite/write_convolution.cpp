// Convolutions and matrix products: operations with a kernel.
#include <algorithm>
#include <optional>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/weights.h"
#include "formats/tflite/write_window.h"
#include "kernels/weight_folding.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

// How the file wants a kernel, against graph/op.h.
enum class KernelLayout : std::uint8_t {
  kLastToFirst,   // [...,F] to [F,...]: convolution, dense
  kDepthwise,     // [KH,KW,1,F] to [1,KH,KW,F]
  kThirdToFirst,  // [KH,KW,F,C] to [F,KH,KW,C]: transposed convolution
};

Tensor arranged(const TensorView& kernel, KernelLayout layout) {
  const Shape& from = kernel.shape;
  const int last = from.rank() - 1;
  switch (layout) {
    case KernelLayout::kDepthwise:
      return copied(kernel, Shape{1, from[0], from[1], from[3]});
    case KernelLayout::kThirdToFirst:
      return swap_axes(kernel, from[0] * from[1], from[2],
                       Shape{from[2], from[0], from[1], from[3]});
    case KernelLayout::kLastToFirst:
      break;
  }
  Shape to = from;
  to[0] = from[last];
  for (int i = 0; i < last; ++i) to[i + 1] = from[i];
  const std::int64_t rows = from[last] == 0 ? 0 : from.num_elements() / from[last];
  return swap_axes(kernel, rows, from[last], to);
}

ElementType kernel_type(const Value& kernel, KernelLayout layout) {
  ElementType type(kernel.dtype, kernel.quantization);
  if (type.quantization && type.quantization->axis >= 0) {
    type.quantization->axis = layout == KernelLayout::kDepthwise ? 3 : 0;
  }
  return type;
}

// A sum of products has the product of their scales.
ElementType bias_type(const Value& x, const Value& kernel, const Value& bias) {
  if (!x.quantization || !kernel.quantization) return {bias.dtype, bias.quantization};
  Quantization made;
  for (const float scale : kernel.quantization->scale) {
    made.scale.push_back(x.quantization->scale[0] * scale);
    made.zero_point.push_back(0);
  }
  if (made.scale.size() > 1) made.axis = 0;
  return {bias.dtype, std::move(made)};
}

struct Weights {
  TensorId kernel;
  TensorId bias;  // kNoTensor for none
};

Weights add_weights(NodeWriter& writer, KernelLayout layout) {
  const Value& kernel = writer.in(1);
  const Value* bias = writer.num_inputs() > 2 ? &writer.in(2) : nullptr;
  if (writer.step.affine >= 0) {
    const Node& affine = writer.graph().nodes()[static_cast<std::size_t>(writer.step.affine)];
    const PreparedWeights folded = fold_weights(writer.graph(), writer.node, &affine);
    const Tensor made = arranged(folded.kernel.view(), layout);
    const TensorId stored = writer.constant("kernel", DType::kFloat32, made.view());
    return {stored, writer.constant("bias", DType::kFloat32, folded.bias.view())};
  }
  const Tensor made = arranged(kernel.data->view(), layout);
  const TensorId stored = writer.constant("kernel", kernel_type(kernel, layout), made.view());
  if (bias == nullptr) return {stored, kNoTensor};
  return {stored,
          writer.constant("bias", bias_type(writer.in(0), kernel, *bias), bias->data->view())};
}

// LiteRT refuses a CONV_2D of float32 without a bias, and its faster DEPTHWISE_CONV_2D crashes.
void require_bias(NodeWriter& writer, Weights& weights) {
  if (weights.bias != kNoTensor || writer.in(1).dtype != DType::kFloat32) return;
  const Tensor zeros(DType::kFloat32, Shape{writer.in(1).shape[3]});
  weights.bias = writer.constant("bias", DType::kFloat32, zeros.view());
}

NodeWriter::Tensors with_bias(TensorId x, const Weights& weights) {
  if (weights.bias == kNoTensor) return {x, weights.kernel};
  return {x, weights.kernel, weights.bias};
}

std::int32_t as_int(std::int64_t number) { return static_cast<std::int32_t>(number); }

// How TRANSPOSE_CONV is to make an image that holds the wanted one.
struct TransposedPlan {
  schema::Padding padding = schema::Padding::VALID;
  Shape made;                            // what TRANSPOSE_CONV makes
  std::vector<std::int64_t> cut_before;  // empty: nothing is cut
  Pair more{0, 0};                       // cells of zeros that the input needs behind it
};

// One axis of it.
struct TransposedAxis {
  std::int64_t in, out, kernel, stride, before;

  // What VALID makes at least.
  std::int64_t whole() const { return (in - 1) * stride + kernel; }

  // LiteRT takes an output if a convolution of it, so padded, would make the input.
  bool is(schema::Padding padding) const {
    const bool same = padding == schema::Padding::SAME;
    const std::int64_t least = same ? (in - 1) * stride + 1 : whole();
    const std::int64_t cut = same ? std::max<std::int64_t>(whole() - out, 0) / 2 : 0;
    return out >= least && out < least + stride && cut == before;
  }
};

TransposedPlan plan_transposed(const ConvTranspose2dOp& op, const Shape& in, const Shape& kernel,
                               const Shape& out) {
  TransposedPlan plan{schema::Padding::VALID, out, {}, {0, 0}};
  std::array<TransposedAxis, 2> axes{};
  for (std::size_t i = 0; i < 2; ++i) {
    const int at = static_cast<int>(i);
    axes[i] = {in[at + 1], out[at + 1], kernel[at], op.spatial.stride[i], op.spatial.pad_before[i]};
  }
  for (const auto padding : {schema::Padding::VALID, schema::Padding::SAME}) {
    if (!axes[0].is(padding) || !axes[1].is(padding)) continue;
    plan.padding = padding;
    return plan;
  }
  plan.cut_before = {0, op.spatial.pad_before[0], op.spatial.pad_before[1], 0};
  for (std::size_t i = 0; i < 2; ++i) {
    const TransposedAxis& axis = axes[i];
    const std::int64_t missing = axis.before + axis.out - axis.whole();
    if (missing > 0) plan.more[i] = (missing + axis.stride - 1) / axis.stride;
    plan.made[static_cast<int>(i) + 1] = axis.whole() + plan.more[i] * axis.stride;
  }
  return plan;
}

}  // namespace

Status write_operation(NodeWriter& writer, const Conv2dOp& op) {
  const Shape kernel = writer.in(1).shape;
  const std::int64_t channels = writer.in(0).shape[3];
  const PaddedImage image =
      pad_for_window(writer, op.spatial, {kernel[0], kernel[1]},
                     pad_value_of({writer.in(0).dtype, writer.in(0).quantization}));
  const auto [stride_h, stride_w] = op.spatial.stride;
  const auto [dilation_h, dilation_w] = op.spatial.dilation;
  const bool dilated = dilation_h > 1 || dilation_w > 1;
  if (op.groups > 1 && op.groups == channels) {
    Weights weights = add_weights(writer, KernelLayout::kDepthwise);
    require_bias(writer, weights);
    const auto table = schema::CreateDepthwiseConv2DOptions(
        writer.tables(), image.padding, as_int(stride_w), as_int(stride_h),
        as_int(kernel[3] / channels), writer.step.activation, as_int(dilation_w),
        as_int(dilation_h));
    return writer.finish(Code::DEPTHWISE_CONV_2D, with_bias(image.tensor, weights),
                         writer.options(table), dilated ? 2 : 1);
  }
  Weights weights = add_weights(writer, KernelLayout::kLastToFirst);
  require_bias(writer, weights);
  const auto table = schema::CreateConv2DOptions(writer.tables(), image.padding, as_int(stride_w),
                                                 as_int(stride_h), writer.step.activation,
                                                 as_int(dilation_w), as_int(dilation_h));
  constexpr int kGroupedVersion = 6;
  return writer.finish(Code::CONV_2D, with_bias(image.tensor, weights), writer.options(table),
                       op.groups > 1 ? kGroupedVersion : 1);
}

Status write_operation(NodeWriter&, const Conv3dOp&) {
  return unimplemented("convolutions of volumes cannot be written as TensorFlow Lite");
}

Status write_operation(NodeWriter& writer, const ConvTranspose2dOp& op) {
  if (op.groups != 1 || op.spatial.dilation != Pair{1, 1}) {
    return unimplemented("TRANSPOSE_CONV has neither groups nor dilation");
  }
  TensorId x = writer.input(0);
  const Shape out = writer.out().shape;
  const TransposedPlan plan = plan_transposed(op, writer.shape(x), writer.in(1).shape, out);
  if (plan.more != Pair{0, 0}) {
    const std::vector<std::int64_t> none(4, 0);
    const std::vector<std::int64_t> behind{0, plan.more[0], plan.more[1], 0};
    x = pad(writer, x, none, behind, pad_value_of(writer.type(x)));
  }
  const Weights weights = add_weights(writer, KernelLayout::kThirdToFirst);
  const auto table = schema::CreateTransposeConvOptions(
      writer.tables(), plan.padding, as_int(op.spatial.stride[1]), as_int(op.spatial.stride[0]));
  NodeWriter::Tensors inputs{writer.integers(plan.made.dims()), weights.kernel, x};
  if (weights.bias != kNoTensor) inputs.push_back(weights.bias);
  const int version = weights.bias != kNoTensor ? 3 : 1;
  if (plan.cut_before.empty()) {
    return writer.finish(Code::TRANSPOSE_CONV, inputs, writer.options(table), version);
  }
  const ElementType type(writer.out().dtype, writer.out().quantization);
  const TensorId whole =
      writer.add(Code::TRANSPOSE_CONV, inputs, type, plan.made, writer.options(table), version);
  return writer.finish(Code::SLICE,
                       {whole, writer.integers(plan.cut_before), writer.integers(out.dims())});
}

Status write_operation(NodeWriter& writer, const DenseOp&) {
  const TensorId x = writer.input(0);
  const Weights weights = add_weights(writer, KernelLayout::kLastToFirst);
  const bool keeps_rank = writer.shape(x).rank() != 2;
  const auto table =
      schema::CreateFullyConnectedOptions(writer.tables(), writer.step.activation, 0, keeps_rank);
  constexpr int kRankVersion = 5;
  return writer.finish(Code::FULLY_CONNECTED, {x, weights.kernel, weights.bias},
                       writer.options(table), keeps_rank ? kRankVersion : 1);
}

Status write_operation(NodeWriter& writer, const MatmulOp& op) {
  const auto table =
      schema::CreateBatchMatMulOptions(writer.tables(), op.transpose_a, op.transpose_b);
  return writer.finish(Code::BATCH_MATMUL, {writer.input(0), writer.input(1)},
                       writer.options(table));
}

}  // namespace tinysplit::tflite
