// Which policy to choose: regret, ranks, rankings by several criteria, what can and what cannot be told apart, and what the
// best one is really worth. All at the last recorded time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

// How policies are ranked. Scores are in the metric's unit:
//   kExpectedValue  the mean (Bernoulli, 1738; von Neumann and Morgenstern, 1944, for outcomes that are utilities)
//   kMaximin        the worst outcome seen (Wald, 1950, Statistical Decision Functions)
//   kMinimaxRegret  the largest regret seen (Savage, 1951, The theory of statistical decision, JASA 46)
//   kHurwicz        h best + (1 - h) worst outcome seen, h = Scenario::hurwicz (Hurwicz, 1951, Cowles Commission 370)
//   kRegretP95      the 95th percentile of regret (Lempert et al., 2003, Shaping the Next One Hundred Years, ch. 3)
// The second to the fourth are of what was seen: they go on moving as trajectories are added, and have no sampling error here.
enum class Criterion { kExpectedValue, kMaximin, kMinimaxRegret, kHurwicz, kRegretP95 };
inline constexpr int kCriteria = 5;
extern const char* const kCriterionNames[kCriteria];

enum class Separation : std::int64_t { kUnknown = -1, kNotSeparated = 0, kSeparated = 1, kIdentical = 2 };

// What the best policy is worth: corrected for the optimism of having been picked for its estimate (winner.h).
enum class Winning { kExpectedValue, kExpectedRegret };
inline constexpr int kWinnings = 2;
extern const char* const kWinningNames[kWinnings];

// Of one metric that has a direction. Basis 0: single trajectories. Basis 1, with several replicates: worlds, each by the
// mean of its replicates. Regret of a policy: how much better the best policy is in the same trajectory or world, never
// negative. Trajectories in which some policy's value is not finite are left out of regret and ranks; what then cannot be
// had is NaN.
struct DecisionStatistics {
  // (basis, policy[, bound])
  std::vector<double> regret_mean, regret_mean_se, regret_mean_bounds;
  std::vector<double> regret_p95, regret_p95_bounds;
  std::vector<double> regret_max;                                 // the largest that was seen: no bound on what was not
  std::vector<double> probability_best, probability_best_bounds;  // policies that are equally good share it
  // (basis, policy, rank[, bound]); rank 0 is the best; k policies that are equally good share their k ranks evenly
  std::vector<double> rank_probability, rank_probability_bounds;
  // (basis, criterion, policy); ranks count from 1, equal scores have the better rank, NaN for a score that cannot be had
  std::vector<double> score, score_rank;

  int best = -1;  // policy with the best mean, the first of several; -1 if there is none
  // Mean of a policy less that of another one, (policy, policy[, bound]).
  std::vector<double> pair_difference, pair_difference_se, pair_difference_bounds;
  // Against the best policy, (policy). gap: by how much the best mean is better.
  std::vector<double> gap, gap_se;
  std::vector<std::int64_t> separation;
  std::vector<double> trajectories_to_separate;  // with 80 % power, if the gap is what it seems; infinite without a gap
  // (Winning[, bound]); the expected regret of the best policy is the expected value of perfect information
  std::vector<double> winner_seen, winner_corrected, winner_bounds;
};

// One for each of decided_metrics(). Separation: two-sided tests of the differences between all pairs of policies at a familywise
// level of 5 % by Bonferroni's inequality (Dunn, 1961, Multiple comparisons among means, JASA 56): all pairs, because it is the data
// that pick the best one; policies that are identical in every trajectory count as one. (Hsu's comparisons with the best, 1984,
// Annals of Statistics 12, are sharper, but call policies that are equally good different more often than in 5 % of cases.)
std::vector<DecisionStatistics> derive_decisions(const Scenario& scenario, const Tallies& tallies);
DecisionStatistics derive_decision(const Scenario& scenario, const Tallies& tallies, int decision);

// Shares of trajectories that meet the thresholds of the configuration at the end, and all of them at once (Simon, 1956;
// Lempert et al., 2003): (policy, threshold[, bound]), the last threshold standing for all.
struct SatisficingStatistics {
  std::vector<double> share, share_bounds;
};
SatisficingStatistics derive_satisficing(const Scenario& scenario, const Tallies& tallies);

}  // namespace chokepoint
