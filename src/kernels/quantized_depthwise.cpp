#include <algorithm>
#include <memory>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_stage.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {
namespace {

using native::usize;

// One filter for each channel. The rows under the kernel are interleaved in pairs, with zero points
// around the image, so that one multiplication takes in two rows.
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
        weights_(read_weights(spec)),
        stage_(spec, weights_.bias, channels_, kLaneChannels),
        zero_(static_cast<std::uint8_t>(affine_of(*spec.inputs[0]).zero_point)),
        is_signed_(is_signed_byte(*spec.inputs[0])) {
    if (!weights_.has_small_sums || !stage_.has_small_factors()) tiles_ = portable_tiles();
    const std::int64_t cells = in_[2] + op.spatial.pad_before[1] + op.spatial.pad_after[1];
    row_cells_ = usize(cells);
    cell_size_ = 2 * ((channels_ + kLaneChannels - 1) / kLaneChannels * kLaneChannels);
    row_size_ = row_cells_ * cell_size_;
    pack();
  }

  // Pairs of rows, then one row of the image outside of it.
  std::size_t scratch_bytes() const {
    return row_pairs() * row_size_ * 2 + row_cells_ * channels_ + kSlack;
  }

  void run(const std::uint8_t* x, std::uint8_t* y, std::byte* scratch) const {
    auto* rows = reinterpret_cast<std::int16_t*>(scratch);
    auto* outside = reinterpret_cast<std::uint8_t*>(rows + row_pairs() * row_size_);
    std::fill_n(outside, row_cells_ * channels_, zero_);
    fill_borders(outside, rows);
    const std::size_t image = usize(in_[1] * in_[2]) * channels_;
    for (std::int64_t n = 0; n < in_[0]; ++n, x += image) {
      for (std::int64_t row = 0; row < out_[1]; ++row) {
        for (std::size_t p = 0; p < row_pairs(); ++p) {
          const std::uint8_t* a = image_row(x, outside, row, 2 * p);
          const std::uint8_t* b = image_row(x, outside, row, 2 * p + 1);
          interleave_row(a, b, rows + p * row_size_);
        }
        run_row(rows, y);
        y += usize(out_[2]) * channels_;
      }
    }
  }

 private:
  static constexpr std::size_t kSlack = 64;  // bytes that vector code may write behind its rows

  std::size_t row_pairs() const { return (kernel_rows_ + 1) / 2; }

  // [channel / 8][pair][column][8][2]
  void pack() {
    const std::size_t blocks = cell_size_ / (2 * kLaneChannels);
    packed_.resize(blocks * row_pairs() * kernel_columns_ * kLaneChannels * 2);
    for (std::size_t cell = 0; cell < kernel_rows_ * kernel_columns_; ++cell) {
      const std::size_t ky = cell / kernel_columns_, kx = cell % kernel_columns_;
      for (std::size_t c = 0; c < channels_; ++c) {
        const std::size_t block = c / kLaneChannels * row_pairs() + ky / 2;
        const std::size_t lane = (block * kernel_columns_ + kx) * kLaneChannels + c % kLaneChannels;
        packed_[2 * lane + ky % 2] = weights_.values[cell * channels_ + c];
      }
    }
  }

  // The weights behind the kernel's last row are 0: any row will do there.
  const std::uint8_t* image_row(const std::uint8_t* x, const std::uint8_t* outside,
                                std::int64_t out_row, std::size_t ky) const {
    const std::int64_t row = out_row * op_.spatial.stride[0] - op_.spatial.pad_before[0] +
                             static_cast<std::int64_t>(ky) * op_.spatial.dilation[0];
    if (ky >= kernel_rows_ || row < 0 || row >= in_[1]) return outside;
    return x + usize(row * in_[2]) * channels_;
  }

  // Cells of the image, from image_row: its own cells only.
  void interleave_row(const std::uint8_t* a, const std::uint8_t* b, std::int16_t* to) const {
    to += usize(op_.spatial.pad_before[1]) * cell_size_;
    interleave_cells(a, b, usize(in_[2]), to);
  }

  void interleave_cells(const std::uint8_t* a, const std::uint8_t* b, std::size_t cells,
                        std::int16_t* to) const {
    if (cell_size_ == 2 * channels_)
      return tiles_.interleave(a, b, is_signed_, cells * channels_, to);
    for (std::size_t i = 0; i < cells; ++i) {
      tiles_.interleave(a + i * channels_, b + i * channels_, is_signed_, channels_,
                        to + i * cell_size_);
    }
  }

  // Rows do not touch the cells beside the image; they are set once.
  void fill_borders(const std::uint8_t* outside, std::int16_t* rows) const {
    for (std::size_t p = 0; p < row_pairs(); ++p) {
      interleave_cells(outside, outside, row_cells_, rows + p * row_size_);
    }
  }

  void run_row(const std::int16_t* rows, std::uint8_t* y) const {
    DepthwiseRow row;
    row.rows = rows;
    row.row_pairs = row_pairs();
    row.row_step = row_size_;
    row.columns = kernel_columns_;
    row.column_step = usize(op_.spatial.dilation[1]) * cell_size_;
    row.pixel_step = usize(op_.spatial.stride[1]) * cell_size_;
    row.weights = packed_.data();
    row.stage = stage_.at(0);
    row.output = y;
    row.channels = channels_;
    row.pixels = usize(out_[2]);
    tiles_.depthwise(row);
  }

  Conv2dOp op_;
  Shape in_, out_;
  TileKernels tiles_;
  std::size_t channels_, kernel_rows_, kernel_columns_;
  ByteWeights weights_;
  PackedStage stage_;
  std::uint8_t zero_;
  bool is_signed_;
  std::size_t row_cells_ = 0, cell_size_ = 0, row_size_ = 0;  // sizes: int16
  std::vector<std::int16_t> packed_;
};

}  // namespace

Body depthwise_body(const KernelSpec& spec, const TileKernels& tiles) {
  const auto* conv = std::get_if<Conv2dOp>(spec.op);
  if (conv == nullptr) return {};
  const Value& weights = *spec.inputs[1];
  const std::int64_t channels = spec.inputs[0]->shape[3];
  if (conv->groups != channels || channels == 1 || weights.shape[3] != channels) return {};
  if (!is_byte(*spec.inputs[0]) || !is_byte(*spec.output) || dtype_size(weights.dtype) != 1 ||
      !weights.is_constant()) {
    return {};
  }
  const auto rows = std::make_shared<const DepthwiseConvolution>(*conv, spec, tiles);
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
