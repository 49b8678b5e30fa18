// Policies against the reference policy, trajectory by trajectory: the same world and the same luck.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

// D = X of the policy less X of the reference in the same trajectory, in the metric's unit. The reference itself: no
// difference, and NaN for what then means nothing.
struct PairedStatistics {
  // (policy, time)
  std::vector<double> mean_difference, mean_difference_se;
  std::vector<double> difference_sd;
  std::vector<double> probability_higher;  // P(D > 0)
  std::vector<double> probability_equal;   // P(D = 0)
  std::vector<double> probability_better;  // P(D > 0) or P(D < 0), as the metric's direction says; empty without one
  // (Var X + Var X of the reference) / Var D: how many times as many trajectories would give the mean difference as exactly if
  // both policies had random numbers of their own (Glasserman, Monte Carlo Methods in Financial Engineering, 4.2). Infinite
  // if D is the same in every trajectory.
  std::vector<double> variance_reduction;
  // 95 % intervals, (policy, time, bound)
  std::vector<double> mean_difference_bounds, probability_higher_bounds, probability_equal_bounds, probability_better_bounds;
  std::vector<double> difference_quantile;         // (policy, time, quantile)
  std::vector<double> difference_quantile_bounds;  // (policy, time, quantile, bound)
};

// One for each metric.
std::vector<PairedStatistics> derive_paired(const Scenario& scenario, const Tallies& tallies);

// Of a single policy at a single time, with these quantiles.
PairedStatistics derive_pair(const Scenario& scenario, const Tallies& tallies, int policy, int metric, int record,
                             const std::vector<double>& quantiles);

// The end nearest to zero of each difference slot (difference_slot in kernels/tally.h), in the metric's unit: kDifferenceSlots
// numbers, of which that of no difference is 0 and the last, for what is not finite, NaN.
std::vector<double> difference_edges(const MetricRow& metric);

// The distribution of differences, or of regret, from its slots: quantiles by straight lines within a slot; no difference
// at all is an atom, and exact.
class DifferenceDistribution {
 public:
  // `counts` of the slots from `first_slot` on; `edges` by difference_edges().
  DifferenceDistribution(const std::vector<double>& edges, const std::int64_t* counts, int first_slot, const CellSums& sums);
  std::int64_t count() const { return cumulative_[kDifferenceNonFinite - 1]; }  // of finite values
  std::int64_t at(int slot) const { return cumulative_[slot] - (slot > 0 ? cumulative_[slot - 1] : 0); }
  std::int64_t below_zero() const { return cumulative_[kNoDifference - 1]; }
  // The value below which `rank` of count() trajectories lie; rank may be fractional. NaN if there are none.
  double at_rank(double rank) const;

 private:
  const std::vector<double>& edges_;
  const CellSums& sums_;
  std::int64_t cumulative_[kDifferenceNonFinite];
};

}  // namespace chokepoint
