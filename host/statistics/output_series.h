// One output, or its difference from the reference policy: what the tallies say of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "../scenario.h"
#include "probe.h"

namespace chokepoint {

struct OutputSeries {
  int policy, time, metric;
  bool difference;     // the policy less the reference
  std::size_t output;  // Shape::output
  std::size_t reference;

  bool known = false;         // all that follows is there, and the variance is not 0
  double unit = 1;            // of the metric
  double mean = 0;            // in whole units, like the variances
  double variance = 0;        // of trajectories
  double world_variance = 0;  // of means over the replicates of a world
  bool from_probe = false;    // the variance of worlds is an estimate from the probe
};

OutputSeries series_of(const Scenario& scenario, const Tallies& tallies, const Probe& probe, int policy, int time, int metric,
                       bool difference);

// Every output, and then every difference; Shape::outputs() of each.
std::vector<OutputSeries> all_series(const Scenario& scenario, const Tallies& tallies, const Probe& probe);

// Sums over the bins of a driver about the mean.
struct BinnedSums;
BinnedSums binned_sums(const OutputSeries& series, const Tallies& tallies, int driver, bool ordered);

// Standardised values of the probe's worlds: means over the replicates, and means of squares: (world)[stride].
void standardise(const OutputSeries& series, const Probe& probe, int stride, double* means, double* squares);

}  // namespace chokepoint
