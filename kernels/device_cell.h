// The sums of a cell as a GPU keeps them: 64-bit sums of 27-bit pieces, so that a warp can add a piece in
// 32 bits; and the extremes as words whose order is that of the floats. Same integers as CellSums in the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine.h"
#include "pack.h"

namespace chokepoint {

inline constexpr int kPieceBits = 27, kUnitPieces = 2, kPieces = 6;  // two of units + 2^43, four of their squares
inline constexpr std::int64_t kUnitBias = std::int64_t{1} << 43;
inline constexpr std::uint32_t kPieceMask = (1u << kPieceBits) - 1;

struct DeviceCell {
  unsigned long long piece[kPieces];
  std::uint32_t least, greatest;
  std::uint32_t saturated, unused;
};
inline constexpr DeviceCell kEmptyCell = {{}, 0xffffffffu, 0, 0, 0};

// The pieces of one value, given in whole units of at most 2^43 in size.
struct Pieces {
  std::uint32_t of[kPieces];
};
CHOKEPOINT_HD Pieces pieces_of(float units) {
  const auto whole = static_cast<std::int64_t>(units);
  const auto biased = static_cast<std::uint64_t>(whole + kUnitBias);
  // |units| has 44 bits: its square as (a 2^27 + b)^2, with a below 2^17.
  const auto size = static_cast<std::uint64_t>(whole < 0 ? -whole : whole);
  const std::uint64_t a = size >> kPieceBits, b = size & kPieceMask, middle = 2 * a * b;
  const std::uint64_t low = b * b + ((middle & kPieceMask) << kPieceBits), high = a * a + (middle >> kPieceBits) + (low >> 2 * kPieceBits);
  const auto piece = [](std::uint64_t x, int k) { return static_cast<std::uint32_t>(x >> (k * kPieceBits)) & kPieceMask; };
  return {{piece(biased, 0), piece(biased, 1), piece(low, 0), piece(low, 1), piece(high, 0), piece(high, 1)}};
}

CHOKEPOINT_HD std::uint32_t ordered_word(float x) {
  const auto word = detail::bit_cast<std::uint32_t>(x);
  return word >> 31 ? ~word : word | 0x80000000u;
}
inline float float_of_ordered(std::uint32_t word) { return detail::bit_cast<float>(word >> 31 ? word & 0x7fffffffu : ~word); }

// `finite`: how many values the cell holds.
inline CellSums sums_of(const DeviceCell& cell, std::int64_t finite) {
  CellSums sums;
  for (int k = 0; k < kUnitPieces; ++k) sums.units += static_cast<Wide>(cell.piece[k]) << (kPieceBits * k);
  for (int k = kUnitPieces; k < kPieces; ++k) sums.squares += static_cast<UnsignedWide>(cell.piece[k]) << (kPieceBits * (k - kUnitPieces));
  sums.units -= static_cast<Wide>(finite) * kUnitBias;
  sums.saturated = cell.saturated;
  if (finite > 0) {
    sums.least = float_of_ordered(cell.least);
    sums.greatest = float_of_ordered(cell.greatest);
  }
  return sums;
}

}  // namespace chokepoint
