#include <algorithm>
#include <memory>
#include <numeric>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_row_ring.h"
#include "kernels/quantized_stage.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

constexpr std::size_t kMaxBlocks = 32;     // of weights: more would come from memory
constexpr std::size_t kLeastStrided = 32;  // channels for which dealing out columns is worth it

// Blocks after which the channels lie in a block as before.
std::size_t blocks_of(std::size_t channels) { return std::lcm(channels, kFlatCells) / kFlatCells; }

// One filter for each channel, over rows of the image as flat bytes. The columns of a row are
// dealt out to as many planes as the stride, so that what one tap gives to neighbouring outputs
// lies side by side. Two rows of the output are computed at once where they share rows of the
// image: interleaving the taps costs as much as multiplying them.
class FlatDepthwise {
 public:
  FlatDepthwise(const Conv2dOp& op, const KernelSpec& spec, const FlatKernels& kernels,
                const ByteWeights& weights)
      : op_(op),
        in_(spec.inputs[0]->shape),
        out_(spec.output->shape),
        kernels_(kernels),
        channels_(usize(in_[3])),
        kernel_rows_(usize(spec.inputs[1]->shape[0])),
        kernel_columns_(usize(spec.inputs[1]->shape[1])),
        stage_(spec, weights.bias, cell_order(usize(in_[3]))),
        is_signed_(is_signed_byte(*spec.inputs[0])) {
    const bool shares = op.spatial.stride[0] == 1 && op.spatial.dilation[0] == 1;
    rows_ = shares && kernel_rows_ > 1 && out_[1] > 1 ? 2 : 1;
    tap_rows_ = kernel_rows_ + rows_ - 1;
    fours_ = (tap_rows_ * kernel_columns_ + 3) / 4;
    ring_rows_ = (tap_rows_ - 1) * usize(op.spatial.dilation[0]) + 1;
    planes_ = usize(op.spatial.stride[1]);
    const std::size_t cells = usize(in_[2] + op.spatial.pad_before[1] + op.spatial.pad_after[1]);
    plane_bytes_ = (cells + planes_ - 1) / planes_ * channels_;
    row_bytes_ = round_up(planes_ * plane_bytes_ + kFlatCells);
    zero_ = static_cast<std::byte>(affine_of(*spec.inputs[0]).zero_point + (is_signed_ ? 128 : 0));
    pack(weights);
  }

  // The ring, a row of the output that is not wanted, then the taps.
  std::size_t scratch_bytes() const {
    return (ring_rows_ + 1) * row_bytes_ + round_up(output_width()) +
           4 * fours_ * sizeof(const std::uint8_t*);
  }

  void run(const std::uint8_t* x, std::uint8_t* y, std::byte* scratch) const {
    const std::size_t ring_bytes = (ring_rows_ + 1) * row_bytes_;
    std::byte* const unwanted = scratch + ring_bytes;
    std::fill_n(scratch, ring_bytes, zero_);
    FlatRows rows;
    rows.fours = fours_;
    rows.weights = weights_.data();
    rows.blocks = blocks_of(channels_);
    rows.stage = stage_.stage();
    rows.rows = rows_;
    rows.cells = output_width();
    auto* taps = reinterpret_cast<const std::uint8_t**>(unwanted + round_up(rows.cells));
    rows.taps = taps;
    const std::size_t image = usize(in_[1] * in_[2]) * channels_;
    for (std::int64_t n = 0; n < in_[0]; ++n, x += image) {
      RowRing ring(scratch, ring_rows_, row_bytes_, in_[1]);
      for (std::int64_t row = 0; row < out_[1]; row += static_cast<std::int64_t>(rows_)) {
        const std::int64_t top = row * op_.spatial.stride[0] - op_.spatial.pad_before[0];
        ring.move_to(top, [&](std::int64_t made, std::byte* to) {
          load_row(x + usize(made * in_[2]) * channels_, reinterpret_cast<std::uint8_t*>(to));
        });
        find_taps(ring, top, taps);
        const bool both = row + 1 < out_[1];
        rows.output = {y, both ? y + rows.cells : reinterpret_cast<std::uint8_t*>(unwanted)};
        kernels_.depthwise(rows);
        y += std::min(rows_, usize(out_[1] - row)) * rows.cells;
      }
    }
  }

 private:
  static std::size_t round_up(std::size_t bytes) {
    return (bytes + kFlatCells - 1) / kFlatCells * kFlatCells;
  }

  // The channel of each word, as FlatRows orders them.
  static FilterOrder cell_order(std::size_t channels) {
    FilterOrder order;
    for (std::size_t block = 0; block < blocks_of(channels); ++block) {
      for (std::size_t i = 0; i < kFlatCells; ++i) {
        const std::size_t cell = flat_cell(i / kTileFilters, i % kTileFilters);
        order.push_back((block * kFlatCells + cell) % channels);
      }
    }
    return order;
  }

  std::size_t output_width() const { return usize(out_[2]) * channels_; }

  void pack(const ByteWeights& read) {
    const FilterOrder order = cell_order(channels_);
    weights_.resize(order.size() * fours_ * rows_ * kWordBytes);
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t tap = 0; tap < tap_rows_ * kernel_columns_; ++tap) {
        for (std::size_t r = 0; r < rows_; ++r) {
          const std::size_t row = tap / kernel_columns_ - r;  // wraps above the first row
          if (row >= kernel_rows_) continue;
          const std::size_t cell = row * kernel_columns_ + tap % kernel_columns_;
          const std::size_t block = (i / kFlatCells * fours_ + tap / 4) * rows_ + r;
          weights_[(block * kFlatCells + i % kFlatCells) * kWordBytes + tap % 4] =
              static_cast<std::byte>(read.values[cell * channels_ + order[i]]);
        }
      }
    }
  }

  void load_row(const std::uint8_t* x, std::uint8_t* to) const {
    const std::size_t before = usize(op_.spatial.pad_before[1]), width = usize(in_[2]);
    if (planes_ == 1) {
      return kernels_.gather(x, 0, width * channels_, 1, is_signed_, to + before * channels_);
    }
    for (std::size_t column = 0; column < std::min(planes_, width); ++column) {
      const std::size_t at = column + before;
      kernels_.gather(x + column * channels_, planes_ * channels_, channels_,
                      (width - column + planes_ - 1) / planes_, is_signed_,
                      to + at % planes_ * plane_bytes_ + at / planes_ * channels_);
    }
  }

  void find_taps(const RowRing& ring, std::int64_t top, const std::uint8_t** taps) const {
    const std::size_t count = tap_rows_ * kernel_columns_;
    for (std::size_t tap = 0; tap < count; ++tap) {
      const auto row = static_cast<std::int64_t>(tap / kernel_columns_);
      const std::size_t at = tap % kernel_columns_ * usize(op_.spatial.dilation[1]);
      const std::byte* const start = ring.row(top + row * op_.spatial.dilation[0]);
      taps[tap] = reinterpret_cast<const std::uint8_t*>(start) + at % planes_ * plane_bytes_ +
                  at / planes_ * channels_;
    }
    std::fill(taps + count, taps + 4 * fours_, taps[0]);  // their weights are 0
  }

  Conv2dOp op_;
  Shape in_, out_;
  FlatKernels kernels_;
  std::size_t channels_, kernel_rows_, kernel_columns_;
  PackedStage stage_;
  bool is_signed_;
  std::size_t rows_ = 1, tap_rows_ = 1;  // rows of the output at once, rows that they read
  std::size_t fours_ = 0, ring_rows_ = 1, planes_ = 1, plane_bytes_ = 0, row_bytes_ = 0;
  std::byte zero_{};
  std::vector<std::byte> weights_;
};

}  // namespace

Body flat_depthwise_body(const KernelSpec& spec, const TileKernels& tiles) {
  if (tiles.flat.depthwise == nullptr || !is_byte_depthwise(spec)) return {};
  const auto& conv = std::get<Conv2dOp>(*spec.op);
  const std::size_t channels = usize(spec.inputs[0]->shape[3]);
  if (blocks_of(channels) > kMaxBlocks) return {};
  if (conv.spatial.stride[1] > 1 && channels < kLeastStrided) return {};
  ByteWeights weights = read_weights(spec);
  if (!weights.suits_vectors || !weights.fit_bytes) return {};
  if (is_signed_byte(*spec.inputs[0])) weights.shift_activations();
  const auto flat = std::make_shared<const FlatDepthwise>(conv, spec, tiles.flat, weights);
  Body body;
  body.scratch_bytes = flat->scratch_bytes();
  body.run = [flat](std::span<const std::byte* const> inputs, std::byte* output,
                    std::byte* scratch) {
    flat->run(reinterpret_cast<const std::uint8_t*>(inputs[0]),
              reinterpret_cast<std::uint8_t*>(output), scratch);
  };
  return body;
}

}  // namespace tinysplit::quantized
