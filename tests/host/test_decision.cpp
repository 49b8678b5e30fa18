// Regret, ranks, rankings, separation and the winner: against laws, closed forms and the values themselves.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <random>

#include "../../host/statistics/decision.h"
#include "../../host/statistics/winner.h"
#include "tally_values.h"

namespace chokepoint {
namespace {

const boost::math::normal_distribution<double> kNormal;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

DecisionStatistics decide(const Scenario& s, const Outcomes& outcomes) { return derive_decisions(s, tallies_of(s, outcomes))[0]; }

double score_rank(const DecisionStatistics& s, Criterion criterion, std::size_t policy, std::size_t policies) {
  return s.score_rank[static_cast<std::size_t>(criterion) * policies + policy];
}

// Three policies over four trajectories, by hand; in the last one the first two are equally good.
const Outcomes kByHand = {{1, 5, 3, 4}, {2, 3, 3.5, 4}, {3, 1, 2, 3}};

TEST(Decision, RegretOfAHandful) {
  const DecisionStatistics s = decide(policies_scenario(3), kByHand);
  // Best in each trajectory: 3, 5, 3.5, 4; regrets 2, 0, 0.5, 0; then 1, 2, 0, 0; then 0, 4, 1.5, 1.
  EXPECT_DOUBLE_EQ(s.regret_mean[0], 2.5 / 4);
  EXPECT_DOUBLE_EQ(s.regret_mean[1], 3.0 / 4);
  EXPECT_DOUBLE_EQ(s.regret_mean[2], 6.5 / 4);
  EXPECT_DOUBLE_EQ(s.regret_mean_se[1], std::sqrt((5 - 9.0 / 4) / 3 / 4));
  EXPECT_EQ(s.regret_max, (std::vector<double>{2, 2, 4}));
}

TEST(Decision, PoliciesThatAreEquallyGoodShareTheirRanks) {
  const DecisionStatistics s = decide(policies_scenario(3), kByHand);
  EXPECT_EQ(s.rank_probability, (std::vector<double>{0.375, 0.375, 0.25, 0.375, 0.625, 0, 0.25, 0, 0.75}));
  EXPECT_EQ(s.probability_best, (std::vector<double>{0.375, 0.375, 0.25}));
}

TEST(Decision, RankingsByEachCriterion) {
  const DecisionStatistics s = decide(policies_scenario(3), kByHand);
  const auto ranks = [&](Criterion c) {
    return std::vector<double>{score_rank(s, c, 0, 3), score_rank(s, c, 1, 3), score_rank(s, c, 2, 3)};
  };
  EXPECT_EQ(ranks(Criterion::kExpectedValue), (std::vector<double>{1, 2, 3}));  // 3.25, 3.125, 2.25
  EXPECT_EQ(ranks(Criterion::kMaximin), (std::vector<double>{2, 1, 2}));        // 1, 2, 1
  EXPECT_EQ(ranks(Criterion::kMinimaxRegret), (std::vector<double>{1, 1, 3}));  // 2, 2, 4
  EXPECT_EQ(ranks(Criterion::kHurwicz), (std::vector<double>{1, 1, 3}));        // (5 + 1) / 2, (4 + 2) / 2, (3 + 1) / 2
  EXPECT_EQ(s.score[3 * 3], 3);
}

TEST(Decision, WhereLessIsBetterTheSignsTurn) {
  Scenario scenario = policies_scenario(2);
  ModelInfo model = *scenario.model;
  model.metrics[kValue].direction = Direction::kLower;
  scenario.model = &model;
  scenario.hurwicz = 0.25;
  const Tallies tallies = tallies_of(scenario, {{1, 2, 1, 2}, {3, 8, 8, 3}});
  const DecisionStatistics s = derive_decisions(scenario, tallies)[0];
  EXPECT_EQ(s.best, 0);
  EXPECT_DOUBLE_EQ(s.gap[1], 4);
  EXPECT_EQ(s.score[2], 2);  // the worst of the first policy is its greatest
  EXPECT_DOUBLE_EQ(s.score[7], 0.25 * 3 + 0.75 * 8);
  EXPECT_EQ(score_rank(s, Criterion::kHurwicz, 1, 2), 2);
  EXPECT_LE(s.winner_bounds[0], s.winner_corrected[0]);
  EXPECT_GE(s.winner_corrected[0], s.winner_seen[0]);  // what was picked for being low is really higher
}

TEST(Decision, IdenticalPoliciesAreCalledSo) {
  const DecisionStatistics s = decide(policies_scenario(3), {{1, 5, 3, 4}, {1, 5, 3, 4}, {0, 2, 0, 1}});
  EXPECT_EQ(s.separation[1], static_cast<std::int64_t>(Separation::kIdentical));
  EXPECT_EQ(s.gap[1], 0);
  EXPECT_TRUE(std::isinf(s.trajectories_to_separate[1]));
  EXPECT_EQ(s.separation[2], static_cast<std::int64_t>(Separation::kSeparated));
  EXPECT_EQ(s.probability_best, (std::vector<double>{0.5, 0.5, 0}));
  EXPECT_LE(s.winner_bounds[0], s.winner_seen[0]);
  EXPECT_GE(s.winner_bounds[1], s.winner_seen[0]);
}

TEST(Decision, OnePolicyIsTheBest) {
  const DecisionStatistics s = decide(policies_scenario(1), {{1, 2, 3}});
  EXPECT_EQ(s.best, 0);
  EXPECT_EQ(s.regret_mean[0], 0);
  EXPECT_EQ(s.rank_probability[0], 1);
  EXPECT_NEAR(s.winner_corrected[0], 2, 1e-9);
}

TEST(Decision, WhatIsNotFiniteLeavesOutWhatCannotBeHad) {
  const DecisionStatistics s = decide(policies_scenario(2), {{1, kNan, 3}, {2, 2, 1}});
  EXPECT_DOUBLE_EQ(s.regret_mean[0], 0.5);  // of 1 and 0
  EXPECT_DOUBLE_EQ(s.probability_best[1], 0.5);
  EXPECT_EQ(s.best, -1);
  EXPECT_TRUE(std::isnan(s.score[0]));
  EXPECT_TRUE(std::isnan(s.pair_difference_se[1]));
  EXPECT_TRUE(std::isnan(s.winner_corrected[0]));
  EXPECT_EQ(s.separation[1], static_cast<std::int64_t>(Separation::kUnknown));
}

TEST(Decision, WorldsAreDecidedOnByTheirMeans) {
  // Two worlds of two: means 3 and 5, then 4 and 2.
  const DecisionStatistics s = decide(policies_scenario(2, 2), {{2, 4, 1, 9}, {3, 5, 2, 2}});
  EXPECT_EQ(s.regret_mean[2], 0.5);   // worlds: 1 and 0
  EXPECT_EQ(s.regret_mean[3], 1.5);   // 0 and 3
  EXPECT_EQ(s.regret_mean[0], 0.75);  // trajectories: 1, 1, 1, 0
  EXPECT_EQ(s.probability_best[2], 0.5);
  EXPECT_EQ(s.score[kCriteria * 2 + 2], 3);  // the worst world of the first policy
  EXPECT_EQ(s.score[2], 1);                  // its worst trajectory
  EXPECT_DOUBLE_EQ(s.regret_mean_se[3], std::sqrt(4.5 / 2));
}

TEST(Decision, SatisficingCountsThresholdsAndTheirConjunction) {
  Scenario scenario = policies_scenario(2);
  scenario.satisfice = {{"value", kValue, -1, Comparison::kGreaterEqual, false, 2}, {"value", kValue, -1, Comparison::kLess, false, 4}};
  const SatisficingStatistics s = derive_satisficing(scenario, tallies_of(scenario, {{1, 2, 3, 4}, {5, 6, 7, kNan}}));
  EXPECT_EQ(s.share, (std::vector<double>{0.75, 0.75, 0.5, 0.75, 0, 0}));
  EXPECT_EQ(s.share_bounds[10], 0);
  EXPECT_NEAR(s.share_bounds[11], 0.4899, 1e-4);  // Wilson's interval of 0 in 4: z^2 / (4 + z^2)
}

// Coverage of everything that has a closed form with two policies, whose difference is N(0.4, 1.5).
TEST(Decision, BoundsCoverTheLaw) {
  constexpr double kShift = 0.4, kSpread = 1.5;
  const double z = kShift / kSpread, best = cdf(kNormal, z);
  const double regret = kShift * best + kSpread * pdf(kNormal, z), high = kShift + kSpread * quantile(kNormal, 0.95);
  Scenario scenario = policies_scenario(3);
  scenario.satisfice = {{"value", kValue, -1, Comparison::kGreaterEqual, false, 20.5}};
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  IntervalCoverage mean, p95, first, rank, satisficing, pair;
  Outcomes outcomes(3, std::vector<float>(1000));
  for (int run = 0; run < 2000; ++run) {
    for (std::size_t i = 0; i < outcomes[0].size(); ++i) {
      outcomes[0][i] = 20 + normal(random);
      outcomes[1][i] = outcomes[0][i] + 0.4f + 1.5f * normal(random);
      outcomes[2][i] = std::min(outcomes[0][i], outcomes[1][i]) - 1;  // always the last one
    }
    const Tallies tallies = tallies_of(scenario, outcomes);
    const DecisionStatistics s = derive_decisions(scenario, tallies)[0];
    mean.add(s.regret_mean_bounds[0], regret, s.regret_mean_bounds[1]);
    p95.add(s.regret_p95_bounds[0], high, s.regret_p95_bounds[1]);
    first.add(s.probability_best_bounds[2], best, s.probability_best_bounds[3]);
    rank.add(s.rank_probability_bounds[2], best, s.rank_probability_bounds[3]);  // the first policy is second
    pair.add(s.pair_difference_bounds[6], kShift, s.pair_difference_bounds[7]);
    const SatisficingStatistics met = derive_satisficing(scenario, tallies);
    satisficing.add(met.share_bounds[0], cdf(kNormal, -0.5), met.share_bounds[1]);
  }
  for (const auto& [what, coverage] : {std::pair{"regret_mean", mean},
                                       {"regret_p95", p95},
                                       {"probability_best", first},
                                       {"rank_probability", rank},
                                       {"satisficing", satisficing},
                                       {"pair_difference", pair}}) {
    RecordProperty(what, std::to_string(coverage.percent()));
    EXPECT_NEAR(coverage.percent(), 95, 1.5) << what;
  }
}

// How often the corrected value of the winner covers the truth, and how often it lies below it.
struct WinnerCheck {
  IntervalCoverage value, regret;
  double seen_above = 0, corrected_above = 0;
};

// Policies of the given means, with a part `shared` of the variance in common.
WinnerCheck check_winner(const std::vector<double>& means, double shared, double best_regret, std::uint64_t seed) {
  const Scenario scenario = policies_scenario(static_cast<int>(means.size()));
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Outcomes outcomes(means.size(), std::vector<float>(200));
  WinnerCheck check;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    for (std::size_t i = 0; i < outcomes[0].size(); ++i) {
      const double common = std::sqrt(shared) * normal(random);
      for (std::size_t p = 0; p < means.size(); ++p)
        outcomes[p][i] = static_cast<float>(20 + means[p] + common + std::sqrt(1 - shared) * normal(random));
    }
    const DecisionStatistics s = decide(scenario, outcomes);
    const double truth = 20 + means[static_cast<std::size_t>(s.best)];
    check.value.add(s.winner_bounds[0], truth, s.winner_bounds[1]);
    check.regret.add(s.winner_bounds[2], best_regret, s.winner_bounds[3]);
    check.seen_above += (s.winner_seen[0] > truth) / static_cast<double>(kRuns);
    check.corrected_above += (s.winner_corrected[0] > truth) / static_cast<double>(kRuns);
  }
  return check;
}

void expect_sound(const WinnerCheck& check, const char* what) {
  testing::Test::RecordProperty(std::string(what) + "_value", std::to_string(check.value.percent()));
  testing::Test::RecordProperty(std::string(what) + "_regret", std::to_string(check.regret.percent()));
  testing::Test::RecordProperty(std::string(what) + "_seen_above", std::to_string(check.seen_above));
  testing::Test::RecordProperty(std::string(what) + "_corrected_above", std::to_string(check.corrected_above));
  EXPECT_NEAR(check.value.percent(), 95, 1.5) << what;
  EXPECT_NEAR(check.regret.percent(), 95, 1.5) << what;
  EXPECT_NEAR(check.corrected_above, 0.5, 0.03) << what;
}

TEST(Decision, WinnerOfACloseRaceIsCorrected) {
  // The greatest of three independent standard normals is 3 / (2 sqrt(pi)) on average.
  const double greatest = 1.5 / std::sqrt(std::numbers::pi);
  const WinnerCheck independent = check_winner({0, 0, 0}, 0, greatest, 4);
  expect_sound(independent, "close");
  EXPECT_GT(independent.seen_above, 0.8);  // 7/8: only if all three are below is the best one
  expect_sound(check_winner({0, 0, 0}, 0.8, greatest * std::sqrt(0.2), 5), "close_correlated");
}

TEST(Decision, ClearWinnerNeedsNoCorrection) {
  const double z = 1 / std::sqrt(2.0);  // the difference of the two is N(1, sqrt 2)
  const double regret = -cdf(kNormal, -z) + std::sqrt(2.0) * pdf(kNormal, z);
  const WinnerCheck clear = check_winner({0, 1}, 0, regret, 6);
  expect_sound(clear, "clear");
  EXPECT_NEAR(clear.seen_above, 0.5, 0.03);
}

TEST(Decision, PoliciesThatAreEquallyGoodAreSeldomSeparated) {
  const Scenario scenario = policies_scenario(4);
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  Outcomes outcomes(4, std::vector<float>(200));
  constexpr int kRuns = 4000;
  int wrong = 0, missed = 0;
  for (int run = 0; run < kRuns; ++run) {
    for (std::size_t i = 0; i < outcomes[0].size(); ++i) {
      const float common = 3 * normal(random);
      for (std::size_t p = 0; p < 4; ++p) outcomes[p][i] = 20 + common + normal(random) - (p == 3 ? 1.0f : 0.0f);
    }
    const DecisionStatistics s = decide(scenario, outcomes);
    const auto separated = static_cast<std::int64_t>(Separation::kSeparated);
    wrong += std::count(s.separation.begin(), s.separation.begin() + 3, separated) > 0;
    missed += s.separation[3] != separated;
  }
  RecordProperty("wrong", wrong);
  EXPECT_LE(wrong, 0.05 * kRuns);
  EXPECT_GE(wrong, 0.01 * kRuns);  // the level is used, not wasted
  EXPECT_EQ(missed, 0);            // a gap of ten standard errors
}

// At the number of trajectories that is announced, four in five runs separate.
TEST(Decision, AnnouncedTrajectoriesSeparateWithTheirPower) {
  const Scenario scenario = policies_scenario(2);
  Tallies tallies(shape_of(scenario));
  // Differences of 0.1 +- 1 in equal shares: exactly that mean, and a variance of 1.
  Outcomes outcomes(2, std::vector<float>(1000, 20));
  for (std::size_t i = 0; i < 1000; ++i) outcomes[1][i] += 0.1f + (i % 2 == 0 ? 1.0f : -1.0f);
  const double wanted = decide(scenario, outcomes).trajectories_to_separate[0];
  EXPECT_NEAR(wanted, std::pow((1.959964 + 0.841621) / 0.1, 2), 2);
  std::mt19937_64 random(8);
  std::normal_distribution<float> normal;
  outcomes.assign(2, std::vector<float>(static_cast<std::size_t>(wanted), 20));
  int separated = 0;
  constexpr int kRuns = 2000;
  for (int run = 0; run < kRuns; ++run) {
    for (float& x : outcomes[1]) x = 20.1f + normal(random);
    separated += decide(scenario, outcomes).separation[0] == static_cast<std::int64_t>(Separation::kSeparated);
  }
  RecordProperty("separated", separated);
  EXPECT_NEAR(separated, 0.8 * kRuns, 0.03 * kRuns);
}

TEST(Winner, BoundsStayFiniteHoweverCloseTheRace) {
  const Rival tie[] = {{1e-9, 1}};
  const CorrectedWinner w = correct_winner(0, 1, tie);
  EXPECT_GT(w.low, -4);
  EXPECT_LT(w.high, 4);
  EXPECT_LT(w.estimate, 0);
}

TEST(Winner, AFarRivalLeavesTheUsualInterval) {
  const Rival far[] = {{50, 1}};
  const CorrectedWinner w = correct_winner(3, 4, far);
  EXPECT_NEAR(w.estimate, 3, 1e-6);
  EXPECT_NEAR(w.low, 3 - 2 * 1.96, 0.05);  // a level of 95.5 % within the simultaneous interval
  EXPECT_NEAR(w.high, 3 + 2 * 1.96, 0.05);
}

TEST(Winner, WithoutVarianceThereIsNothingToCorrect) {
  const CorrectedWinner w = correct_winner(3, 0, {});
  EXPECT_EQ(w.estimate, 3);
  EXPECT_EQ(w.low, 3);
  EXPECT_EQ(w.high, 3);
}

TEST(Winner, ARaceThatOnlyThisEstimateWinsKeepsTheSimultaneousInterval) {
  const Rival caught[] = {{0, 1}, {0, -1}};
  const CorrectedWinner w = correct_winner(3, 1, caught);
  EXPECT_EQ(w.estimate, 3);
  EXPECT_LT(w.low, 1);
  EXPECT_GT(w.high, 5);
}

}  // namespace
}  // namespace chokepoint
