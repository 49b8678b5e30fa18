// What one value adds to a tally: a histogram slot and a whole number of units. Everything that is
// summed over trajectories is an integer, so tallies merge to the same bits in any order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "math.h"
#include "plan.h"

namespace chokepoint {

// Units are clamped to +-2^43 and such values counted: 10^12 squares then stay below 2^126.
inline constexpr float kUnitLimit = 8796093022208.0f;

// The histogram slot of x, kNonFinite for infinities and NaN.
template <int W>
CHOKEPOINT_HD Bits<W> slot_of(const Binning& b, Pack<W> x) {
  using Real = Pack<W>;
  Real t = x;
  if (b.scale != Scale::kLinear) {
    const bool two_sided = b.scale == Scale::kSignedLog;
    const Real size = log_of_normal(two_sided ? min(fma(abs(x), b.inverse_knee, 1), 3.40282347e38f) : x);
    t = two_sided ? with_sign_of(x, size) : select(x >= kSmallestNormal, size, -3.40282347e38f);  // the rest is below
  }
  const Real place = (t - b.low) * b.inverse_width;
  const auto inside = Bits<W>(1) + truncate(clamp(place, 0, static_cast<float>(kBins)));
  const auto slot = select(place >= 0, inside, Bits<W>(kBelow));
  return select(is_finite(x), slot, Bits<W>(kNonFinite));
}

// x in whole units, rounded to the nearest, still as a float. Zero for values that are not finite.
template <int W>
CHOKEPOINT_HD Pack<W> units_of(const Binning& b, Pack<W> x) {
  return select(is_finite(x), clamp(round(x * b.inverse_unit), -kUnitLimit, kUnitLimit), 0);
}

// The coarse bin of a joint histogram: 0 below, kJointSide - 1 above; non-finite values count as above.
CHOKEPOINT_HD std::uint32_t joint_bin(std::uint32_t slot) { return (slot + kJointStride - 1) / kJointStride; }
static_assert(kBins % kJointStride == 0 && kNonFinite - kAbove < kJointStride);

}  // namespace chokepoint
