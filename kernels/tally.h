// What one value adds to a tally: a histogram slot and a whole number of units. Everything that is
// summed over trajectories is an integer, so tallies merge to the same bits in any order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

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

// The slot of a difference between two policies; `least` as in AnalysisPlan. Words of positive floats rise with them,
// and their upper bits are power of two and part of it.
template <int W>
CHOKEPOINT_HD Bits<W> difference_slot(std::uint32_t least, Pack<W> d) {
  constexpr int kShift = 19;  // leaves the exponent and four bits of the fraction
  static_assert(kOctaveParts == 1 << (23 - kShift));
  const Pack<W> size = clamp(abs(d), Pack<W>::from_bits(Bits<W>(least - (1u << kShift))),
                             Pack<W>::from_bits(Bits<W>(least + (std::uint32_t{kOctaves * kOctaveParts} << kShift))));
  const Bits<W> part = (to_bits(size) - Bits<W>(least - (1u << kShift))) >> kShift;
  const Bits<W> slot = select(d > 0, Bits<W>(kNoDifference + 1) + part, Bits<W>(kNoDifference - 1) - part);
  return select(is_finite(d), select(d == 0, Bits<W>(kNoDifference), slot), Bits<W>(kDifferenceNonFinite));
}

// The slot of a regret, which is a difference that is never negative.
template <int W>
CHOKEPOINT_HD Bits<W> regret_slot(std::uint32_t least, Pack<W> regret) {
  return difference_slot(least, regret) - Bits<W>(kNoDifference);
}

// How a policy does among all: by how much the best one is better, how many are better, and how many are as good (itself
// among them). If some value is not finite, the regret is NaN and nobody is as good.
template <int W>
struct Standing {
  Pack<W> regret, better, equal;
};

// Of a policy with the value x; values(q) is that of policy q in the same trajectory or world.
template <int W, class Values>
CHOKEPOINT_HD Standing<W> standing_of(Pack<W> x, bool higher, int policies, const Values& values) {
  Pack<W> best = x, better = 0, equal = 0;
  Mask<W> finite = is_finite(x);
  for (int q = 0; q < policies; ++q) {
    const Pack<W> y = values(q);
    best = higher ? max(y, best) : min(y, best);
    better += as_flag(higher ? y > x : y < x);
    equal += as_flag(y == x);
    finite = finite & is_finite(y);
  }
  return {select(finite, abs(best - x), std::numeric_limits<float>::quiet_NaN()), better, select(finite, equal, 0)};
}

// What a value adds to the sum of its parameters' bins: whole units, few enough for sums over many trajectories.
template <int W>
CHOKEPOINT_HD Pack<W> driver_units(const Binning& b, Pack<W> x) {
  return clamp(units_of(b, x), -kDriverUnitLimit, kDriverUnitLimit);
}

// The mean over the replicates of a world, rounded to whole units; NaN if one of its values is not finite.
CHOKEPOINT_HD float world_mean(const Binning& b, const float* values, int stride, int replicates) {
  std::int64_t sum = 0;
  bool finite = true;
  for (int i = 0; i < replicates; ++i) {
    const Pack<1> x = Pack<1>::of(values[i * stride]);
    finite = finite & is_finite(x).v;
    sum += static_cast<std::int64_t>(units_of(b, x).v);
  }
  const std::int64_t half = sum < 0 ? -(replicates / 2) : replicates / 2;
  const float mean = static_cast<float>((sum + half) / replicates);
  return finite ? detail::divide(mean, b.inverse_unit) : std::numeric_limits<float>::quiet_NaN();
}

CHOKEPOINT_HD bool satisfies(const Threshold& t, float x) {
  switch (t.comparison) {
    case Comparison::kLess: return x < t.value;
    case Comparison::kLessEqual: return x <= t.value;
    case Comparison::kGreater: return x > t.value;
    default: return x >= t.value;
  }
}

// Of an event by the step of its first occurrence; `steps` if there is none.
CHOKEPOINT_HD bool satisfies_event(const Threshold& t, float step, int steps) {
  return (step < static_cast<float>(steps)) == (t.happens != 0);
}

// The coarse bin of a joint histogram: 0 below, kJointSide - 1 above; non-finite values count as above.
CHOKEPOINT_HD std::uint32_t joint_bin(std::uint32_t slot) { return (slot + kJointStride - 1) / kJointStride; }
static_assert(kBins % kJointStride == 0 && kNonFinite - kAbove < kJointStride);

}  // namespace chokepoint
