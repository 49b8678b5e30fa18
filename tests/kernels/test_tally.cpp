// What a value adds to a tally: its slot against double precision, its whole units, and sums that are exact
// whatever the order.
// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <array>

#include "../../kernels/cpu_block.h"

namespace chokepoint {
namespace {

Binning binning(Scale scale, double low, double high, double knee = 1, int log2_unit = -20) {
  const auto t = [&](double x) {
    if (scale == Scale::kLinear) return x;
    return scale == Scale::kLog ? std::log(x) : std::copysign(std::log1p(std::fabs(x) / knee), x);
  };
  return {scale, static_cast<float>(1 / knee), static_cast<float>(t(low)), static_cast<float>(kBins / (t(high) - t(low))),
          std::ldexp(1.0f, -log2_unit)};
}

const Binning kLinear = binning(Scale::kLinear, -10, 30), kLog = binning(Scale::kLog, 1e-4, 1e4), kSignedLog = binning(Scale::kSignedLog, -1e6, 1e3, 0.1);
const Binning kAllScales[] = {kLinear, kLog, kSignedLog};

std::uint32_t slot(const Binning& b, float x) { return slot_of(b, Pack<1>(x)).v; }
float units(const Binning& b, float x) { return units_of(b, Pack<1>(x)).v; }

// The place of x among the bins in double precision, and how far rounding in floats may move it.
struct Place {
  double bins, error;
};
Place place_of(const Binning& b, double x) {
  double t = x;
  if (b.scale == Scale::kLog) t = std::log(x);
  if (b.scale == Scale::kSignedLog) t = std::copysign(std::log1p(std::fabs(x) * static_cast<double>(b.inverse_knee)), x);
  const double low = static_cast<double>(b.low), width = static_cast<double>(b.inverse_width), place = (t - low) * width;
  // log within an ulp of t (or of 1, where it follows a sum), then a difference and a product.
  return {place, 0x1p-22 * (std::max(std::fabs(t), 1.0) * width + std::fabs(place))};
}

// Values over the range of a scale and somewhat beyond.
std::vector<float> values_around(const Binning& b, std::size_t count) {
  std::mt19937 random(8);
  std::vector<float> values(count);
  for (auto& x : values) {
    const double t = static_cast<double>(b.low) + (next_word(random) * 0x1p-32 * 1.2 - 0.1) * kBins / static_cast<double>(b.inverse_width);
    if (b.scale == Scale::kLinear) x = static_cast<float>(t);
    if (b.scale == Scale::kLog) x = static_cast<float>(std::exp(t));
    if (b.scale == Scale::kSignedLog) x = static_cast<float>(std::copysign(std::expm1(std::fabs(t)) / static_cast<double>(b.inverse_knee), t));
  }
  return values;
}

TEST(Slot, IsTheBinOfTheValueOnEveryScale) {
  for (const Binning& b : kAllScales) {
    const auto values = values_around(b, 192000 / kThinning);
    std::size_t at_edges = 0;
    for (const float x : values) {
      const auto [place, error] = place_of(b, static_cast<double>(x));
      if (std::fabs(place - std::round(place)) <= error) {
        ++at_edges;
        continue;
      }
      const double expected = place < 0 ? kBelow : place >= kBins ? kAbove : 1 + std::floor(place);
      ASSERT_EQ(slot(b, x), expected) << "scale " << static_cast<int>(b.scale) << ", value " << x;
    }
    EXPECT_LT(at_edges, values.size() / 100) << "too few values were compared";
  }
}

TEST(Slot, NeverFallsAsTheValueRises) {
  for (const Binning& b : kAllScales) {
    auto values = values_around(b, 192000 / kThinning);
    std::sort(values.begin(), values.end());
    std::uint32_t before = kBelow;
    for (const float x : values) {
      const std::uint32_t now = slot(b, x);
      ASSERT_GE(now, before) << "scale " << static_cast<int>(b.scale) << ", value " << x;
      before = now;
    }
    EXPECT_EQ(before, static_cast<std::uint32_t>(kAbove));
  }
}

TEST(Slot, ABinHoldsItsLowerEdge) {
  const Binning whole{Scale::kLinear, 1, 0, 1, 1};  // bin k is [k - 1, k)
  EXPECT_EQ(slot(whole, -0x1p-149f), 0u);
  EXPECT_EQ(slot(whole, -0.0f), 1u);
  EXPECT_EQ(slot(whole, 0), 1u);
  EXPECT_EQ(slot(whole, std::nextafter(1.0f, 0.0f)), 1u);
  EXPECT_EQ(slot(whole, 1), 2u);
  EXPECT_EQ(slot(whole, std::nextafter(2000.0f, 0.0f)), 2000u);
  EXPECT_EQ(slot(whole, 2000), 2001u);
  // On a log scale the lower end itself.
  EXPECT_EQ(slot(binning(Scale::kLog, 1, 100), 1), 1u);
  EXPECT_EQ(slot(binning(Scale::kLog, 1, 100), std::nextafter(1.0f, 0.0f)), 0u);
  EXPECT_EQ(slot(binning(Scale::kSignedLog, 0, 100), 0), 1u);
}

TEST(Slot, WhatLiesOutsideIsBelowOrAbove) {
  constexpr float kMax = std::numeric_limits<float>::max();
  for (const Binning& b : kAllScales) {
    EXPECT_EQ(slot(b, kMax), static_cast<std::uint32_t>(kAbove)) << static_cast<int>(b.scale);
    EXPECT_EQ(slot(b, -kMax), static_cast<std::uint32_t>(kBelow)) << static_cast<int>(b.scale);
  }
  // A logarithm has no place for these, but they are finite: below everything.
  for (const float x : {0.0f, -0.0f, -1.0f, -kMax, 0x1p-149f}) EXPECT_EQ(slot(kLog, x), static_cast<std::uint32_t>(kBelow)) << x;
}

TEST(Slot, NonFiniteValuesHaveTheirOwn) {
  for (const Binning& b : kAllScales)
    for (const float x : {kInf, -kInf, kNaN, -kNaN}) EXPECT_EQ(slot(b, x), static_cast<std::uint32_t>(kNonFinite)) << x;
}

TEST(Units, AreRoundedToTheNearest) {
  const Binning b = binning(Scale::kLinear, 0, 1, 1, -4);  // units of 1/16
  EXPECT_EQ(units(b, 1), 16);
  EXPECT_EQ(units(b, 1.04f), 17);
  EXPECT_EQ(units(b, -1.04f), -17);
  EXPECT_EQ(units(b, 1 / 32.0f), 0);  // ties to even
  EXPECT_EQ(units(b, 3 / 32.0f), 2);
  EXPECT_EQ(units(b, -3 / 32.0f), -2);
  for (const float x : all_kinds_of_floats(9, 1 << 16)) {
    const double exact = static_cast<double>(x) * 16;
    if (!(std::fabs(exact) <= static_cast<double>(kUnitLimit))) continue;
    ASSERT_EQ(static_cast<double>(units(b, x)), std::nearbyint(exact)) << x;
  }
}

TEST(Units, SaturateAndAreZeroForWhatIsNotFinite) {
  const Binning b = binning(Scale::kLinear, 0, 1);
  EXPECT_EQ(kUnitLimit, 0x1p43f);
  EXPECT_EQ(units(b, 0x1p23f), kUnitLimit);
  EXPECT_EQ(units(b, std::nextafter(0x1p23f, 0.0f)), std::nextafter(0x1p43f, 0.0f));
  for (const float x : {0x1p24f, 1e30f, std::numeric_limits<float>::max()}) {  // the last overflows when scaled
    EXPECT_EQ(units(b, x), kUnitLimit);
    EXPECT_EQ(units(b, -x), -kUnitLimit);
  }
  for (const float x : {kInf, -kInf, kNaN}) EXPECT_EQ(units(b, x), 0);
}

TEST(Tally, SlotsAndUnitsHaveTheSameBitsOnEveryWidth) {
  for (const Binning& b : kAllScales) {
    const auto slots = [&](auto x) { return slot_of(b, x); };
    const auto whole = [&](auto x) { return units_of(b, x); };
    for (const auto& values : {values_around(b, 192000 / kThinning), all_kinds_of_floats(10, 1 << 16)}) {
      expect_same_bits("slot_of", slots, values);
      expect_same_bits("units_of", whole, values);
    }
  }
}

TEST(JointBin, TakesFortyBinsTogether) {
  EXPECT_EQ(joint_bin(kBelow), 0);
  EXPECT_EQ(joint_bin(1), 1);
  EXPECT_EQ(joint_bin(40), 1);
  EXPECT_EQ(joint_bin(41), 2);
  EXPECT_EQ(joint_bin(kBins), 50);
  EXPECT_EQ(joint_bin(kAbove), kJointSide - 1);
  EXPECT_EQ(joint_bin(kNonFinite), kJointSide - 1);
}

// ---- differences between policies

const std::uint32_t kLeast = bits_of(0x1p-20f);

std::uint32_t slot_of_difference(float d) { return difference_slot(kLeast, Pack<1>(d)).v; }

TEST(DifferenceSlot, PartsOfOctavesBeginWhereTheyShould) {
  // Part k of octave j is [2^(j-20) (1 + k/16), 2^(j-20) (1 + (k+1)/16)).
  for (int j = 0; j < kOctaves; ++j)
    for (int k = 0; k < kOctaveParts; ++k) {
      const float edge = std::ldexp(1 + static_cast<float>(k) / kOctaveParts, j - 20);
      const std::uint32_t part = static_cast<std::uint32_t>(2 + j * kOctaveParts + k);  // after none, and too small
      ASSERT_EQ(slot_of_difference(edge), kNoDifference + part);
      ASSERT_EQ(slot_of_difference(std::nextafter(edge, 0.0f)), kNoDifference + part - 1);
      ASSERT_EQ(slot_of_difference(-edge), kNoDifference - part);
      ASSERT_EQ(slot_of_difference(std::nextafter(-edge, 0.0f)), kNoDifference - part + 1);
    }
}

TEST(DifferenceSlot, HasPlacesForNoneForTooSmallForTooLargeAndForWhatIsNotFinite) {
  EXPECT_EQ(slot_of_difference(0.0f), static_cast<std::uint32_t>(kNoDifference));
  EXPECT_EQ(slot_of_difference(-0.0f), static_cast<std::uint32_t>(kNoDifference));
  for (const float tiny : {0x1p-149f, 0x1p-126f, std::nextafter(0x1p-20f, 0.0f)}) {
    EXPECT_EQ(slot_of_difference(tiny), kNoDifference + 1u);
    EXPECT_EQ(slot_of_difference(-tiny), kNoDifference - 1u);
  }
  for (const float huge : {0x1p8f, 1e30f, std::numeric_limits<float>::max()}) {
    EXPECT_EQ(slot_of_difference(huge), static_cast<std::uint32_t>(kNoDifference + kDifferenceSide));
    EXPECT_EQ(slot_of_difference(-huge), 0u);
  }
  for (const float x : {kInf, -kInf, kNaN, -kNaN}) {
    EXPECT_EQ(slot_of_difference(x), static_cast<std::uint32_t>(kDifferenceNonFinite));
    EXPECT_EQ(regret_slot(kLeast, Pack<1>(x)).v, static_cast<std::uint32_t>(kRegretSlots - 1));
  }
  EXPECT_EQ(regret_slot(kLeast, Pack<1>(0)).v, 0u);
}

TEST(DifferenceSlot, NeverFallsAsTheDifferenceRises) {
  std::vector<float> values = all_kinds_of_floats(14, 1 << 16);
  std::erase_if(values, [](float x) { return !std::isfinite(x); });
  std::sort(values.begin(), values.end());
  for (std::size_t i = 1; i < values.size(); ++i) {
    ASSERT_GE(slot_of_difference(values[i]), slot_of_difference(values[i - 1])) << values[i - 1] << ", " << values[i];
    ASSERT_LT(slot_of_difference(values[i]), static_cast<std::uint32_t>(kDifferenceNonFinite));
  }
}

TEST(DifferenceSlot, HasTheSameBitsOnEveryWidth) {
  for (const std::uint32_t least : {kLeast, bits_of(0x1p-100f), bits_of(0x1p60f)})
    expect_same_bits("difference_slot", [&](auto x) { return difference_slot(least, x); }, all_kinds_of_floats(15, 1 << 16));
}

TEST(Standing, CountsWhoIsBetterAndWhoIsAsGood) {
  const std::vector<float> values = {3, 5, 3, 1, 5, 3};
  const auto standing = [&](float x, bool higher) {
    return standing_of(Pack<1>(x), higher, 6, [&](int q) { return Pack<1>(values[static_cast<std::size_t>(q)]); });
  };
  EXPECT_EQ(standing(3, true).regret.v, 2);
  EXPECT_EQ(standing(3, true).better.v, 2);
  EXPECT_EQ(standing(3, true).equal.v, 3);
  EXPECT_EQ(standing(3, false).regret.v, 2);
  EXPECT_EQ(standing(3, false).better.v, 1);
  EXPECT_EQ(standing(5, true).regret.v, 0);
  EXPECT_EQ(standing(5, true).equal.v, 2);
}

TEST(Standing, NobodyStandsWhereAValueIsNotFinite) {
  for (const float bad : {kInf, -kInf, kNaN}) {
    const float values[] = {1, bad, 2};
    const auto s = standing_of(Pack<1>(1), true, 3, [&](int q) { return Pack<1>(values[q]); });
    EXPECT_TRUE(std::isnan(s.regret.v));
    EXPECT_EQ(s.equal.v, 0);
  }
}

TEST(WorldMean, IsRoundedToWholeUnitsAwayFromZero) {
  const Binning b = binning(Scale::kLinear, 0, 1, 1, 0);  // units of 1
  const auto mean = [&](std::vector<float> values) { return world_mean(b, values.data(), 1, static_cast<int>(values.size())); };
  EXPECT_EQ(mean({1, 2}), 2);
  EXPECT_EQ(mean({-1, -2}), -2);
  EXPECT_EQ(mean({1, 1, 2}), 1);
  EXPECT_EQ(mean({1, 2, 2}), 2);
  EXPECT_EQ(mean({-1, -2, -2}), -2);
  EXPECT_TRUE(std::isnan(mean({1, kInf})));
  EXPECT_TRUE(std::isnan(mean({kNaN, 1})));
  const float strided[] = {1, 99, 3, 99};
  EXPECT_EQ(world_mean(b, strided, 2, 2), 2);
}

TEST(Satisfies, ABoundOrAnEvent) {
  const auto bound = [](Comparison c) { return Threshold{0, -1, c, 2, 0}; };
  EXPECT_TRUE(satisfies(bound(Comparison::kLess), 1) && !satisfies(bound(Comparison::kLess), 2));
  EXPECT_TRUE(satisfies(bound(Comparison::kLessEqual), 2) && !satisfies(bound(Comparison::kLessEqual), 3));
  EXPECT_TRUE(satisfies(bound(Comparison::kGreater), 3) && !satisfies(bound(Comparison::kGreater), 2));
  EXPECT_TRUE(satisfies(bound(Comparison::kGreaterEqual), 2) && !satisfies(bound(Comparison::kGreaterEqual), 1));
  for (const Comparison c : {Comparison::kLess, Comparison::kLessEqual, Comparison::kGreater, Comparison::kGreaterEqual})
    EXPECT_FALSE(satisfies(bound(c), kNaN));
  const Threshold must{-1, 0, Comparison::kLess, 0, 1}, must_not{-1, 0, Comparison::kLess, 0, 0};
  EXPECT_TRUE(satisfies_event(must, 11, 12) && !satisfies_event(must, 12, 12));
  EXPECT_TRUE(satisfies_event(must_not, 12, 12) && !satisfies_event(must_not, 0, 12));
}

using Histogram = std::array<std::uint32_t, kSlots>;

struct OneMetric {
  static constexpr int kMetrics = 1;
};

// One block, as the back end for AVX2 adds it: lanes that hold no trajectory are not finite. True if a value is not.
bool add_block(const Binning& b, const float* values, int count, Histogram& histogram, CellSums& cell) {
  alignas(64) float block[kCpuBlock];
  alignas(64) std::uint32_t slots[kCpuBlock];
  std::fill(std::copy_n(values, count, block), std::end(block), kNaN);
  detail::Fetch fetch{};
  const bool non_finite = detail::add_values<OneMetric, Pack<8>>(b, block, count, slots, cell, fetch, histogram.data());
  detail::count_slots(slots, count, histogram.data());
  return non_finite;
}

// Adds values to a cell block by block; the sizes of the blocks are random.
void add_in_blocks(const Binning& b, const std::vector<float>& values, std::mt19937& random, Histogram& histogram, CellSums& cell) {
  for (std::size_t first = 0; first < values.size();) {
    const std::size_t count = std::min<std::size_t>(1 + next_word(random) % kCpuBlock, values.size() - first);
    add_block(b, &values[first], static_cast<int>(count), histogram, cell);
    first += count;
  }
}

// The same sums, one value after another in 128-bit integers.
void expect_exact(const Binning& b, std::vector<float> values) {
  Histogram expected_histogram{};
  CellSums expected;
  for (const float x : values) {
    ++expected_histogram[slot(b, x)];
    const Wide whole = static_cast<Wide>(units(b, x));
    expected.units += whole;
    expected.squares += static_cast<UnsignedWide>(whole * whole);
    expected.saturated += std::isfinite(x) && std::fabs(static_cast<double>(x) * static_cast<double>(b.inverse_unit)) >= 0x1p43;
    if (std::isfinite(x)) expected.least = std::min(expected.least, x), expected.greatest = std::max(expected.greatest, x);
  }
  std::mt19937 random(11);
  for (int order = 0; order < 5; ++order) {
    Histogram histogram{};
    CellSums cell;
    add_in_blocks(b, values, random, histogram, cell);
    EXPECT_TRUE(cell.units == expected.units);
    EXPECT_TRUE(cell.squares == expected.squares);
    EXPECT_EQ(cell.saturated, expected.saturated);
    EXPECT_EQ(cell.least, expected.least);
    EXPECT_EQ(cell.greatest, expected.greatest);
    EXPECT_EQ(histogram, expected_histogram);
    std::shuffle(values.begin(), values.end(), random);
  }
}

TEST(Cell, SumsOfOrdinaryValuesAreExact) {
  for (const Binning& b : kAllScales) expect_exact(b, values_around(b, 20000));
}

TEST(Cell, SumsOfValuesOfAnySizeAreExact) { expect_exact(kLinear, all_kinds_of_floats(12, 20000)); }

TEST(Cell, SumsOfTheLargestUnitsAreExact) {
  // 2^43 units and the float below: their squares have bits on both sides of the split.
  const float largest = 0x1p23f, below = std::nextafter(largest, 0.0f);
  expect_exact(kLinear, std::vector<float>(20000, largest));
  expect_exact(kLinear, std::vector<float>(20000, -below));
  std::vector<float> mixed(20000, below);
  for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] = i % 3 == 0 ? -largest : i % 7 == 0 ? 0x1p-20f : below;
  expect_exact(kLinear, mixed);
}

TEST(Cell, ExtremesAreThoseOfTheFiniteValues) {
  std::mt19937 random(13);
  Histogram histogram{};
  CellSums cell;
  add_in_blocks(kLinear, {kNaN, kInf, -kInf}, random, histogram, cell);
  EXPECT_EQ(cell.least, kInf);  // still none
  EXPECT_EQ(cell.greatest, -kInf);
  EXPECT_EQ(histogram[kNonFinite], 3u);
  add_in_blocks(kLinear, {4, kNaN, -2, kInf}, random, histogram, cell);
  EXPECT_EQ(cell.least, -2);
  EXPECT_EQ(cell.greatest, 4);
  EXPECT_TRUE(cell.units == 2 << 20);
}

TEST(Cell, ItTellsOfABlockWithAValueThatIsNotFinite) {
  const float values[] = {1, 2, kNaN};
  Histogram histogram{};
  CellSums cell;
  EXPECT_FALSE(add_block(kLinear, values, 2, histogram, cell));
  EXPECT_TRUE(add_block(kLinear, values, 3, histogram, cell));
}

}  // namespace
}  // namespace chokepoint
