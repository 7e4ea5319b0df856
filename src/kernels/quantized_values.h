#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/quantized_arithmetic.h"

namespace tinysplit::quantized {

// real = scale * (stored - zero_point), for the whole tensor.
struct Affine {
  float scale = 1.0f;
  std::int32_t zero_point = 0;

  friend bool operator==(const Affine&, const Affine&) = default;
};

// Stored numbers, both ends included.
struct StoredRange {
  std::int32_t low = 0;
  std::int32_t high = 0;

  std::int32_t clamp(std::int32_t x) const { return std::min(std::max(x, low), high); }
};

bool is_byte(const Value& value);         // int8 or uint8, one quantisation for the tensor
bool is_wide(const Value& value);         // int16, the same
bool is_signed_byte(const Value& value);  // of is_byte: int8
bool has_one_affine(const Value& value);  // quantised, one quantisation for the tensor
Affine affine_of(const Value& value);     // precondition: has_one_affine
StoredRange range_of(DType dtype);        // of an integer type; int64 as int32

// What the output may hold: its type's range, within spec.clip.
StoredRange output_range(const KernelSpec& spec);

// Stored numbers for a clip in real numbers, rounded as TensorFlow Lite rounds activation bounds.
StoredRange clip_range(float low, float high, const Value& output);

// One element of an int8, uint8, int16 or int32 tensor.
std::int32_t load(DType dtype, const std::byte* data, std::size_t i);
void store(DType dtype, std::byte* data, std::size_t i, std::int32_t x);

// The factors from accumulators of x * w to the output: one for each of `filters`.
std::vector<Multiplier> product_multipliers(const KernelSpec& spec, std::size_t filters);

// Whether sums of products become outputs by multiply_once() rather than multiply().
bool rounds_once(const Op& op);

// The bias of `filters` outputs, zeros where spec has none at `input`.
std::vector<std::int64_t> bias_of(const KernelSpec& spec, std::size_t input, std::size_t filters);

}  // namespace tinysplit::quantized
