// The probability of detection: known values, limits, an exact sum, and every lane width.
// SPDX-License-Identifier: Apache-2.0
#include "../checks.h"

#include <array>
#include <boost/multiprecision/cpp_dec_float.hpp>

#include "../../../kernels/inspection/detection.h"

namespace chokepoint {
namespace {

using inspection::detection_probability;
using inspection::noticed;

float detected(int chips, int diverted, int tested, float miss) { return detection_probability(chips, diverted, tested, Pack<1>(miss)).v; }

// Evaluated from the formula of CSET's inspection_costs_stage1.py.
TEST(Detection, HasTheKnownValues) {
  const struct {
    int chips, diverted, tested;
    double probability;
  } known[] = {
      {100, 10, 10, 0.648614},      {1'000, 10, 10, 0.091415},     {1'000, 100, 10, 0.633110},      {1'000, 100, 100, 0.999973},
      {10'000, 100, 100, 0.616754}, {10'000, 1'000, 10, 0.631624}, {100'000, 1'000, 100, 0.615185}, {100'000, 100, 1'000, 0.615185},
  };
  for (const auto& k : known) EXPECT_NEAR(double(detected(k.chips, k.diverted, k.tested, 0.05f)), k.probability, 5.5e-7) << k.chips;
}

TEST(Detection, HasTheRightLimits) {
  for (const int chips : {1, 2, 10, 1'000, 100'000}) {
    for (const float miss : {0.0f, 0.05f, 0.7f, 1.0f}) {
      EXPECT_EQ(detected(chips, 0, chips, miss), 0) << "nothing is diverted";
      EXPECT_EQ(detected(chips, chips, 0, miss), 0) << "nothing is tested";
      EXPECT_EQ(detected(chips, chips / 2, chips, miss), noticed(chips / 2, Pack<1>(miss)).v) << "all are tested";
      EXPECT_EQ(detected(chips, chips, chips / 2, miss), noticed(chips / 2, Pack<1>(miss)).v) << "all are diverted";
    }
    EXPECT_EQ(detected(chips, chips / 2, chips / 2, 1), 0) << "every test is blind";
    EXPECT_EQ(detected(chips, chips, 1, 0), 1) << "no test is blind";
  }
  EXPECT_NEAR(double(detected(1'000'000, 1, 1, 0.05f)), 0.95e-6, 1e-12);
}

// Without misses P is one less h(0), a product of a few factors.
TEST(Detection, WithoutMissesIsTheChanceOfATest) {
  using Cluster = std::array<int, 3>;
  for (const auto& [chips, diverted, tested] : {Cluster{100, 3, 40}, Cluster{100'000, 70, 900}, Cluster{50, 30, 10}}) {
    double none = 1;
    for (int i = 0; i < tested; ++i) none *= double(chips - diverted - i) / (chips - i);
    EXPECT_NEAR(double(detected(chips, diverted, tested, 0)), 1 - none, 1e-6) << chips;
  }
}

// The formula itself, with a hundred digits.
double exact(int chips, int diverted, int tested, float miss) {
  using Wide = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<100>>;
  const auto choose = [](int n, int k) {
    Wide result = 1;
    for (int i = 1; i <= k; ++i) result = result * (n - k + i) / i;
    return result;
  };
  const int in_place = chips - diverted, least = std::max(0, tested - in_place), most = std::min(diverted, tested);
  Wide term = choose(diverted, least) * choose(in_place, tested - least) / choose(chips, tested), overlooked = 0;
  for (int i = 0; i < least; ++i) term *= miss;
  for (int x = least; x <= most; ++x) {
    overlooked += term;
    if (x < most) term = term * (diverted - x) * (tested - x) / (Wide(x + 1) * (in_place - tested + x + 1)) * miss;
  }
  return static_cast<double>(1 - overlooked);
}

// The largest relative error over random clusters of up to `chips` chips, of which up to `tested` are tested.
double worst_error(int cases, int chips, int tested, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto up_to = [&](int limit) { return static_cast<int>(next_word(random) % static_cast<std::uint32_t>(limit + 1)); };
  constexpr float kMisses[] = {0, 1e-6f, 0.05f, 0.5f, 0.99f, 0.99999f};
  double worst = 0;
  for (int i = 0; i < cases; ++i) {
    const int size = 1 + up_to(chips - 1), few = up_to(std::min(size, 300)), tests = up_to(std::min(size, tested));
    const int diverted = i % 3 == 0 ? up_to(size) : i % 3 == 1 ? few : size - few;
    const float miss = kMisses[i / 3 % 6];
    const double truth = exact(size, diverted, tests, miss), found = double(detected(size, diverted, tests, miss));
    worst = std::max(worst, truth == 0 ? found : std::fabs(found / truth - 1));
  }
  return worst;
}

TEST(Detection, ErrorIsWithinItsPromise) {
  EXPECT_LE(worst_error(1200 / kThinning, 30, 30, 1), 2e-6);
  EXPECT_LE(worst_error(600 / kThinning, 1'500, 1'500, 2), 2e-6);
  const double worst = worst_error(600 / kThinning, 1 << 20, 400, 3);
  EXPECT_LE(worst, 2e-6);
  EXPECT_GT(worst, 1e-7) << "the promise is far too loose";
  EXPECT_LE(worst_error(30 / kThinning, 1 << 20, 30'000, 4), 1e-4);
}

// More tests, more diverted chips or fewer misses never find less, but for rounding.
TEST(Detection, GrowsWithTestsAndDiversion) {
  for (const int chips : {20, 1'000, 30'000})
    for (int n = 1; n < 20; ++n)
      for (int k = 1; k < 20; ++k) {
        const float here = detected(chips, k, n, 0.05f) * (1 - 2e-6f);
        EXPECT_LE(here, detected(chips, k + 1, n, 0.05f));
        EXPECT_LE(here, detected(chips, k, n + 1, 0.05f));
        EXPECT_LE(here, detected(chips, k, n, 0.01f));
        EXPECT_NEAR(here, detected(chips, n, k, 0.05f), 4e-6f * here) << "it is the same whose chips are drawn";
      }
}

TEST(Detection, SameBitsOnEveryWidth) {
  std::vector<float> misses;
  for (int i = 0; i < 160; ++i) misses.push_back(static_cast<float>(i) / 159);
  using Cluster = std::array<int, 3>;
  for (const auto& [chips, diverted, tested] : {Cluster{10, 1, 1}, Cluster{1'000, 900, 200}, Cluster{100'000, 10'000, 1'000}})
    expect_same_bits("detection", [&](auto miss) { return detection_probability(chips, diverted, tested, miss); }, misses);
}

}  // namespace
}  // namespace chokepoint
