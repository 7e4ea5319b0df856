#include <algorithm>
#include <memory>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_stage.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

using native::usize;

constexpr std::size_t kBlockBytes = 16 << 10;  // of widened activations: half of a usual L1 cache
constexpr std::size_t kBlockPixels = 12;       // a multiple of what vector code computes at once
constexpr std::size_t kSlack = 64;             // bytes that vector code may write behind its rows

// Weights of one operation in the order in which tiles read them.
struct PackedProduct {
  std::vector<std::int16_t> weights;  // [group][filter tile][run][pair][kTileFilters][2]
  PackedStage stage;
  TileKernels tiles;
  std::size_t groups;
  std::size_t group_filters;
  std::size_t num_runs;
  std::size_t pairs;
  bool is_signed;

  std::size_t filters() const { return groups * group_filters; }
  std::size_t filter_tiles() const { return (group_filters + kTileFilters - 1) / kTileFilters; }

  // All filters of `pixels` pixels in one row of the output. run_starts: of group 0.
  void run_row(std::span<const std::int16_t* const> run_starts, std::size_t group_step,
               std::size_t pixel_step, std::size_t pixels, std::uint8_t* y) const {
    const std::size_t tile_weights = num_runs * pairs * kTileFilters * 2;
    ProductTile tile;
    tile.runs = run_starts.data();
    tile.num_runs = num_runs;
    tile.pairs = pairs;
    tile.pixel_step = pixel_step;
    tile.weights = weights.data();
    tile.output_step = filters();
    tile.pixels = pixels;
    for (std::size_t i = 0; i < groups * filter_tiles(); ++i, tile.weights += tile_weights) {
      const std::size_t group = i / filter_tiles();
      const std::size_t first = i % filter_tiles() * kTileFilters;
      tile.stage = stage.at(i * kTileFilters);
      tile.filters = std::min(kTileFilters, group_filters - first);
      tile.offset = group * group_step;
      tile.output = y + group * group_filters + first;
      tiles.product(tile);
    }
  }
};

// `run_cells`: weights of one run for one filter; runs follow each other in the constant.
std::shared_ptr<const PackedProduct> pack(const KernelSpec& spec, const TileKernels& tiles,
                                          std::size_t groups, std::size_t num_runs,
                                          std::size_t run_cells) {
  const ByteWeights read = read_weights(spec);
  const std::size_t group_filters = read.filters / groups;
  auto packed = std::make_shared<PackedProduct>(
      PackedProduct{{},
                    PackedStage(spec, read.bias, group_filters, kTileFilters),
                    tiles,
                    groups,
                    group_filters,
                    num_runs,
                    (run_cells + 1) / 2,
                    is_signed_byte(*spec.inputs[0])});
  if (!read.has_small_sums || !packed->stage.has_small_factors()) packed->tiles = portable_tiles();
  const std::size_t per_tile = num_runs * packed->pairs * kTileFilters * 2;
  packed->weights.resize(groups * packed->filter_tiles() * per_tile);
  std::int16_t* to = packed->weights.data();
  for (std::size_t i = 0; i < groups * packed->filter_tiles(); ++i, to += per_tile) {
    const std::size_t first = i % packed->filter_tiles() * kTileFilters;
    const std::size_t count = std::min(kTileFilters, group_filters - first);
    const std::size_t filter = i / packed->filter_tiles() * group_filters + first;
    for (std::size_t cell = 0; cell < num_runs * run_cells; ++cell) {
      const std::size_t run = cell / run_cells, at = cell % run_cells;
      std::int16_t* pair = to + (run * packed->pairs + at / 2) * kTileFilters * 2 + at % 2;
      for (std::size_t f = 0; f < count; ++f) {
        pair[2 * f] = read.values[cell * read.filters + filter + f];
      }
    }
  }
  return packed;
}

// Dense layers, and 1x1 convolutions, whose pixels need not be rows of an image.
Body pointwise_body(const KernelSpec& spec, const TileKernels& tiles, std::size_t depth) {
  const auto packed = pack(spec, tiles, 1, 1, depth);
  const std::size_t pixels = usize(spec.inputs[0]->shape.num_elements()) / depth;
  const std::size_t fitting = kBlockBytes / (2 * depth) / kBlockPixels * kBlockPixels;
  const std::size_t block = std::min(std::max(fitting, kBlockPixels), pixels);
  Body body;
  body.scratch_bytes = block * depth * 2 + kSlack;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte* scratch) {
    const auto* x = reinterpret_cast<const std::uint8_t*>(inputs[0]);
    auto* y = reinterpret_cast<std::uint8_t*>(output);
    auto* widened = reinterpret_cast<std::int16_t*>(scratch);
    for (std::size_t at = 0; at < pixels; at += block) {
      const std::size_t count = std::min(block, pixels - at);
      packed->tiles.widen(x + at * depth, packed->is_signed, count * depth, widened);
      const std::int16_t* const run = widened;
      packed->run_row({&run, 1}, 0, depth, count, y + at * packed->filters());
    }
  };
  return body;
}

// A convolution over rows that are widened once each into a ring as high as the kernel.
class RowConvolution {
 public:
  RowConvolution(const Conv2dOp& op, const KernelSpec& spec, const TileKernels& tiles)
      : op_(op), in_(spec.inputs[0]->shape), out_(spec.output->shape) {
    const Shape& kernel = spec.inputs[1]->shape;
    const std::size_t rows = usize(kernel[0]), columns = usize(kernel[1]);
    group_channels_ = usize(kernel[2]);
    const bool whole_rows = op.groups == 1 && op.spatial.dilation[1] == 1;
    runs_per_row_ = whole_rows ? 1 : columns;
    packed_ = pack(spec, tiles, usize(op.groups), rows * runs_per_row_,
                   whole_rows ? columns * group_channels_ : group_channels_);
    ring_rows_ = (rows - 1) * usize(op.spatial.dilation[0]) + 1;
    channels_ = usize(in_[3]);
    const std::int64_t cells = in_[2] + op.spatial.pad_before[1] + op.spatial.pad_after[1];
    row_size_ = (usize(cells) * channels_ * 2 + 2 * kSlack - 1) / kSlack * kSlack / 2;
    zero_ = static_cast<std::int16_t>(affine_of(*spec.inputs[0]).zero_point);
  }

  // Rows, one more of zero points, then the starts of runs.
  std::size_t scratch_bytes() const {
    return (ring_rows_ + 1) * row_size_ * 2 + packed_->num_runs * sizeof(const std::int16_t*);
  }

  void run(const std::uint8_t* x, std::uint8_t* y, std::byte* scratch) const {
    auto* ring = reinterpret_cast<std::int16_t*>(scratch);
    std::int16_t* outside = ring + ring_rows_ * row_size_;
    auto* starts = reinterpret_cast<const std::int16_t**>(outside + row_size_);
    std::fill_n(ring, (ring_rows_ + 1) * row_size_, zero_);
    const std::size_t image = usize(in_[1] * in_[2]) * channels_;
    for (std::int64_t n = 0; n < in_[0]; ++n, x += image) {
      std::int64_t widened = 0;  // rows of the image that are in the ring or have left it
      for (std::int64_t row = 0; row < out_[1]; ++row) {
        const std::int64_t top = row * op_.spatial.stride[0] - op_.spatial.pad_before[0];
        const std::int64_t end = std::min(top + static_cast<std::int64_t>(ring_rows_), in_[1]);
        for (widened = std::max({widened, top, std::int64_t{0}}); widened < end; ++widened) {
          widen_row(x, widened, ring);
        }
        find_runs(top, ring, outside, starts);
        packed_->run_row({starts, packed_->num_runs}, group_channels_,
                         usize(op_.spatial.stride[1]) * channels_, usize(out_[2]), y);
        y += usize(out_[2]) * packed_->filters();
      }
    }
  }

 private:
  std::int16_t* ring_row(std::int64_t row, std::int16_t* ring) const {
    return ring + usize(row) % ring_rows_ * row_size_;
  }

  void widen_row(const std::uint8_t* x, std::int64_t row, std::int16_t* ring) const {
    const std::size_t width = usize(in_[2]) * channels_;
    std::int16_t* to = ring_row(row, ring) + usize(op_.spatial.pad_before[1]) * channels_;
    packed_->tiles.widen(x + usize(row) * width, packed_->is_signed, width, to);
  }

  void find_runs(std::int64_t top, std::int16_t* ring, const std::int16_t* outside,
                 const std::int16_t** starts) const {
    const std::size_t rows = packed_->num_runs / runs_per_row_;
    for (std::size_t ky = 0; ky < rows; ++ky) {
      const std::int64_t row = top + static_cast<std::int64_t>(ky) * op_.spatial.dilation[0];
      const bool inside = row >= 0 && row < in_[1];
      const std::int16_t* start = inside ? ring_row(row, ring) : outside;
      for (std::size_t kx = 0; kx < runs_per_row_; ++kx) {
        *starts++ = start + kx * usize(op_.spatial.dilation[1]) * channels_;
      }
    }
  }

  Conv2dOp op_;
  Shape in_, out_;
  std::shared_ptr<const PackedProduct> packed_;
  std::size_t runs_per_row_ = 1, ring_rows_ = 1, row_size_ = 0;  // row_size_: int16 of one row
  std::size_t channels_ = 0, group_channels_ = 0;
  std::int16_t zero_ = 0;
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
