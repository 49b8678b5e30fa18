// What drives the outcome: first-order indices, a moment-independent measure and the split of the variance, from the
// tallies of the run itself. Standard errors come from the probe, the first trajectories of the run (Sample::probe).
// NaN wherever a number cannot be had: no variance, values that are not finite or beyond kDriverUnitLimit units, fewer
// than kFewestPerBin worlds in a bin.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"
#include "estimate.h"

namespace chokepoint {

inline constexpr double kFewestPerBin = 10;
inline constexpr int kFewestProbed = 64;  // worlds in the probe, without which there is no standard error

// Shares of the variance of a metric when policies are equally likely; they add up to 1.
enum VarianceSource { kFromPolicy, kFromParameters, kFromChance, kVarianceSources };

struct SensitivityStatistics {
  // Share of the variance that a driver explains alone, Var(E[y | driver]) / Var(y): (output, driver). Of a policy less the
  // reference policy in the same trajectory: NaN for the reference.
  std::vector<Estimate> first_order, difference_first_order;
  // At the last time: (policy, metric, driver).
  std::vector<Estimate> pawn, difference_pawn;
  // (policy, metric, driver, bin) at the last time, in the metric's unit.
  std::vector<float> bin_mean;
  // (time, metric, source); parameters and chance are NaN without replicates.
  std::vector<Estimate> variance_share;
  std::vector<double> variance;  // (time, metric) of all policies together, squared unit
};

SensitivityStatistics derive_sensitivity(const Scenario& scenario, const Tallies& tallies, const Sample& sample);

// First-order indices of one output, or of its difference, by every driver.
std::vector<Estimate> derive_first_order(const Scenario& scenario, const Tallies& tallies, const Sample& sample, int policy, int time,
                                         int metric, bool difference);

// Sums over the bins of one driver, as the index is made from them.
struct BinnedSums {
  std::array<double, kDriverBins> count, about_mean;  // trajectories; their sum less count times the mean of all
  double worlds, replicates;
  double variance, world_variance;  // of single trajectories, and of means over a world's replicates
  bool ordered;                     // neighbouring bins hold neighbouring values
};

// N = (SSB - (B - 1) MSW) / n over the variance: epsilon squared (Kelley, "An unbiased correlation ratio measure", PNAS 1935)
// of given data (Plischke, Borgonovo, Smith, "Global sensitivity measures from given data", EJOR 2013).
struct BinnedIndex {
  double index;       // with kDriverBins bins
  double correction;  // for the variance within bins, by extrapolation from 8, 16 and 32 bins; 0 where it cannot be told from noise
  double noise;       // mean square within bins, of worlds, over the variance
  double last_gain = 0, gain_before = 0;  // derivatives of the correction by the gains from 16 to 32 and from 8 to 16 bins
};
// `uneven`: the mean of the squared variances of bins over the square of their mean.
BinnedIndex binned_index(const BinnedSums& sums, double uneven);

}  // namespace chokepoint
