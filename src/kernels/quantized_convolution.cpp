#include <algorithm>
#include <memory>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_row_ring.h"
#include "kernels/quantized_stage.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

constexpr std::size_t kBlockBytes = 16 << 10;  // of loaded activations: half of a usual L1 cache
constexpr std::size_t kBlockPixels = 24;       // a multiple of what vector code computes at once
constexpr std::size_t kSlack = 64;             // bytes that vector code may read behind its rows

// Weights of one operation in the order in which tiles read them.
struct PackedProduct {
  ProductKernels kernels;
  std::vector<std::byte> weights;  // [group] of what ProductRow describes
  PackedStage stage;
  std::size_t groups;
  std::size_t group_filters;
  std::size_t num_runs;
  std::size_t words;
  bool is_signed;
  std::int32_t zero_point;  // of the activations

  std::size_t filters() const { return groups * group_filters; }
  std::size_t filter_tiles() const { return (group_filters + kTileFilters - 1) / kTileFilters; }

  // Activations that are all the zero point.
  void fill(std::byte* cells, std::size_t count) const {
    if (kernels.cells == 4) {
      std::fill_n(cells, count, static_cast<std::byte>(zero_point + (is_signed ? 128 : 0)));
    } else {
      std::fill_n(reinterpret_cast<std::int16_t*>(cells), count,
                  static_cast<std::int16_t>(zero_point));
    }
  }

  // All filters of `pixels` pixels in one row of the output. run_starts: of group 0; steps: bytes.
  void run_row(std::span<const std::byte* const> run_starts, std::size_t group_step,
               std::size_t pixel_step, std::size_t pixels, std::uint8_t* y) const {
    ProductRow row;
    row.runs = run_starts.data();
    row.num_runs = num_runs;
    row.words = words;
    row.pixel_step = pixel_step;
    row.weights = weights.data();
    row.stage = stage.stage();
    row.output = y;
    row.output_step = filters();
    row.pixels = pixels;
    row.filters = group_filters;
    for (std::size_t group = 0; group < groups; ++group) {
      kernels.product(row);
      row.offset += group_step;
      row.weights += filter_tiles() * row.tile_bytes();
      row.stage.lanes += filter_tiles();
      row.output += group_filters;
    }
  }
};

ProductKernels kernels_for(const ByteWeights& weights, const TileKernels& tiles) {
  if (!weights.suits_vectors) return portable_tiles().pairs;
  return weights.fit_bytes && tiles.fours.product != nullptr ? tiles.fours : tiles.pairs;
}

template <typename Cell>
void pack_weights(const ByteWeights& read, std::size_t run_cells, PackedProduct& packed) {
  constexpr std::size_t kCells = kWordBytes / sizeof(Cell);
  const std::size_t per_tile = packed.num_runs * packed.words * kTileFilters * kCells;
  const std::size_t tiles = packed.groups * packed.filter_tiles();
  packed.weights.resize(tiles * per_tile * sizeof(Cell));
  Cell* to = reinterpret_cast<Cell*>(packed.weights.data());
  for (std::size_t i = 0; i < tiles; ++i, to += per_tile) {
    const std::size_t first = i % packed.filter_tiles() * kTileFilters;
    const std::size_t count = std::min(kTileFilters, packed.group_filters - first);
    const std::size_t filter = i / packed.filter_tiles() * packed.group_filters + first;
    for (std::size_t cell = 0; cell < packed.num_runs * run_cells; ++cell) {
      const std::size_t run = cell / run_cells, at = cell % run_cells;
      Cell* word = to + (run * packed.words + at / kCells) * kTileFilters * kCells + at % kCells;
      for (std::size_t f = 0; f < count; ++f) {
        word[kCells * f] = static_cast<Cell>(read.values[cell * read.filters + filter + f]);
      }
    }
  }
}

// `run_cells`: weights of one run for one filter; runs follow each other in the constant.
std::shared_ptr<const PackedProduct> pack(const KernelSpec& spec, const TileKernels& tiles,
                                          std::size_t groups, std::size_t num_runs,
                                          std::size_t run_cells) {
  ByteWeights read = read_weights(spec);
  const ProductKernels kernels = kernels_for(read, tiles);
  const bool is_signed = is_signed_byte(*spec.inputs[0]);
  if (kernels.cells == 4 && is_signed) read.shift_activations();
  const std::size_t group_filters = read.filters / groups;
  const FilterOrder order = tiled_order(read.filters, group_filters, kTileFilters);
  auto packed =
      std::make_shared<PackedProduct>(PackedProduct{kernels,
                                                    {},
                                                    PackedStage(spec, read.bias, order),
                                                    groups,
                                                    group_filters,
                                                    num_runs,
                                                    (run_cells + kernels.cells - 1) / kernels.cells,
                                                    is_signed,
                                                    affine_of(*spec.inputs[0]).zero_point});
  if (kernels.cells == 4) {
    pack_weights<std::int8_t>(read, run_cells, *packed);
  } else {
    pack_weights<std::int16_t>(read, run_cells, *packed);
  }
  return packed;
}

// Dense layers, and 1x1 convolutions, whose pixels need not be rows of an image.
Body pointwise_body(const KernelSpec& spec, const TileKernels& tiles, std::size_t depth) {
  const auto packed = pack(spec, tiles, 1, 1, depth);
  const std::size_t pixels = usize(spec.inputs[0]->shape.num_elements()) / depth;
  const std::size_t pixel_bytes = depth * packed->kernels.cell_bytes();
  const std::size_t fitting = kBlockBytes / pixel_bytes / kBlockPixels * kBlockPixels;
  const std::size_t block = std::min(std::max(fitting, kBlockPixels), pixels);
  Body body;
  body.scratch_bytes = block * pixel_bytes + kSlack;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte* scratch) {
    const auto* x = reinterpret_cast<const std::uint8_t*>(inputs[0]);
    auto* y = reinterpret_cast<std::uint8_t*>(output);
    for (std::size_t at = 0; at < pixels; at += block) {
      const std::size_t count = std::min(block, pixels - at);
      packed->kernels.load(x + at * depth, packed->is_signed, count * depth, scratch);
      const std::byte* const run = scratch;
      packed->run_row({&run, 1}, 0, pixel_bytes, count, y + at * packed->filters());
    }
  };
  return body;
}

// A convolution over rows that are loaded once each into a ring as high as the kernel.
class RowConvolution {
 public:
  RowConvolution(const Conv2dOp& op, const KernelSpec& spec, const TileKernels& tiles)
      : op_(op), in_(spec.inputs[0]->shape), out_(spec.output->shape) {
    const Shape& kernel = spec.inputs[1]->shape;
    kernel_rows_ = usize(kernel[0]);
    const std::size_t columns = usize(kernel[1]), group_channels = usize(kernel[2]);
    const bool whole_rows = op.groups == 1 && op.spatial.dilation[1] == 1;
    runs_per_row_ = whole_rows ? 1 : columns;
    packed_ = pack(spec, tiles, usize(op.groups), kernel_rows_ * runs_per_row_,
                   whole_rows ? columns * group_channels : group_channels);
    ring_rows_ = (kernel_rows_ - 1) * usize(op.spatial.dilation[0]) + 1;
    pixel_bytes_ = usize(in_[3]) * packed_->kernels.cell_bytes();
    group_bytes_ = group_channels * packed_->kernels.cell_bytes();
    const std::int64_t cells = in_[2] + op.spatial.pad_before[1] + op.spatial.pad_after[1];
    row_bytes_ = (usize(cells) * pixel_bytes_ + 2 * kSlack - 1) / kSlack * kSlack;
  }

  // Rows, one more of zero points, then the starts of runs.
  std::size_t scratch_bytes() const {
    return (ring_rows_ + 1) * row_bytes_ + packed_->num_runs * sizeof(const std::byte*);
  }

  void run(const std::uint8_t* x, std::uint8_t* y, std::byte* scratch) const {
    const std::size_t ring_bytes = (ring_rows_ + 1) * row_bytes_;
    auto* starts = reinterpret_cast<const std::byte**>(scratch + ring_bytes);
    packed_->fill(scratch, ring_bytes / packed_->kernels.cell_bytes());
    const std::size_t width = usize(in_[2] * in_[3]);
    for (std::int64_t n = 0; n < in_[0]; ++n, x += usize(in_[1]) * width) {
      RowRing ring(scratch, ring_rows_, row_bytes_, in_[1]);
      for (std::int64_t row = 0; row < out_[1]; ++row) {
        const std::int64_t top = row * op_.spatial.stride[0] - op_.spatial.pad_before[0];
        ring.move_to(top, [&](std::int64_t made, std::byte* to) {
          packed_->kernels.load(x + usize(made) * width, packed_->is_signed, width,
                                to + usize(op_.spatial.pad_before[1]) * pixel_bytes_);
        });
        find_runs(ring, top, starts);
        packed_->run_row({starts, packed_->num_runs}, group_bytes_,
                         usize(op_.spatial.stride[1]) * pixel_bytes_, usize(out_[2]), y);
        y += usize(out_[2]) * packed_->filters();
      }
    }
  }

 private:
  void find_runs(const RowRing& ring, std::int64_t top, const std::byte** starts) const {
    for (std::size_t ky = 0; ky < kernel_rows_; ++ky) {
      const std::byte* start =
          ring.row(top + static_cast<std::int64_t>(ky) * op_.spatial.dilation[0]);
      for (std::size_t kx = 0; kx < runs_per_row_; ++kx) {
        *starts++ = start + kx * usize(op_.spatial.dilation[1]) * pixel_bytes_;
      }
    }
  }

  Conv2dOp op_;
  Shape in_, out_;
  std::shared_ptr<const PackedProduct> packed_;
  std::size_t kernel_rows_ = 1, runs_per_row_ = 1, ring_rows_ = 1;
  std::size_t pixel_bytes_ = 0, group_bytes_ = 0, row_bytes_ = 0;  // of loaded activations
};

bool is_pointwise(const Conv2dOp& op, const Shape& kernel) {
  const Spatial2d plain;
  return op.groups == 1 && kernel[0] == 1 && kernel[1] == 1 && op.spatial.stride == plain.stride &&
         op.spatial.pad_before == plain.pad_before && op.spatial.pad_after == plain.pad_after;
}

}  // namespace

Body convolution_body(const KernelSpec& spec, const TileKernels& tiles) {
  const auto* conv = std::get_if<Conv2dOp>(spec.op);
  if (conv == nullptr && !std::holds_alternative<DenseOp>(*spec.op)) return {};
  const Value& weights = *spec.inputs[1];
  if (!is_byte(*spec.inputs[0]) || !is_byte(*spec.output) || dtype_size(weights.dtype) != 1 ||
      !weights.is_constant()) {
    return {};
  }
  if (conv == nullptr) return pointwise_body(spec, tiles, usize(weights.shape[0]));
  if (is_pointwise(*conv, weights.shape)) {
    return pointwise_body(spec, tiles, usize(weights.shape[2]));
  }
  const auto rows = std::make_shared<const RowConvolution>(*conv, spec, tiles);
  Body body;
  body.scratch_bytes = rows->scratch_bytes();
  body.run = [rows](std::span<const std::byte* const> inputs, std::byte* output,
                    std::byte* scratch) {
    rows->run(reinterpret_cast<const std::uint8_t*>(inputs[0]),
              reinterpret_cast<std::uint8_t*>(output), scratch);
  };
  return body;
}

}  // namespace tinysplit::quantized
