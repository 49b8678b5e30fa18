// Differences from the reference policy: against laws, closed forms and the values themselves.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <random>

#include "../../host/statistics/paired.h"
#include "tally_values.h"

namespace chokepoint {
namespace {

const boost::math::normal_distribution<double> kNormal;

PairedStatistics paired_of(const Scenario& s, const Outcomes& outcomes, int metric = kValue) {
  return derive_paired(s, tallies_of(s, outcomes))[metric];
}

TEST(Paired, MeansAndProbabilitiesOfAHandful) {
  const PairedStatistics s = paired_of(policies_scenario(2), {{1, 2, 3, 4}, {2, 2, 1, 7}});  // differences 1, 0, -2, 3
  EXPECT_DOUBLE_EQ(s.mean_difference[1], 0.5);
  EXPECT_DOUBLE_EQ(s.difference_sd[1], std::sqrt(13.0 / 3));  // squared deviations 0.25 + 0.25 + 6.25 + 6.25, over 3
  EXPECT_DOUBLE_EQ(s.mean_difference_se[1], std::sqrt(13.0 / 12));
  EXPECT_DOUBLE_EQ(s.probability_higher[1], 0.5);
  EXPECT_DOUBLE_EQ(s.probability_equal[1], 0.25);
  EXPECT_DOUBLE_EQ(s.probability_better[1], 0.5);
  // Wilson's interval of 1 in 4: centre 0.3725, half width 0.3268.
  EXPECT_NEAR(s.probability_equal_bounds[2], 0.0456, 1e-4);
  EXPECT_NEAR(s.probability_equal_bounds[3], 0.6994, 1e-4);
  // (5/3 + 22/3) / (13/3): variances of 1..4 and of 2, 2, 1, 7.
  EXPECT_NEAR(s.variance_reduction[1], (5.0 / 3 + 22.0 / 3) / (13.0 / 3), 1e-12);
}

TEST(Paired, WithoutADirectionNothingIsBetter) {
  const PairedStatistics s = paired_of(policies_scenario(2), {{1, 2}, {2, 3}}, kLogValue);
  EXPECT_TRUE(s.probability_better.empty());
  EXPECT_EQ(s.probability_higher[1], 1);
}

TEST(Paired, LessIsBetterWhereTheDirectionSaysSo) {
  Scenario s = policies_scenario(2);
  ModelInfo model = *s.model;
  model.metrics[kValue].direction = Direction::kLower;
  s.model = &model;
  EXPECT_DOUBLE_EQ(paired_of(s, {{1, 2, 3, 4}, {2, 2, 1, 7}}).probability_better[1], 0.25);
}

TEST(Paired, TheReferenceDiffersFromNothing) {
  Scenario scenario = policies_scenario(2);
  scenario.reference = 1;
  const PairedStatistics s = paired_of(scenario, {{1, 2, 4}, {2, 2, 2}});
  EXPECT_EQ(s.mean_difference[1], 0);
  EXPECT_EQ(s.difference_quantile[3], 0);
  EXPECT_TRUE(std::isnan(s.probability_better[1]));
  EXPECT_TRUE(std::isnan(s.variance_reduction[1]));
  EXPECT_NEAR(s.mean_difference[0], 1.0 / 3, 1e-6);
}

TEST(Paired, PoliciesThatActAlikeAreExactlyEqual) {
  const PairedStatistics s = paired_of(policies_scenario(2), {{1, 2, 4}, {1, 2, 4}});
  EXPECT_EQ(s.mean_difference[1], 0);
  EXPECT_EQ(s.mean_difference_se[1], 0);
  EXPECT_EQ(s.probability_equal[1], 1);
  EXPECT_EQ(s.difference_quantile[4], 0);
  EXPECT_TRUE(std::isinf(s.variance_reduction[1]));
}

TEST(Paired, AConstantShiftIsKnownExactly) {
  const PairedStatistics s = paired_of(policies_scenario(2), {{1, 2, 4, 9}, {1.5, 2.5, 4.5, 9.5}});
  EXPECT_EQ(s.mean_difference[1], 0.5);
  EXPECT_EQ(s.mean_difference_se[1], 0);
  for (int q = 3; q < 6; ++q) EXPECT_EQ(s.difference_quantile[q], 0.5);  // all between the extremes that were seen
}

TEST(Paired, AnAtomOfNoDifferenceIsExact) {
  Outcomes outcomes(2, std::vector<float>(100, 1.0f));
  for (int i = 0; i < 30; ++i) outcomes[1][static_cast<std::size_t>(i)] += static_cast<float>(i + 1);  // 70 are the same
  const PairedStatistics s = paired_of(policies_scenario(2), outcomes);
  EXPECT_EQ(s.difference_quantile[3], 0);
  EXPECT_EQ(s.difference_quantile[4], 0);
  EXPECT_NEAR(s.difference_quantile[5], 20, 1.25);  // a slot is a sixteenth of an octave: at most 1/16 of the value wide
}

TEST(Paired, ValuesThatAreNotFiniteAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const PairedStatistics s = paired_of(policies_scenario(2), {{1, nan, 3, 4}, {2, 2, 1, nan}});
  EXPECT_DOUBLE_EQ(s.mean_difference[1], -0.5);  // of 1 and -2
  EXPECT_DOUBLE_EQ(s.probability_higher[1], 0.5);
  const PairedStatistics none = paired_of(policies_scenario(2), {{nan}, {1}});
  EXPECT_TRUE(std::isnan(none.mean_difference[1]));
  EXPECT_TRUE(std::isnan(none.probability_equal[1]));
  EXPECT_TRUE(std::isnan(none.difference_quantile_bounds[6]));
}

TEST(Paired, ErrorsCountWorldsNotReplicates) {
  Outcomes outcomes(2, std::vector<float>(400, 1.0f));
  for (std::size_t i = 0; i < 400; ++i) outcomes[1][i] += i % 2 == 0 ? 1.0f : -1.0f;
  const double single = paired_of(policies_scenario(2), outcomes).mean_difference_se[1];
  EXPECT_DOUBLE_EQ(paired_of(policies_scenario(2, 4), outcomes).mean_difference_se[1], 2 * single);
}

TEST(Paired, SlotsOfDifferencesEndWhereTheyAreCounted) {
  for (const MetricRow& metric : find_model("race")->metrics) {
    const std::vector<double> edges = difference_edges(metric);
    const std::uint32_t least = least_difference(metric);
    for (int slot = kNoDifference + 2; slot < kDifferenceNonFinite; ++slot) {
      const float edge = static_cast<float>(edges[slot]), below = std::nextafter(edge, 0.0f);
      EXPECT_EQ(difference_slot(least, Pack<1>::of(edge)).v, static_cast<std::uint32_t>(slot)) << metric.key;
      EXPECT_EQ(difference_slot(least, Pack<1>::of(below)).v, static_cast<std::uint32_t>(slot - 1)) << metric.key;
      EXPECT_EQ(edges[2 * kNoDifference - slot], -edges[slot]);
      EXPECT_EQ(difference_slot(least, Pack<1>::of(-edge)).v, static_cast<std::uint32_t>(2 * kNoDifference - slot)) << metric.key;
    }
    EXPECT_GE(edges[kDifferenceNonFinite - 1], static_cast<double>(metric.high)) << metric.key;
  }
}

TEST(Paired, QuantilesAreThoseOfTheSample) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal(0.5f, 2);
  const std::size_t n = 20000;
  Outcomes outcomes(2, std::vector<float>(n, 0.0f));
  for (float& x : outcomes[1]) x = normal(random);
  const Scenario scenario = policies_scenario(2);
  const PairedStatistics s = paired_of(scenario, outcomes);
  std::ranges::sort(outcomes[1]);
  for (std::size_t q = 0; q < 3; ++q) {
    const auto exact = static_cast<double>(outcomes[1][static_cast<std::size_t>(scenario.quantiles[q] * static_cast<double>(n))]);
    const double half = (s.difference_quantile_bounds[2 * (3 + q) + 1] - s.difference_quantile_bounds[2 * (3 + q)]) / 2;
    EXPECT_NEAR(s.difference_quantile[3 + q], exact, 0.15 * half);
  }
}

// Differences are N(0.3, 1) on top of outcomes that vary four times as much.
TEST(Paired, BoundsCoverTheLaw) {
  const Scenario scenario = policies_scenario(2);
  std::mt19937_64 random(2);
  std::normal_distribution<float> normal;
  IntervalCoverage mean, higher, quantiles[3];
  Outcomes outcomes(2, std::vector<float>(1000));
  double reduction = 0;
  constexpr int kRuns = 2000;
  for (int run = 0; run < kRuns; ++run) {
    for (std::size_t i = 0; i < outcomes[0].size(); ++i) {
      outcomes[0][i] = 20 + 4 * normal(random);
      outcomes[1][i] = outcomes[0][i] + 0.3f + normal(random);
    }
    const PairedStatistics s = paired_of(scenario, outcomes);
    mean.add(s.mean_difference_bounds[2], 0.3, s.mean_difference_bounds[3]);
    higher.add(s.probability_better_bounds[2], cdf(kNormal, 0.3), s.probability_better_bounds[3]);
    for (std::size_t q = 0; q < 3; ++q)
      quantiles[q].add(s.difference_quantile_bounds[6 + 2 * q], 0.3 + quantile(kNormal, scenario.quantiles[q]),
                       s.difference_quantile_bounds[7 + 2 * q]);
    reduction += s.variance_reduction[1] / kRuns;
  }
  EXPECT_NEAR(reduction, 33, 0.2);  // (16 + 17) / 1
  for (const auto& [what, coverage] :
       {std::pair{"mean", mean}, {"better", higher}, {"10 %", quantiles[0]}, {"median", quantiles[1]}, {"90 %", quantiles[2]}}) {
    RecordProperty(what, std::to_string(coverage.percent()));
    EXPECT_NEAR(coverage.percent(), 95, 1.5) << what;
  }
}

}  // namespace
}  // namespace chokepoint
