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
    t = two_sided ? with_sign_of(x, size) : size;
  }
  const Real place = (t - b.low) * b.inverse_width;
  const auto inside = truncate_small(clamp(place, 0, static_cast<float>(kBins))) + Bits<W>(1);
  auto in_range = place >= 0;
  if (b.scale == Scale::kLog) in_range = in_range & (x >= kSmallestNormal);
  const auto slot = select(in_range, inside, Bits<W>(kBelow));
  return select(is_finite(x), slot, Bits<W>(kNonFinite));
}

// x in whole units, rounded to the nearest, still as a float. Zero for values that are not finite.
template <int W>
CHOKEPOINT_HD Pack<W> units_of(const Binning& b, Pack<W> x) {
  using Real = Pack<W>;
  constexpr float kTwo23 = 8388608.0f;  // from here on every float is whole
  const Real scaled = select(is_finite(x), x * b.inverse_unit, 0);
  const Real size = abs(scaled);
  return with_sign_of(scaled, select(size < kTwo23, (size + kTwo23) - kTwo23, min(size, kUnitLimit)));
}

// The coarse bin of a joint histogram: 0 below, kJointSide - 1 above; non-finite values count as above.
CHOKEPOINT_HD int joint_bin(int slot) {
  if (slot == kBelow) return 0;
  return slot > kBins ? kJointSide - 1 : 1 + (slot - 1) / kJointStride;
}

}  // namespace chokepoint
