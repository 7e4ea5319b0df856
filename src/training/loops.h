#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace tinysplit::training {

// Bounds of a clip that follows an operation; its gradient passes strictly between them.
struct ClipBounds {
  float low;
  float high;
};

// The constants of one step of Adam, see optimizer.cpp.
struct AdamStep {
  float beta_1_rest;  // 1 - beta 1
  float beta_2_rest;
  float rate;
  float epsilon;
};

// Vector code for what training does besides oneDNN's primitives. Matrices are dense rows of
// `width` floats; vectors beside them have `width` floats, one for each column. Outputs may be
// inputs.
struct Loops {
  // y = parts[0] + ... + parts[count - 1], 1 or more.
  void (*sum)(const float* const* parts, std::size_t count, float* y, std::size_t size);
  // y = the sum where clipped is strictly inside of the bounds, else 0.
  void (*clip_gradient)(const float* const* parts, std::size_t count, const float* clipped,
                        ClipBounds bounds, float* y, std::size_t size);
  // y = clip(x * scale + shift + addend); no addend if null.
  void (*affine)(const float* x, const float* addend, std::size_t rows, std::size_t width,
                 const float* scale, const float* shift, ClipBounds bounds, float* y);
  // sum += x - pivot, squares += (x - pivot)^2 over the rows.
  void (*moments)(const float* x, std::size_t rows, std::size_t width, const float* pivot,
                  float* sum, float* squares);
  // z = clip_gradient(parts) (of no bounds if clipped is null), sum += z, products += z (x - mean).
  void (*norm_sums)(const float* const* parts, std::size_t count, const float* clipped,
                    ClipBounds bounds, const float* x, std::size_t rows, std::size_t width,
                    const float* mean, float* z, float* sum, float* products);
  // y = a z + b x + c
  void (*combine)(const float* z, const float* x, std::size_t rows, std::size_t width,
                  const float* a, const float* b, const float* c, float* y);
  // w -= rate g
  void (*descend)(float rate, const float* gradient, float* weights, std::size_t size);
  // w *= factor
  void (*scale)(float factor, float* weights, std::size_t size);
  // v = momentum v - rate g; w += v, or with nesterov momentum v - rate g.
  void (*momentum)(float rate, float momentum, bool nesterov, const float* gradient,
                   float* velocity, float* weights, std::size_t size);
  void (*adam)(const AdamStep& step, const float* gradient, float* mean, float* variance,
               float* weights, std::size_t size);
  bool (*all_finite)(const float* x, std::size_t size);
  // The smallest and the largest; size is 1 or more.
  std::pair<float, float> (*extremes)(const float* x, std::size_t size);
  // y = x within [low, high], rounded to a multiple of scale.
  void (*round_to_grid)(const float* x, float scale, float low, float high, float* y,
                        std::size_t size);
  // y = x where `at` lies within [low, high], else 0.
  void (*pass_within)(const float* x, const float* at, float low, float high, float* y,
                      std::size_t size);
};

// For the best instruction set that the CPU has.
const Loops& loops();

// `parts`, each from `offset` on, as the loops take them. Where there are more than a fixed number
// the first are summed up, `size` floats of them, into `sum`.
class PartsAt {
 public:
  PartsAt(std::span<const float* const> parts, std::size_t offset, float* sum, std::size_t size);
  const float* const* data() const { return parts_; }
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kMost = 16;
  const float* parts_[kMost];
  std::size_t count_ = 0;
};

}  // namespace tinysplit::training
