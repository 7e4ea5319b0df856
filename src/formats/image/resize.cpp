#include "formats/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tinysplit {
namespace {

ResizeTaps area_taps(std::size_t input_size, double begin, double end) {
  const auto first = static_cast<std::size_t>(begin);
  const auto last = std::min(static_cast<std::size_t>(std::ceil(end - 1e-9)), input_size);
  ResizeTaps taps{first, {}};
  double sum = 0.0;
  for (std::size_t i = first; i < last; ++i) {
    const double from = std::max(begin, static_cast<double>(i));
    const double covered = std::min(end, static_cast<double>(i + 1)) - from;
    taps.weights.push_back(static_cast<float>(covered));
    sum += covered;
  }
  for (float& weight : taps.weights) weight = static_cast<float>(weight / sum);
  return taps;
}

ResizeTaps linear_taps(std::size_t input_size, double center) {
  const double clamped = std::clamp(center, 0.0, static_cast<double>(input_size - 1));
  const auto first = static_cast<std::size_t>(clamped);
  const auto fraction = static_cast<float>(clamped - static_cast<double>(first));
  if (fraction == 0.0F) return {first, {1.0F}};
  return {first, {1.0F - fraction, fraction}};
}

// Rows of the input at the output's width, made when they are asked for; the last two are kept,
// because neighbouring output rows share them.
class NarrowedRows {
 public:
  NarrowedRows(std::span<const unsigned char> input, const ImageSize& input_size,
               std::size_t output_width)
      : input_(input),
        input_size_(input_size),
        taps_(resize_taps(input_size.width, output_width)) {}

  const std::vector<float>& row(std::size_t y) {
    for (const Row& row : rows_) {
      if (row.y == y && !row.samples.empty()) return row.samples;
    }
    std::swap(rows_[0], rows_[1]);
    rows_[0].y = y;
    narrow(y, rows_[0].samples);
    return rows_[0].samples;
  }

 private:
  struct Row {
    std::size_t y = 0;
    std::vector<float> samples;
  };

  void narrow(std::size_t y, std::vector<float>& samples) const {
    const std::size_t channels = input_size_.channels;
    const unsigned char* const row = input_.data() + y * input_size_.width * channels;
    samples.assign(taps_.size() * channels, 0.0F);
    for (std::size_t x = 0; x < taps_.size(); ++x) {
      for (std::size_t i = 0; i < taps_[x].weights.size(); ++i) {
        const unsigned char* const pixel = row + (taps_[x].first + i) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          samples[x * channels + c] += taps_[x].weights[i] * static_cast<float>(pixel[c]);
        }
      }
    }
  }

  std::span<const unsigned char> input_;
  ImageSize input_size_;
  std::vector<ResizeTaps> taps_;
  std::array<Row, 2> rows_;
};

}  // namespace

std::vector<ResizeTaps> resize_taps(std::size_t input_size, std::size_t output_size) {
  const double scale = static_cast<double>(input_size) / static_cast<double>(output_size);
  std::vector<ResizeTaps> taps;
  taps.reserve(output_size);
  for (std::size_t i = 0; i < output_size; ++i) {
    const auto at = static_cast<double>(i);
    if (output_size == input_size) {
      taps.push_back({i, {1.0F}});
    } else if (output_size < input_size) {
      taps.push_back(area_taps(input_size, at * scale, (at + 1.0) * scale));
    } else {
      taps.push_back(linear_taps(input_size, (at + 0.5) * scale - 0.5));
    }
  }
  return taps;
}

void resize_image(std::span<const unsigned char> input, const ImageSize& input_size,
                  std::span<float> output, const ImageSize& output_size) {
  NarrowedRows rows(input, input_size, output_size.width);
  const std::vector<ResizeTaps> taps = resize_taps(input_size.height, output_size.height);
  const std::size_t row_samples = output_size.width * output_size.channels;
  for (std::size_t y = 0; y < output_size.height; ++y) {
    const std::span<float> to = output.subspan(y * row_samples, row_samples);
    std::ranges::fill(to, 0.0F);
    for (std::size_t i = 0; i < taps[y].weights.size(); ++i) {
      const std::vector<float>& from = rows.row(taps[y].first + i);
      const float weight = taps[y].weights[i];
      for (std::size_t s = 0; s < row_samples; ++s) to[s] += weight * from[s];
    }
  }
}

}  // namespace tinysplit
