// The GPU's form of the sums, on the CPU: the same integers as CellSums.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "../../kernels/device_cell.h"

namespace chokepoint {
namespace {

DeviceCell cell_of(const std::vector<float>& values) {
  DeviceCell cell = kEmptyCell;
  for (const float x : values) {
    const Pieces pieces = pieces_of(x);
    for (int k = 0; k < kPieces; ++k) cell.piece[k] += pieces.of[k];
    cell.least = std::min(cell.least, ordered_word(x));
    cell.greatest = std::max(cell.greatest, ordered_word(x));
  }
  return cell;
}

void expect_exact(const std::vector<float>& values) {
  Wide units = 0;
  UnsignedWide squares = 0;
  for (const float x : values) {
    const auto whole = static_cast<Wide>(static_cast<std::int64_t>(x));
    units += whole;
    squares += static_cast<UnsignedWide>(whole * whole);
  }
  const CellSums sums = sums_of(cell_of(values), static_cast<std::int64_t>(values.size()));
  EXPECT_TRUE(sums.units == units);
  EXPECT_TRUE(sums.squares == squares);
}

TEST(DeviceCell, PiecesFitAWarpsSum) {
  for (const float x : {0.0f, 1.0f, -1.0f, 0x1p43f, -0x1p43f, 0x1.fffffep42f, 134217728.0f})
    for (const std::uint32_t piece : pieces_of(x).of) EXPECT_LE(std::uint64_t{piece} * 32, 0xffffffffu);
}

TEST(DeviceCell, SumsAreExactAtTheEnds) {
  for (const float x : {0.0f, 1.0f, -1.0f, 134217727.0f, -134217728.0f, 0x1p43f, -0x1p43f, 0x1.fffffep42f}) expect_exact({x});
  expect_exact({0x1p43f, -0x1p43f, 3});
}

TEST(DeviceCell, SumsAreExactOnRandomValues) {
  std::mt19937_64 random(1);
  std::vector<float> values;
  for (int i = 0; i < 100000; ++i) {
    const int bits = static_cast<int>(random() % 44);
    const auto whole = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << bits) - 1));
    values.push_back(static_cast<float>(random() % 2 ? whole : -whole));
  }
  expect_exact(values);
}

TEST(DeviceCell, ExtremesKeepTheirOrder) {
  const std::vector<float> rising = {-3e38f, -1.5f, -1e-40f, -0.0f, 0.0f, 1e-40f, 2, 3e38f};
  for (std::size_t i = 1; i < rising.size(); ++i) EXPECT_LT(ordered_word(rising[i - 1]), ordered_word(rising[i]));
  for (const float x : rising) EXPECT_EQ(float_of_ordered(ordered_word(x)), x);
  const CellSums sums = sums_of(cell_of({2, -7, 5}), 3);
  EXPECT_EQ(sums.least, -7);
  EXPECT_EQ(sums.greatest, 5);
}

TEST(DeviceCell, AnEmptyCellIsAnEmptySum) {
  const CellSums sums = sums_of(kEmptyCell, 0), empty;
  EXPECT_TRUE(sums.units == 0 && sums.squares == 0 && sums.least == empty.least && sums.greatest == empty.greatest);
}

}  // namespace
}  // namespace chokepoint
