// The sums of a cell as a GPU takes them, in integers only: each thread sums the two halves of a value's
// units in 32 bits and their products in 64, a cell in device memory holds 128. Same integers as CellSums.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "engine.h"
#include "pack.h"

namespace chokepoint {

struct DeviceCell {
  unsigned long long units[2], squares[2];  // 128 bits each, the lower half first
  unsigned long long saturated;
  std::uint32_t least, greatest;  // as ordered words
};
inline constexpr DeviceCell kEmptyCell = {{}, {}, 0, 0xffffffffu, 0};

// A word whose order is that of the floats.
CHOKEPOINT_HD std::uint32_t ordered_word(float x) {
  const auto word = detail::bit_cast<std::uint32_t>(x);
  return word >> 31 ? ~word : word | 0x80000000u;
}
inline float float_of_ordered(std::uint32_t word) { return detail::bit_cast<float>(word >> 31 ? word & 0x7fffffffu : ~word); }

// What one thread sums, of at most kMost values: a value of at most 2^43 units is high * 2^22 + low with both
// at most 2^21 in size.
struct ThreadSums {
  static constexpr int kHalf = 22, kMost = 512;
  std::int32_t high = 0, low = 0;
  std::int64_t high_high = 0, high_low = 0, low_low = 0;
  float least = CellSums{}.least, greatest = CellSums{}.greatest;

  // `units`: of `value`, whole. The rounding constant leaves the nearest integer in a float's low bits.
  CHOKEPOINT_HD void add(float units, float value) {
    constexpr float kRound = 12582912.0f;  // 1.5 * 2^23, whose word is 0x4b400000
    const float upper = detail::add(detail::multiply(units, 0x1p-22f), kRound);
    const float rest = detail::fused(detail::subtract(upper, kRound), -0x1p22f, units);
    const auto h = static_cast<std::int32_t>(detail::bit_cast<std::uint32_t>(upper) - 0x4b400000u);
    const auto l = static_cast<std::int32_t>(detail::bit_cast<std::uint32_t>(detail::add(rest, kRound)) - 0x4b400000u);
    high += h;
    low += l;
    high_high += static_cast<std::int64_t>(h) * h;
    high_low += static_cast<std::int64_t>(h) * l;
    low_low += static_cast<std::int64_t>(l) * l;
    least = fminf(value, least);  // these pass over NaN
    greatest = fmaxf(value, greatest);
  }
  CHOKEPOINT_HD std::int64_t units() const { return (static_cast<std::int64_t>(high) << kHalf) + low; }
};

// The sum of squares from the sums of products.
CHOKEPOINT_HD UnsignedWide squares_of(std::int64_t high_high, std::int64_t high_low, std::int64_t low_low) {
  constexpr int kHalf = ThreadSums::kHalf;
  return static_cast<UnsignedWide>((static_cast<Wide>(high_high) << 2 * kHalf) + (static_cast<Wide>(high_low) << (kHalf + 1)) + low_low);
}

inline CellSums sums_of(const DeviceCell& cell) {
  CellSums sums;
  sums.units = static_cast<Wide>((static_cast<UnsignedWide>(cell.units[1]) << 64) + cell.units[0]);
  sums.squares = (static_cast<UnsignedWide>(cell.squares[1]) << 64) + cell.squares[0];
  sums.saturated = static_cast<std::int64_t>(cell.saturated);
  if (cell.least <= cell.greatest) {
    sums.least = float_of_ordered(cell.least);
    sums.greatest = float_of_ordered(cell.greatest);
  }
  return sums;
}

}  // namespace chokepoint
