#include "training/channel_rows.h"

#include <algorithm>
#include <numeric>

#include "training/parallel.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kVector = 16;      // floats
constexpr std::size_t kLeastWidth = 64;  // of a row, so that its loop is worth starting
constexpr std::size_t kGrain = 16384;    // floats worth a thread
constexpr std::size_t kRunRows = 64;     // rows added up in float

std::size_t width_for(std::size_t rows, std::size_t channels) {
  std::size_t width = std::lcm(channels, kVector);
  while (width < kLeastWidth) width *= 2;
  return width / channels <= rows ? width : channels;
}

}  // namespace

ChannelRows::ChannelRows(std::size_t rows, std::size_t channels, int threads)
    : rows_(rows),
      channels_(channels),
      width_(width_for(rows, channels)),
      wide_rows_(rows / (width_ / channels)),
      threads_(rows * channels < kGrain * static_cast<std::size_t>(threads) ? 1 : threads) {}

Tensor ChannelRows::make_vector() const {
  return Tensor(DType::kFloat32, Shape{static_cast<std::int64_t>(width_)});
}

void ChannelRows::spread(const double* numbers, Tensor& vector) const {
  const auto values = vector.as<float>();
  for (std::size_t i = 0; i < width_; ++i) values[i] = static_cast<float>(numbers[i % channels_]);
}

void ChannelRows::for_ranges(std::size_t limit_rows, Body body) const {
  const auto parts = static_cast<std::size_t>(threads_);
  run_parallel(threads_, [&](int part) {
    const auto p = static_cast<std::size_t>(part);
    const std::size_t end = wide_rows_ * (p + 1) / parts;
    for (std::size_t row = wide_rows_ * p / parts; row < end;) {
      const std::size_t count = limit_rows == 0 ? end - row : std::min(limit_rows, end - row);
      body(part, row * width_, count, width_);
      row += count;
    }
    const std::size_t done = wide_rows_ * (width_ / channels_);
    if (p + 1 == parts && done < rows_) {
      body(part, done * channels_, rows_ - done, channels_);
    }
  });
}

ChannelSums::ChannelSums(const ChannelRows& rows, int threads)
    : rows_(rows), parts_(static_cast<std::size_t>(threads)) {
  for (std::size_t i = 0; i < 2 * parts_; ++i) vectors_.push_back(rows.make_vector());
  totals_.resize(2 * parts_ * rows.channels());
}

void ChannelSums::run(Add add) {
  const std::size_t channels = rows_.channels();
  std::ranges::fill(totals_, 0.0);
  rows_.for_ranges(kRunRows,
                   [&](int part, std::size_t offset, std::size_t rows, std::size_t width) {
                     const auto p = static_cast<std::size_t>(part);
                     float* vectors[2] = {vectors_[2 * p].as<float>().data(),
                                          vectors_[2 * p + 1].as<float>().data()};
                     for (float* vector : vectors) std::fill_n(vector, width, 0.0f);
                     add(offset, rows, width, vectors[0], vectors[1]);
                     for (std::size_t v = 0; v < 2; ++v) {
                       double* totals = totals_.data() + (2 * p + v) * channels;
                       for (std::size_t start = 0; start < width; start += channels) {
                         for (std::size_t c = 0; c < channels; ++c)
                           totals[c] += double{vectors[v][start + c]};
                       }
                     }
                   });
  for (std::size_t p = 1; p < parts_; ++p) {
    for (std::size_t i = 0; i < 2 * channels; ++i) totals_[i] += totals_[2 * p * channels + i];
  }
}

}  // namespace tinysplit::training
