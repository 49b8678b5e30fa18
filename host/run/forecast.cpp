// SPDX-License-Identifier: Apache-2.0
#include "forecast.h"

#include <algorithm>
#include <cmath>

#include "../statistics/paired.h"
#include "../statistics/statistics.h"
#include "stop.h"

namespace chokepoint {

namespace {

MetricForecast forecast_metric(const Scenario& s, const Tallies& trial, int metric, double shrink) {
  const int last = trial.shape.records - 1;
  const MeanError mean = mean_error(s, trial, s.reference, metric, last);
  MetricForecast result{mean.mean, mean.standard_error * shrink, kNaN, -1};
  for (int p = 0; p < trial.shape.policies; ++p) {
    if (p == s.reference) continue;
    const double error = derive_pair(s, trial, p, metric, last, {}).mean_difference_se[0] * shrink;
    if (result.difference_policy < 0 || error > result.difference_error) result.difference_error = error, result.difference_policy = p;
  }
  return result;
}

// A run looks at its error only from run.trajectories on, and goes a little beyond what seems to be needed.
StopForecast forecast_stop(const Scenario& s, const Tallies& trial, const Sample& sample, double shrink) {
  const double error = watched_error(s, trial, sample), needed = trajectories_needed(s, trial.trajectories, error);
  const double first = static_cast<double>(s.trajectories), most = static_cast<double>(s.stop->max_trajectories);
  const bool reachable = needed <= most;
  const double run = needed <= first ? first : std::min(most, kStopMargin * needed);
  return {error * shrink, needed, run, reachable};
}

}  // namespace

Forecast forecast(const Scenario& s, const Tallies& trial, const Sample& sample) {
  const double shrink = std::sqrt(static_cast<double>(trial.trajectories) / static_cast<double>(s.trajectories));
  Forecast result;
  for (int m = 0; m < trial.shape.metrics; ++m) result.metrics.push_back(forecast_metric(s, trial, m, shrink));
  if (s.stop) result.stop = forecast_stop(s, trial, sample, shrink);
  return result;
}

}  // namespace chokepoint
