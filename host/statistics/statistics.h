// From integer tallies to means, quantiles and probabilities, each with its sampling error. Errors count
// worlds, not trajectories: with several chance draws per world this never understates them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"
#include "decision.h"
#include "estimate.h"
#include "information.h"
#include "paired.h"
#include "sensitivity.h"

namespace chokepoint {

struct MetricStatistics {
  // (policy, time)
  std::vector<double> mean, mean_se, sd;
  std::vector<double> mean_bounds;      // (policy, time, bound) 95 % interval
  std::vector<double> quantile;         // (policy, time, quantile)
  std::vector<double> quantile_bounds;  // (policy, time, quantile, bound) 95 % interval from order statistics
};

struct Statistics {
  std::vector<MetricStatistics> metrics;
  std::vector<double> event_probability;         // (policy, event)
  std::vector<double> event_probability_bounds;  // (policy, event, bound) 95 % interval, Clopper-Pearson
  std::vector<double> event_cdf;                 // (policy, event, time) happened by then
  std::vector<double> event_cdf_bounds;          // (policy, event, time, bound)
  SensitivityStatistics sensitivity;
  std::vector<PairedStatistics> paired;          // of each metric
  std::vector<DecisionStatistics> decisions;     // of each metric that has a direction: decided_metrics()
  SatisficingStatistics satisficing;
  std::vector<Information> information;  // (decision)
};

Statistics derive_statistics(const Scenario& scenario, const Tallies& tallies, const Sample& sample);

// t(x) of a metric's Scale, in which its bins are equally wide.
double to_bin_scale(const MetricRow& metric, double x);

// The edges of a metric's kBins bins, kBins + 1 of them, in the metric's unit.
std::vector<double> bin_edges(const MetricRow& metric);

// Single figures of these, as [run.stop] watches them.
Interval quantile_bounds(const Scenario& scenario, const Tallies& tallies, int policy, int metric, int record, double p);
Interval event_bounds(const Scenario& scenario, const Tallies& tallies, int policy, int event, int record);  // happened by then
MeanError mean_error(const Scenario& scenario, const Tallies& tallies, int policy, int metric, int record);

}  // namespace chokepoint
