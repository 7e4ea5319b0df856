#pragma once

#include <span>

#include "kernels/kernel.h"

namespace tinysplit {

// Whether every |x| <= limit; false if one is NaN. One pass of reading, in vectors.
bool all_within(std::span<const float> x, float limit);

// How large results can become: |y| <= gain * |x| + offset for every x.
struct Growth {
  double gain = 0.0;
  double offset = 0.0;
};

// Of sums of products with these weights, bias included; infinite if they are not finite.
Growth growth_of(const PreparedWeights& weights);

// The largest |x| for which sums of that growth neither overflow nor become NaN, in whatever order
// they are added. Negative if there is none.
float safe_magnitude(const Growth& growth);

}  // namespace tinysplit
