#include <algorithm>
#include <memory>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_stage.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

constexpr std::size_t kSlack = 64;  // bytes that vector code may read behind its rows

// One filter for each channel. Rows 2n and 2n + 1 of the image are interleaved, so that one
// multiplication takes in two rows; each pair is made once and kept while the kernel lies on it.
// The kernel is packed twice: for a top row that is the first or the second of its pair.
class DepthwiseConvolution {
 public:
  DepthwiseConvolution(const Conv2dOp& op, const KernelSpec& spec, const TileKernels& tiles)
      : op_(op),
        in_(spec.inputs[0]->shape),
        out_(spec.output->shape),
        tiles_(tiles),
        channels_(usize(in_[3])),
        kernel_rows_(usize(spec.inputs[1]->shape[0])),
        kernel_columns_(usize(spec.inputs[1]->shape[1])),
        row_pairs_(kernel_rows_ / 2 + 1),
        weights_(read_weights(spec)),
        stage_(spec, weights_.bias, tiled_order(channels_, channels_, kLaneChannels)),
        zero_(affine_of(*spec.inputs[0]).zero_point),
        is_signed_(is_signed_byte(*spec.inputs[0])) {
    if (!weights_.suits_vectors) tiles_ = portable_tiles();
    cell_size_ = 2 * ((channels_ + kLaneChannels - 1) / kLaneChannels * kLaneChannels);
    row_cells_ = usize(in_[2] + op.spatial.pad_before[1] + op.spatial.pad_after[1]);
    row_size_ = row_cells_ * cell_size_;
    pack(0);
    pack(1);
  }

  // Pairs of rows, their starts, then one row of zero points as the image would have it.
  std::size_t scratch_bytes() const {
    return row_pairs_ * (row_size_ * 2 + sizeof(const std::int16_t*)) + usize(in_[2]) * channels_ +
           kSlack;
  }

  void run(const std::uint8_t* x, std::uint8_t* y, std::byte* scratch) const {
    auto* ring = reinterpret_cast<std::int16_t*>(scratch);
    auto* starts = reinterpret_cast<const std::int16_t**>(ring + row_pairs_ * row_size_);
    auto* outside = reinterpret_cast<std::uint8_t*>(starts + row_pairs_);
    std::fill_n(outside, usize(in_[2]) * channels_, static_cast<std::uint8_t>(zero_));
    fill_borders(ring);
    const std::size_t image = usize(in_[1] * in_[2]) * channels_;
    for (std::int64_t n = 0; n < in_[0]; ++n, x += image) {
      // Counted from a pair in front of every row that the kernel touches.
      const std::int64_t before = (op_.spatial.pad_before[0] + 1) / 2;
      std::int64_t made = 0;
      for (std::int64_t row = 0; row < out_[1]; ++row) {
        const std::int64_t top =
            row * op_.spatial.stride[0] - op_.spatial.pad_before[0] + 2 * before;
        const std::int64_t end = top / 2 + static_cast<std::int64_t>(row_pairs_);
        for (made = std::max(made, top / 2); made < end; ++made) {
          make_pair(x, outside, made - before, slot(ring, made));
        }
        for (std::size_t p = 0; p < row_pairs_; ++p) {
          starts[p] = slot(ring, top / 2 + static_cast<std::int64_t>(p));
        }
        run_row(starts, packed_[usize(top % 2)], y);
        y += usize(out_[2]) * channels_;
      }
    }
  }

 private:
  // [channel / 8][pair][column][8][2]
  void pack(std::size_t first) {
    std::vector<std::int16_t>& packed = packed_[first];
    const std::size_t blocks = cell_size_ / (2 * kLaneChannels);
    packed.resize(blocks * row_pairs_ * kernel_columns_ * kLaneChannels * 2);
    for (std::size_t cell = 0; cell < kernel_rows_ * kernel_columns_; ++cell) {
      const std::size_t row = cell / kernel_columns_ + first, column = cell % kernel_columns_;
      for (std::size_t c = 0; c < channels_; ++c) {
        const std::size_t pair = c / kLaneChannels * row_pairs_ + row / 2;
        const std::size_t lane =
            (pair * kernel_columns_ + column) * kLaneChannels + c % kLaneChannels;
        packed[2 * lane + row % 2] = weights_.values[cell * channels_ + c];
      }
    }
  }

  std::int16_t* slot(std::int16_t* ring, std::int64_t pair) const {
    return ring + usize(pair) % row_pairs_ * row_size_;
  }

  const std::uint8_t* image_row(const std::uint8_t* x, const std::uint8_t* outside,
                                std::int64_t row) const {
    return row < 0 || row >= in_[1] ? outside : x + usize(row * in_[2]) * channels_;
  }

  void make_pair(const std::uint8_t* x, const std::uint8_t* outside, std::int64_t pair,
                 std::int16_t* to) const {
    const std::uint8_t* a = image_row(x, outside, 2 * pair);
    const std::uint8_t* b = image_row(x, outside, 2 * pair + 1);
    to += usize(op_.spatial.pad_before[1]) * cell_size_;
    const std::size_t cells = usize(in_[2]);
    if (cell_size_ == 2 * channels_) {
      return tiles_.interleave(a, b, is_signed_, cells * channels_, to);
    }
    for (std::size_t i = 0; i < cells; ++i) {
      tiles_.interleave(a + i * channels_, b + i * channels_, is_signed_, channels_,
                        to + i * cell_size_);
    }
  }

  // Rows do not touch the cells beside the image; they are set once a run.
  void fill_borders(std::int16_t* ring) const {
    const auto zero = static_cast<std::int16_t>(zero_);
    const std::size_t left = usize(op_.spatial.pad_before[1]) * cell_size_;
    const std::size_t right = usize(op_.spatial.pad_after[1]) * cell_size_;
    for (std::size_t p = 0; p < row_pairs_; ++p, ring += row_size_) {
      std::fill_n(ring, left, zero);
      std::fill_n(ring + row_size_ - right, right, zero);
    }
  }

  void run_row(const std::int16_t* const* starts, const std::vector<std::int16_t>& weights,
               std::uint8_t* y) const {
    DepthwiseRow row;
    row.rows = starts;
    row.row_pairs = row_pairs_;
    row.columns = kernel_columns_;
    row.column_step = usize(op_.spatial.dilation[1]) * cell_size_;
    row.pixel_step = usize(op_.spatial.stride[1]) * cell_size_;
    row.weights = weights.data();
    row.stage = stage_.stage();
    row.output = y;
    row.channels = channels_;
    row.pixels = usize(out_[2]);
    tiles_.depthwise(row);
  }

  Conv2dOp op_;
  Shape in_, out_;
  TileKernels tiles_;
  std::size_t channels_, kernel_rows_, kernel_columns_, row_pairs_;
  ByteWeights weights_;
  PackedStage stage_;
  std::int32_t zero_;
  bool is_signed_;
  std::size_t row_cells_ = 0, cell_size_ = 0, row_size_ = 0;  // sizes: int16
  std::array<std::vector<std::int16_t>, 2> packed_;
};

}  // namespace

Body depthwise_body(const KernelSpec& spec, const TileKernels& tiles) {
  if (!is_byte_depthwise(spec)) return {};
  const auto& conv = std::get<Conv2dOp>(*spec.op);
  if (conv.spatial.dilation[0] != 1) return {};
  const auto rows = std::make_shared<const DepthwiseConvolution>(conv, spec, tiles);
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
