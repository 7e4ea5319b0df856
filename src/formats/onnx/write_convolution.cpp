#include <algorithm>

#include "formats/onnx/node_writer.h"

namespace tinysplit::onnx_format {
namespace {

constexpr Order kFirst = Order::kChannelsFirst;

template <std::size_t Axes>
std::vector<std::int64_t> list(const std::array<std::int64_t, Axes>& values) {
  return {values.begin(), values.end()};
}

template <std::size_t Axes>
std::vector<std::int64_t> pads_of(const Spatial<Axes>& spatial) {
  std::vector<std::int64_t> pads = list(spatial.pad_before);
  pads.insert(pads.end(), spatial.pad_after.begin(), spatial.pad_after.end());
  return pads;
}

// The name of an optional bias.
Result<std::string> bias_of(NodeWriter& node) {
  if (node.num_inputs() < 3) return std::string();
  return node.file.bias(node.id(2), node.id(0), node.id(1));
}

// [spatial...,C/groups,F] to [F,C/groups,spatial...], which is its own inverse.
std::vector<int> filters_first(int rank) {
  std::vector<int> permutation{rank - 1, rank - 2};
  for (int axis = 0; axis + 2 < rank; ++axis) permutation.push_back(axis);
  return permutation;
}

template <std::size_t Axes>
Status write_convolution(NodeWriter& node, const Spatial<Axes>& spatial, std::int64_t groups) {
  const Shape& kernel = node.shape(1);
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string weights,
      node.file.weights(node.id(1), kernel, filters_first(kernel.rank()), 0, "kernel"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bias, bias_of(node));
  const auto size = kernel.dims().first(Axes);
  node.set(node.file.add(
               "Conv", {node.real(0, kFirst), weights, bias},
               {attribute("dilations", list(spatial.dilation)), attribute("group", groups),
                attribute("kernel_shape", std::vector<std::int64_t>(size.begin(), size.end())),
                attribute("pads", pads_of(spatial)), attribute("strides", list(spatial.stride))}),
           kFirst);
  return ok_status();
}

template <std::size_t Axes>
Status write_pool(NodeWriter& node, PoolKind kind, const std::array<std::int64_t, Axes>& window,
                  const Spatial<Axes>& spatial, bool count_padding) {
  const auto size = attribute("kernel_shape", list(window));
  const auto pads = attribute("pads", pads_of(spatial));
  const auto strides = attribute("strides", list(spatial.stride));
  if (kind == PoolKind::kAverage) {
    if (spatial.dilation != Spatial<Axes>().dilation) {
      return unimplemented("averages a dilated window, which ONNX has from operator set 19 on");
    }
    node.set(
        node.file.add("AveragePool", {node.real(0, kFirst)},
                      {attribute("count_include_pad", count_padding ? 1 : 0), size, pads, strides}),
        kFirst);
    return ok_status();
  }
  const auto dilations = attribute("dilations", list(spatial.dilation));
  // The largest stored number stands for the largest real one.
  const bool on_stored = node.is_quantized() && same_numbers(node.value(0), node.output());
  const std::string x = on_stored ? node.stored(0, kFirst) : node.real(0, kFirst);
  const std::string y = node.file.add("MaxPool", {x}, {dilations, size, pads, strides});
  on_stored ? node.set_stored(y, kFirst) : node.set(y, kFirst);
  return ok_status();
}

}  // namespace

Status write(NodeWriter& node, const Conv2dOp& op) {
  return write_convolution(node, op.spatial, op.groups);
}

Status write(NodeWriter& node, const Conv3dOp& op) {
  return write_convolution(node, op.spatial, op.groups);
}

// The kernel [KH,KW,F/groups,C] becomes [C,F/groups,KH,KW].
Status write(NodeWriter& node, const ConvTranspose2dOp& op) {
  const Shape& kernel = node.shape(1);
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string weights,
      node.file.weights(node.id(1), kernel, filters_first(kernel.rank()), 1, "kernel"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bias, bias_of(node));
  node.set(
      node.file.add(
          "ConvTranspose", {node.real(0, kFirst), weights, bias},
          {attribute("dilations", list(op.spatial.dilation)), attribute("group", op.groups),
           attribute("kernel_shape", std::vector<std::int64_t>{kernel[0], kernel[1]}),
           attribute("output_padding", list(op.output_padding)),
           attribute("pads", pads_of(op.spatial)), attribute("strides", list(op.spatial.stride))}),
      kFirst);
  return ok_status();
}

Status write(NodeWriter& node, const Pool2dOp& op) {
  return write_pool(node, op.kind, op.window, op.spatial, op.count_padding);
}

Status write(NodeWriter& node, const Pool3dOp& op) {
  return write_pool(node, op.kind, op.window, op.spatial, op.count_padding);
}

Status write(NodeWriter& node, const GlobalPoolOp& op) {
  const char* kind = op.kind == PoolKind::kMax ? "GlobalMaxPool" : "GlobalAveragePool";
  const std::string cell = node.file.add(kind, {node.real(0, kFirst)});
  node.set(node.file.add("Flatten", {cell}, {attribute("axis", 1)}));
  return ok_status();
}

Status write(NodeWriter& node, const ResizeOp& op) {
  const char* coordinates = "half_pixel";
  const char* rounding = op.rounding == ResizeRounding::kFloor              ? "floor"
                         : op.rounding == ResizeRounding::kCeil             ? "ceil"
                         : op.rounding == ResizeRounding::kRoundPreferFloor ? "round_prefer_floor"
                                                                            : "round_prefer_ceil";
  switch (op.coordinates) {
    case ResizeCoordinates::kHalfPixel:
      break;
    case ResizeCoordinates::kPytorchHalfPixel:
      coordinates = "pytorch_half_pixel";
      break;
    case ResizeCoordinates::kAlignCorners:
      coordinates = "align_corners";
      break;
    case ResizeCoordinates::kAsymmetric:
      coordinates = "asymmetric";
      break;
    case ResizeCoordinates::kHalfPixelFloor:
      // floor((i + 1/2) * s) is (i + 1/2) * s - 1/2 with halves rounded up.
      if (op.kind != ResizeKind::kNearest || op.rounding != ResizeRounding::kFloor) {
        return unimplemented("resizes with coordinates that ONNX does not have");
      }
      rounding = "round_prefer_ceil";
      break;
  }
  const bool nearest = op.kind == ResizeKind::kNearest;
  const Shape& in = node.shape(0);
  std::vector<std::string> inputs{node.real(0, kFirst), ""};
  if (op.scale[0] > 0.0f && op.scale[1] > 0.0f) {
    Tensor scales(DType::kFloat32, Shape{4});
    std::ranges::copy(std::array{1.0f, 1.0f, op.scale[0], op.scale[1]}, scales.as<float>().begin());
    inputs.push_back(node.file.constant(scales, "scales"));
  } else {
    inputs.emplace_back();
    inputs.push_back(node.file.integers({in[0], in[3], op.size[0], op.size[1]}, "sizes"));
  }
  const auto mode = attribute("mode", std::string_view(nearest ? "nearest" : "linear"));
  const auto transformation =
      attribute("coordinate_transformation_mode", std::string_view(coordinates));
  node.set(nearest ? node.file.add("Resize", inputs,
                                   {transformation, mode,
                                    attribute("nearest_mode", std::string_view(rounding))})
                   : node.file.add("Resize", inputs, {transformation, mode}),
           kFirst);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
