#pragma once

#include <cstdint>
#include <span>

#include "core/random.h"
#include "core/shape.h"

namespace tinysplit::training {

// Where the numbers of a parameter start, as Keras' initialisers define them; Keras' own random
// numbers are not repeated.
struct Initializer {
  enum class Kind : std::uint8_t {
    kConstant,         // `first` everywhere
    kUniform,          // in [first, second)
    kNormal,           // mean `first`, standard deviation `second`
    kTruncatedNormal,  // the same without what is more than two deviations off
    kVarianceScaling,  // Glorot, He, LeCun: variance scale / fan
  };
  enum class Fan : std::uint8_t { kIn, kOut, kAverage };
  enum class Distribution : std::uint8_t { kUniform, kNormal, kTruncatedNormal };

  Kind kind = Kind::kConstant;
  float first = 0.0f;
  float second = 0.0f;
  float scale = 1.0f;
  Fan fan = Fan::kAverage;
  Distribution distribution = Distribution::kUniform;
};

// Fills a parameter of `shape`, whose last axis counts outputs and the one before inputs.
void initialize(const Initializer& initializer, const Shape& shape, Random& random,
                std::span<float> values);

}  // namespace tinysplit::training
