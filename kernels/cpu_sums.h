// Values of a block of trajectories into the exact sums of a cell, and slots into a histogram.
// Included by one file per instruction set; nothing here may be shared between them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cpu_workspace.h"
#include "tally.h"

namespace chokepoint::detail {

// The rare block with a value that is not finite, or beyond the sums' range.
template <class Real>
CHOKEPOINT_HD bool add_extremes(const float* values, int stride, const float* units, int count, CellSums& cell) {
  bool non_finite = false;
  for (int i = 0; i < count; ++i) {
    const float x = values[i / Real::kLanes * stride + i % Real::kLanes];
    cell.saturated += units[i] == kUnitLimit || units[i] == -kUnitLimit;
    if (x - x != 0) {
      non_finite = true;
      continue;
    }
    cell.least = x < cell.least ? x : cell.least;
    cell.greatest = x > cell.greatest ? x : cell.greatest;
  }
  return non_finite;
}

// Sums are taken in double, where whole numbers below 2^53 add exactly in any order; squares (below 2^86) are
// split at 2^43 for that.
CHOKEPOINT_HD void add_units(const float* units, int count, CellSums& cell) {
  static_assert(kCpuBlock <= 1024, "2^43 * 1024 is the last sum that fits");
  constexpr double kSplit = 0x1.8p95;
  double sum = 0, high = 0, low = 0;
#pragma omp simd reduction(+ : sum, high, low)
  for (int i = 0; i < count; ++i) {
    const double u = static_cast<double>(units[i]);
    const double square = u * u;
    const double upper = (square + kSplit) - kSplit;
    sum += u;
    high += upper;
    low += square - upper;
  }
  cell.units += static_cast<std::int64_t>(sum);
  cell.squares += (static_cast<UnsignedWide>(static_cast<std::int64_t>(high * 0x1p-43)) << 43) +
                  static_cast<UnsignedWide>(static_cast<Wide>(static_cast<std::int64_t>(low)));
}

// The least and the greatest of a block's values.
template <class Real>
struct Extremes {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  Real least = low, greatest = high;
  typename Real::MaskType finite = least == least;

  CHOKEPOINT_HD void add(Real x) {
    least = min(x, least);
    greatest = max(x, greatest);
    finite = finite & is_finite(x);
  }
  // False if a value is not finite, or beyond the sums' range: then each has to be looked at.
  CHOKEPOINT_HD bool give(const Binning& binning, CellSums& cell) {
    bool ordinary = true;
    for (int i = 0; i < Real::kLanes; ++i) {
      ordinary &= finite.lane(i);
      low = least.lane(i) < low ? least.lane(i) : low;
      high = greatest.lane(i) > high ? greatest.lane(i) : high;
    }
    if (!ordinary || (high > -low ? high : -low) * binning.inverse_unit >= kUnitLimit) return false;
    cell.least = low < cell.least ? low : cell.least;
    cell.greatest = high > cell.greatest ? high : cell.greatest;
    return true;
  }
};

// The part of a histogram that a block will count into, fetched line by line beside other work: all histograms together
// outgrow the cache.
struct Fetch {
  const std::uint32_t *line, *end;

  CHOKEPOINT_HD void some(int lines) {
    for (int i = 0; i < lines && line < end; ++i, line += 16) __builtin_prefetch(line, 1);
  }
};

CHOKEPOINT_HD void count_slots(const std::uint32_t* slot, int count, std::uint32_t* histogram) {
  asm("" : "+r"(histogram));  // one register: GCC would add a cell's offset anew for every value
  CHOKEPOINT_UNROLL(8)
  for (int i = 0; i < count; ++i) ++histogram[slot[i]];
}

}  // namespace chokepoint::detail
