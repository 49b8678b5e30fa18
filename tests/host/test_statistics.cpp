// Statistics from hand-made tallies, against values worked out by other means.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "../../host/run/plan.h"
#include "../../host/statistics/statistics.h"
#include "../../kernels/tally.h"

namespace chokepoint {
namespace {

Statistics derive(const Scenario& s, const Tallies& t) { return derive_statistics(s, t, Sample(t.shape, 0)); }

constexpr int kLogValue = 1;  // linear bins of 0.01 over [-10, 10], units of 2^-20

Scenario scenario() {
  Scenario s;
  s.model = find_model("brownian");
  s.years = 1;
  s.record_every_months = 12;
  s.quantiles = {0.1, 0.5, 0.9};
  s.policies = {{"base", "", "", {{0, {}}}, {}}};
  return s;
}

// Tallies of given values of log_value.
Tallies tallies_of(const Scenario& s, const std::vector<double>& values) {
  Tallies t(shape_of(s));
  t.trajectories = values.size();
  const std::size_t cell = t.shape.cell(0, kLogValue, 0);
  for (const double x : values) {
    const auto slot = x < -10 ? kBelow : x >= 10 ? kAbove : 1 + static_cast<int>(std::floor((x + 10) * 100));
    ++t.slots[cell * kSlots + static_cast<std::size_t>(slot)];
    const auto units = static_cast<std::int64_t>(std::llround(x * 1048576));
    t.sums[cell].units += units;
    t.sums[cell].squares += static_cast<UnsignedWide>(static_cast<Wide>(units) * units);
    t.sums[cell].least = std::min(t.sums[cell].least, static_cast<float>(x));
    t.sums[cell].greatest = std::max(t.sums[cell].greatest, static_cast<float>(x));
  }
  for (int e = 0; e < t.shape.events; ++e) t.event_steps[static_cast<std::size_t>(e) * 13 + 12] = static_cast<std::int64_t>(values.size());
  return t;
}

TEST(Statistics, MeanAndStandardError) {
  const Scenario s = scenario();
  const MeanError e = mean_error(s, tallies_of(s, {1, 2, 3, 6}), 0, kLogValue, 0);
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_DOUBLE_EQ(e.sd, std::sqrt(14.0 / 3));  // squared deviations 4 + 1 + 0 + 9, over 3
  EXPECT_DOUBLE_EQ(e.standard_error, std::sqrt(14.0 / 12));
}

TEST(Statistics, VarianceSurvivesALargeMean) {
  const Scenario s = scenario();
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(9.5 + (i % 2 ? 1 : -1) * 0x1p-18);
  EXPECT_NEAR(mean_error(s, tallies_of(s, values), 0, kLogValue, 0).sd, 0x1p-18 * std::sqrt(1000.0 / 999), 1e-12);
}

TEST(Statistics, SumsOfABillionBillionUnitsAreExact) {
  const Scenario s = scenario();
  Tallies t = tallies_of(s, {0});
  const std::size_t cell = t.shape.cell(0, kLogValue, 0);
  const std::int64_t n = 1'000'000'000'000, unit = std::int64_t{1} << 43;  // all values at the limit of the sums
  t.trajectories = n;
  t.slots[cell * kSlots + kAbove] = n;
  t.slots[cell * kSlots + 1001] = 0;
  t.sums[cell].units = static_cast<Wide>(n) * unit;
  t.sums[cell].squares = static_cast<UnsignedWide>(n) * static_cast<UnsignedWide>(unit) * static_cast<UnsignedWide>(unit);
  const MeanError e = mean_error(s, t, 0, kLogValue, 0);
  EXPECT_DOUBLE_EQ(e.mean, 0x1p23);
  EXPECT_EQ(e.sd, 0);
}

TEST(Statistics, OneTrajectoryHasAMeanButNoError) {
  const Scenario s = scenario();
  const MeanError e = mean_error(s, tallies_of(s, {2}), 0, kLogValue, 0);
  EXPECT_EQ(e.mean, 2);
  EXPECT_TRUE(std::isnan(e.standard_error));
}

TEST(Statistics, NothingFiniteHasNoStatistics) {
  const Scenario s = scenario();
  Tallies t(shape_of(s));
  t.trajectories = 3;
  t.slots[t.shape.cell(0, kLogValue, 0) * kSlots + kNonFinite] = 3;
  const Statistics st = derive(s, t);
  EXPECT_TRUE(std::isnan(st.metrics[kLogValue].mean[0]));
  EXPECT_TRUE(std::isnan(st.metrics[kLogValue].quantile[1]));
}

TEST(Statistics, ErrorsCountWorldsNotReplicates) {
  Scenario s = scenario();
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i % 2);
  const double independent = mean_error(s, tallies_of(s, values), 0, kLogValue, 0).standard_error;
  s.replicates = 4;
  EXPECT_DOUBLE_EQ(mean_error(s, tallies_of(s, values), 0, kLogValue, 0).standard_error, 2 * independent);
}

TEST(Statistics, QuantilesOfEvenlySpreadValues) {
  const Scenario s = scenario();
  std::vector<double> values;
  for (int i = 0; i < 10000; ++i) values.push_back((i + 0.5) / 10000);
  const MetricStatistics m = derive(s, tallies_of(s, values)).metrics[kLogValue];
  EXPECT_NEAR(m.quantile[0], 0.1, 1e-6);
  EXPECT_NEAR(m.quantile[1], 0.5, 1e-6);
  EXPECT_NEAR(m.quantile[2], 0.9, 1e-6);
  // 95 % of the time between 4902 and 5098 of 10,000 draws lie below the median.
  EXPECT_NEAR(m.quantile_bounds[2], 0.4902, 2e-4);
  EXPECT_NEAR(m.quantile_bounds[3], 0.5098, 2e-4);
}

TEST(Statistics, QuantilesOutsideTheBinsStayBetweenTheExtremes) {
  const Scenario s = scenario();
  const MetricStatistics m = derive(s, tallies_of(s, {-30, -20, 0, 25, 45})).metrics[kLogValue];
  EXPECT_GE(m.quantile[0], -30);
  EXPECT_LE(m.quantile[0], -10);
  EXPECT_GE(m.quantile[2], 10);
  EXPECT_LE(m.quantile[2], 45);
}

TEST(Statistics, ProbabilityBoundsAreClopperPearson) {
  const Scenario s = scenario();
  Tallies t = tallies_of(s, std::vector<double>(10, 0));
  t.event_steps[3] = 2;  // 2 of 10 happened in the fourth month
  t.event_steps[12] = 8;
  const Statistics st = derive(s, t);
  EXPECT_DOUBLE_EQ(st.event_probability[0], 0.2);
  EXPECT_NEAR(st.event_probability_bounds[0], 0.02521, 1e-5);  // Clopper and Pearson, 1934: 2 of 10
  EXPECT_NEAR(st.event_probability_bounds[1], 0.55610, 1e-5);
  EXPECT_DOUBLE_EQ(st.event_cdf[0], 0.2);
  // Never seen is not impossible: the rule of three, 1 - 0.025^(1/10).
  EXPECT_EQ(st.event_probability_bounds[2], 0);
  EXPECT_NEAR(st.event_probability_bounds[3], 0.30850, 1e-5);
}

TEST(Statistics, TriggersThatAPolicyLacksAreMissing) {
  Scenario s = scenario();
  s.policies.push_back(s.policies[0]);
  s.policies[1].triggers.push_back({{0, Comparison::kLess, 1, 1}, std::nullopt, {{0, 0.5}}, ""});
  Tallies t(shape_of(s));
  t.trajectories = 4;
  const Statistics st = derive(s, t);
  ASSERT_EQ(t.shape.events, 3);
  EXPECT_TRUE(std::isnan(st.event_probability[2]));
  EXPECT_EQ(st.event_probability[5], 0);
}

}  // namespace
}  // namespace chokepoint
