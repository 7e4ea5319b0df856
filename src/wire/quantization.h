#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "wire/cbor_reader.h"
#include "wire/cbor_writer.h"

namespace tinysplit {

// How the elements of a tensor stand for real numbers: real = scale * (element - zero_point), one
// of each for the tensor or one for each index along `axis`. Not quantised without a scale. The
// data is somebody else's.
struct QuantizationView {
  std::span<const float> scale;
  std::span<const std::int32_t> zero_point;
  int axis = -1;

  bool empty() const { return scale.empty(); }
};

// The same, owned.
struct WireQuantization {
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;
  int axis = -1;

  QuantizationView view() const { return {scale, zero_point, axis}; }
};

// Keys of a tensor's map that hold it.
namespace frame_keys::tensor {
inline constexpr std::uint64_t kScale = 3;
inline constexpr std::uint64_t kZeroPoint = 4;
inline constexpr std::uint64_t kAxis = 5;
}  // namespace frame_keys::tensor

// Number of keys, and bytes with all of them, that append_quantization writes; 0 for none.
std::size_t quantization_keys(const QuantizationView& quantization);
std::size_t encoded_quantization_bytes(const QuantizationView& quantization);

// Precondition: check_quantization() is ok.
void append_quantization(CborWriter& writer, const QuantizationView& quantization);

// The value of one of the keys above. Errors: INVALID_ARGUMENT, OUT_OF_RANGE, as CborReader.
Status read_quantization_key(CborReader& reader, std::uint64_t key, std::string_view what,
                             WireQuantization& quantization);

// Whether elements of that type and shape may be so quantised: whole numbers, as many scales and
// zero points as there are places, scales above 0, zero points of the element type.
// Errors: INVALID_ARGUMENT.
Status check_quantization(const QuantizationView& quantization, DType dtype, const Shape& shape);

}  // namespace tinysplit
