// Weights of worlds, samples by weight, their quantiles and correlations, and stacking: against closed forms.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "../../host/calibrate/posterior.h"
#include "../../host/calibrate/stacking.h"
#include "../../host/calibrate/weights.h"
#include "config_fixture.h"

namespace chokepoint {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

TEST(Weights, SumsAreThoseOfTheWeightsThemselves) {
  WeightSums sums;
  EXPECT_EQ(sums.effective(), 0);
  for (const double log_weight : {std::log(1.0), kImpossible, std::log(3.0), std::log(2.0)}) sums.add(log_weight);
  EXPECT_EQ(sums.worlds(), 4u);
  EXPECT_NEAR(sums.effective(), 36.0 / 14, 1e-12);
  EXPECT_NEAR(sums.log_mean().value, std::log(1.5), 1e-12);
  // Variance of the mean of n weights over its square: (14 / 4 - 1.5^2) / 4 / 1.5^2.
  EXPECT_NEAR(sums.log_mean().standard_error, std::sqrt((3.5 - 2.25) / 4 / 2.25), 1e-12);
}

TEST(Weights, FarTooSmallAndFarTooLargeForADouble) {
  WeightSums sums;
  for (const double log_weight : {-5000.0, 4000.0, 4000.0 + std::log(3.0)}) sums.add(log_weight);
  EXPECT_NEAR(sums.log_mean().value, 4000 + std::log(4.0 / 3), 1e-9);
  EXPECT_NEAR(sums.effective(), 16.0 / 10, 1e-12);
}

WeightedSample sample_of(std::size_t room, const std::vector<double>& log_weights, std::uint64_t seed, bool backwards = false) {
  Reservoir reservoir(room, 1, seed);
  for (std::size_t k = 0; k < log_weights.size(); ++k) {
    const std::size_t world = backwards ? log_weights.size() - 1 - k : k;
    const auto value = static_cast<float>(world);
    if (reservoir.wants(world, log_weights[world])) reservoir.add(world, log_weights[world], std::span(&value, 1));
  }
  return reservoir.sample();
}

TEST(Reservoir, WithRoomForAllItHoldsAllWithTheirWeights) {
  const WeightedSample sample = sample_of(10, {std::log(1.0), kImpossible, std::log(3.0)}, 1);
  EXPECT_EQ(sample.worlds, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_NEAR(sample.weights[0], 0.25, 1e-12);
  EXPECT_EQ(sample.column(0)[1], 2);
}

TEST(Reservoir, TheSampleDoesNotDependOnTheOrder) {
  std::vector<double> log_weights(1000);
  for (std::size_t i = 0; i < log_weights.size(); ++i) log_weights[i] = std::sin(static_cast<double>(i));
  const WeightedSample forth = sample_of(50, log_weights, 7), back = sample_of(50, log_weights, 7, true);
  EXPECT_EQ(forth.worlds, back.worlds);
  EXPECT_EQ(forth.weights, back.weights);
  EXPECT_EQ(forth.values, back.values);
}

// One world of weight 500 among a thousand of weight 1: drawn without replacement it can count only once. Its share must still be 1/3.
TEST(Reservoir, AHeavyWorldKeepsItsShare) {
  std::vector<double> log_weights(1001, 0);
  log_weights[0] = std::log(500.0);
  double share = 0;
  constexpr int kRepeats = 400;
  for (int r = 0; r < kRepeats; ++r) {
    const WeightedSample sample = sample_of(100, log_weights, static_cast<std::uint64_t>(r));
    ASSERT_EQ(sample.size(), 100u);
    EXPECT_NEAR(std::accumulate(sample.weights.begin(), sample.weights.end(), 0.0), 1, 1e-12);
    if (sample.worlds[0] == 0) share += sample.weights[0] / kRepeats;
  }
  EXPECT_NEAR(share, 500.0 / 1500, 0.005);  // of a single sample the error is about 0.02
}

TEST(Posterior, QuantilesOfWeightedValues) {
  const std::vector<float> values = {3, 1, 2};
  const std::vector<double> weights = {0.25, 0.25, 0.5}, probabilities = {0, 0.125, 0.3125, 0.5, 0.875, 1};
  EXPECT_EQ(weighted_quantiles(values, weights, probabilities), (std::vector<double>{1, 1, 1.5, 2, 3, 3}));
}

TEST(Posterior, RankCorrelationsCountTiesAndWeights) {
  WeightedSample sample;
  sample.worlds = {0, 1, 2, 3};
  sample.weights = {0.25, 0.25, 0.25, 0.25};
  sample.values = {1, 2, 3, 4, 10, 20, 40, 30, 1, 1, 2, 2};
  const std::vector<int> all = {0, 1, 2};
  const std::vector<double> r = rank_correlations(sample, all);
  EXPECT_NEAR(r[0], 1, 1e-12);
  EXPECT_NEAR(r[1], 0.8, 1e-12);                  // 1 - 6 * 2 / (4 * 15)
  EXPECT_NEAR(r[2], 4 / std::sqrt(20.0), 1e-12);  // ranks 1 2 3 4 and 1.5 1.5 3.5 3.5
  sample.weights = {0.5, 0, 0, 0.5};
  EXPECT_NEAR(rank_correlations(sample, all)[1], 1, 1e-12);
}

// Correlations that contradict one another (0.9, 0.9 and -0.9) are shrunk until they do not.
TEST(Posterior, AnImpossibleMatrixIsShrunk) {
  const Scenario scenario;
  const std::vector<int> all = {0, 1, 2, 3};
  const std::vector<double> r = {1, 0.9, 0.9, 0, 0.9, 1, -0.9, 0.05, 0.9, -0.9, 1, 0, 0, 0.05, 0, 1};
  const RankMatrix matrix = strongest_correlations(scenario, all, r, all, 0.1);
  EXPECT_EQ(matrix.parameters, (std::vector<int>{0, 1, 2}));
  EXPECT_GT(matrix.shrunk, 0.4);  // three equal correlations of opposite sign cannot exceed 1/2
  EXPECT_LT(matrix.shrunk, 0.5);
  EXPECT_NEAR(matrix.at(0, 1), 0.9 * (1 - matrix.shrunk), 1e-12);
  EXPECT_EQ(strongest_correlations(scenario, all, std::vector<double>(16), all, 0.1).parameters.size(), 0u);
}

// Observations from 0.3 N(0, 1) + 0.7 N(4, 1): the best mixture of the two densities has these weights.
TEST(Stacking, FindsTheWeightsOfTwoKnownDensities) {
  StackingInput input;
  input.candidates = 2;
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  constexpr int kObservations = 2000;
  std::vector<double> seen;
  for (int o = 0; o < kObservations; ++o) seen.push_back(normal(random) + (o % 10 < 3 ? 0 : 4));
  for (const double mean : {0.0, 4.0})
    for (const double x : seen) input.log_density.push_back(-(x - mean) * (x - mean) / 2);
  input.importance.assign(kObservations, 1);
  for (int o = 0; o < kObservations; ++o) input.block.push_back(o / 10);
  const Stacking stacking = stack(input);
  EXPECT_NEAR(stacking.weight[0].value, 0.3, 4 * stacking.weight[0].standard_error);
  EXPECT_LT(stacking.weight[0].standard_error, 0.01);
  EXPECT_NEAR(stacking.weight[0].value + stacking.weight[1].value, 1, 1e-9);
  EXPECT_LE(stacking.gap, 1e-6);
}

// Of one observation that counts p and one that counts 1 - p, each possible under one candidate only, the weights are p and 1 - p.
TEST(Stacking, EachObservationCountsAsMuchAsItShould) {
  const Stacking stacking = stack({2, {0, kImpossible, kImpossible, kImpossible, 0, kImpossible}, {0.2, 0.8, 1}, {0, 1, 1}});
  EXPECT_NEAR(stacking.weight[0].value, 0.2, 1e-5);
  EXPECT_NEAR(stacking.log_score, 0.2 * std::log(0.2) + 0.8 * std::log(0.8), 1e-9);
  EXPECT_EQ(stacking.impossible, 1);
  EXPECT_GT(stacking.weight[0].standard_error, 0.1);
}

TEST(Stacking, TheBetterOneOfTwoTakesAll) {
  const Stacking stacking = stack({2, {-1, -2, -1, -3, -2.5, -4}, {1, 1, 1}, {0, 1, 2}});
  EXPECT_NEAR(stacking.weight[0].value, 1, 1e-5);
  EXPECT_NEAR(stacking.log_score, -4.0 / 3, 1e-5);
}

}  // namespace
}  // namespace chokepoint
