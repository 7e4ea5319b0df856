#pragma once

#include <cstddef>
#include <vector>

#include "core/tensor.h"
#include "training/function_ref.h"

namespace tinysplit::training {

// A tensor [...,C] as rows that vector code likes: as many of its rows side by side as make a whole
// number of vectors, so that 36 channels run as fast as 32. What is one number for each channel is
// repeated as often.
class ChannelRows {
 public:
  ChannelRows(std::size_t rows, std::size_t channels, int threads);

  std::size_t rows() const { return rows_; }
  std::size_t channels() const { return channels_; }
  std::size_t width() const { return width_; }

  // A vector of width() floats.
  Tensor make_vector() const;
  // One number for each channel into such a vector.
  void spread(const double* numbers, Tensor& vector) const;

  // body(part, offset, rows, width) for ranges that cover the tensor: `rows` rows of `width` floats
  // that start at `offset`. At most limit_rows (0: any number) at once. `part` counts threads.
  using Body = FunctionRef<void(int part, std::size_t offset, std::size_t rows, std::size_t width)>;
  void for_ranges(std::size_t limit_rows, Body body) const;

 private:
  std::size_t rows_;
  std::size_t channels_;
  std::size_t width_;
  std::size_t wide_rows_;
  int threads_;
};

// Two sums for each channel, made by loops that add to vectors of floats: in short runs, which are
// then added up in double precision, each thread on its own and all in a fixed order.
class ChannelSums {
 public:
  ChannelSums(const ChannelRows& rows, int threads);

  // add(offset, rows, width, first, second) adds its rows to both vectors.
  using Add = FunctionRef<void(std::size_t offset, std::size_t rows, std::size_t width,
                               float* first, float* second)>;
  void run(Add add);

  // By channel.
  const double* first() const { return totals_.data(); }
  const double* second() const { return totals_.data() + rows_.channels(); }

 private:
  const ChannelRows& rows_;
  std::size_t parts_;
  std::vector<Tensor> vectors_;  // two for each part
  std::vector<double> totals_;   // two for each channel, for each part
};

}  // namespace tinysplit::training
