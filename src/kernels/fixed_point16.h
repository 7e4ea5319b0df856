#pragma once

#include <cstdint>

namespace tinysplit::quantized {

// Functions of 16-bit fixed-point numbers as TensorFlow Lite's integer recurrent layers compute
// them (gemmlowp's fixed-point arithmetic), bit for bit. Results are in units of 2^-15.

// 1 / (1 + exp(-x)) for x in units of 2^-12.
std::int16_t logistic16(std::int16_t x);

// tanh(x) for x in units of 2^(integer_bits - 15). 0 <= integer_bits <= 6.
std::int16_t tanh16(std::int16_t x, int integer_bits);

}  // namespace tinysplit::quantized
