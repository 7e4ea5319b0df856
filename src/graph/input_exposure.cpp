#include "graph/input_exposure.h"

#include <algorithm>
#include <cstdint>

#include "core/numeric.h"
#include "graph/op_traits.h"

namespace tinysplit {
namespace {

// The weights of a kernel, told apart only by whether they multiply by 0; without data none does.
class KernelWeights {
 public:
  explicit KernelWeights(const Value& kernel) : kernel_(kernel) {}

  bool is_zero(std::int64_t index, std::int64_t filter) const {
    if (!kernel_.is_constant()) return false;
    const std::size_t i = usize(index);
    switch (kernel_.dtype) {
      case DType::kFloat32:
        return kernel_.data->as<float>()[i] == 0.0f;
      case DType::kInt8:
        return kernel_.data->as<std::int8_t>()[i] == zero_point(filter);
      case DType::kUint8:
        return kernel_.data->as<std::uint8_t>()[i] == zero_point(filter);
      case DType::kInt16:
        return kernel_.data->as<std::int16_t>()[i] == zero_point(filter);
      default:
        return false;
    }
  }

 private:
  std::int32_t zero_point(std::int64_t filter) const {
    if (!kernel_.quantization) return 0;
    const std::vector<std::int32_t>& points = kernel_.quantization->zero_point;
    return points[points.size() == 1 ? 0 : usize(filter)];
  }

  const Value& kernel_;
};

// Cells of a window along one axis that ever lie on the input.
std::vector<std::int64_t> reachable_cells(std::int64_t window, std::int64_t dilation,
                                          std::int64_t stride, std::int64_t pad, std::int64_t input,
                                          std::int64_t output) {
  std::vector<std::int64_t> cells;
  const std::int64_t end = std::min(window, (input - 1 + pad) / dilation + 1);
  for (std::int64_t k = 0; k < end; ++k) {
    // Where it lies for the first output, and for the first output that has it on the input.
    const std::int64_t first = k * dilation - pad;
    const std::int64_t steps = first < 0 ? (-first + stride - 1) / stride : 0;
    if (steps < output && first + steps * stride < input) cells.push_back(k);
  }
  return cells;
}

template <std::size_t Axes>
std::array<std::vector<std::int64_t>, Axes> reachable_window(
    const std::array<std::int64_t, Axes>& window, const Spatial<Axes>& spatial, const Shape& input,
    const Shape& output) {
  std::array<std::vector<std::int64_t>, Axes> cells;
  for (std::size_t a = 0; a < Axes; ++a) {
    const int axis = static_cast<int>(a) + 1;
    cells[a] = reachable_cells(window[a], spatial.dilation[a], spatial.stride[a],
                               spatial.pad_before[a], input[axis], output[axis]);
  }
  return cells;
}

// A filter of one weight hands on what it reads; one of none hands on nothing.
bool hides(std::int64_t weights) { return weights != 1; }

template <std::size_t Axes>
bool convolution_mixes(const Spatial<Axes>& spatial, const Graph& graph, const Node& node) {
  const Value& kernel = graph.value(node.inputs[1]);
  std::array<std::int64_t, Axes> window;
  for (std::size_t a = 0; a < Axes; ++a) window[a] = kernel.shape[static_cast<int>(a)];
  const auto cells = reachable_window(window, spatial, graph.value(node.inputs[0]).shape,
                                      graph.value(node.output).shape);
  // Offsets of the cells in the kernel, whose last axes are channels and filters.
  const int rank = kernel.shape.rank();
  const std::int64_t channels = kernel.shape[rank - 2], filters = kernel.shape[rank - 1];
  std::vector<std::int64_t> offsets = {0};
  for (std::size_t a = 0; a < Axes; ++a) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t offset : offsets) {
      for (const std::int64_t k : cells[a]) longer.push_back(offset * window[a] + k);
    }
    offsets = std::move(longer);
  }
  const KernelWeights weights(kernel);
  for (std::int64_t f = 0; f < filters; ++f) {
    std::int64_t count = 0;
    for (const std::int64_t offset : offsets) {
      for (std::int64_t c = 0; c < channels && count < 2; ++c) {
        count += !weights.is_zero((offset * channels + c) * filters + f, f);
      }
    }
    if (!hides(count)) return false;
  }
  return true;
}

// Cell k of the kernel writes the output cells of one remainder by the stride; those of one
// remainder on both axes are what an output element is the sum of.
bool transposed_convolution_mixes(const ConvTranspose2dOp& op, const Graph& graph,
                                  const Node& node) {
  const Value& kernel = graph.value(node.inputs[1]);
  const std::int64_t filters = kernel.shape[2], channels = kernel.shape[3] / op.groups;
  const auto& [stride_y, stride_x] = op.spatial.stride;
  const KernelWeights weights(kernel);
  std::vector<std::int64_t> counts(usize(stride_y * stride_x));
  for (std::int64_t f = 0; f < filters; ++f) {
    for (std::int64_t g = 0; g < op.groups; ++g) {
      std::ranges::fill(counts, 0);
      for (std::int64_t ky = 0; ky < kernel.shape[0]; ++ky) {
        for (std::int64_t kx = 0; kx < kernel.shape[1]; ++kx) {
          const std::int64_t phase = ky * op.spatial.dilation[0] % stride_y * stride_x +
                                     kx * op.spatial.dilation[1] % stride_x;
          const std::int64_t first =
              ((ky * kernel.shape[1] + kx) * filters + f) * kernel.shape[3] + g * channels;
          for (std::int64_t c = 0; c < channels; ++c) {
            counts[usize(phase)] += !weights.is_zero(first + c, g * filters + f);
          }
        }
      }
      if (!std::ranges::all_of(counts, hides)) return false;
    }
  }
  return true;
}

bool dense_mixes(const Value& kernel) {
  const std::int64_t channels = kernel.shape[0], units = kernel.shape[1];
  const KernelWeights weights(kernel);
  for (std::int64_t unit = 0; unit < units; ++unit) {
    std::int64_t count = 0;
    for (std::int64_t c = 0; c < channels && count < 2; ++c) {
      count += !weights.is_zero(c * units + unit, unit);
    }
    if (!hides(count)) return false;
  }
  return true;
}

bool kernel_mixes(const Graph& graph, const Node& node) {
  if (const auto* op = std::get_if<Conv2dOp>(&node.op)) {
    return convolution_mixes(op->spatial, graph, node);
  }
  if (const auto* op = std::get_if<Conv3dOp>(&node.op)) {
    return convolution_mixes(op->spatial, graph, node);
  }
  if (const auto* op = std::get_if<ConvTranspose2dOp>(&node.op)) {
    return transposed_convolution_mixes(*op, graph, node);
  }
  return dense_mixes(graph.value(node.inputs[1]));
}

bool window_mixes(const Graph& graph, const Node& node) {
  const Shape& input = graph.value(node.inputs[0]).shape;
  const Shape& output = graph.value(node.output).shape;
  const auto sees_several = [](const auto& cells) {
    return std::ranges::any_of(cells, [](const auto& axis) { return axis.size() > 1; });
  };
  if (const auto* op = std::get_if<Pool2dOp>(&node.op)) {
    return sees_several(reachable_window(op->window, op->spatial, input, output));
  }
  const auto& op = std::get<Pool3dOp>(node.op);
  return sees_several(reachable_window(op.window, op.spatial, input, output));
}

// Elements of the second input that one of the output is a sum over.
bool product_mixes(const Graph& graph, const Node& node) {
  const Shape& a = graph.value(node.inputs[0]).shape;
  return a[a.rank() - (std::get<MatmulOp>(node.op).transpose_a ? 2 : 1)] > 1;
}

}  // namespace

bool mixes(const Graph& graph, const Node& node) {
  switch (traits_of(node.op).mixing) {
    case Mixing::kNone:
      return false;
    case Mixing::kKernel:
      return kernel_mixes(graph, node);
    case Mixing::kWindow:
      return window_mixes(graph, node);
    case Mixing::kAxes:
      return graph.value(node.output).shape.num_elements() <
             graph.value(node.inputs[0]).shape.num_elements();
    case Mixing::kProduct:
      return product_mixes(graph, node);
    case Mixing::kSteps:
      return true;
  }
  return false;
}

std::vector<bool> find_exposed_values(const Graph& graph) {
  std::vector<bool> exposed(graph.values().size(), false);
  for (const ValueId input : graph.inputs()) exposed[usize(input)] = true;
  for (const Node& node : graph.nodes()) {
    const bool reads_exposed =
        std::ranges::any_of(node.inputs, [&](ValueId input) { return exposed[usize(input)]; });
    exposed[usize(node.output)] = reads_exposed && !mixes(graph, node);
  }
  return exposed;
}

}  // namespace tinysplit
