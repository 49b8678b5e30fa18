// What a run will cost and how exact it will be, from a short trial of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

// Standard errors at the end of the run with run.trajectories, in the metric's unit.
struct MetricForecast {
  double mean, mean_error;  // under the reference policy
  double difference_error;  // of the mean difference from the reference, the largest of all policies; NaN with one policy
  int difference_policy;    // which one that is, or -1
};

// Where [run.stop] will end the run, if nothing interrupts it.
struct StopForecast {
  double error;         // of what is watched, with run.trajectories
  double needed;        // trajectories that reach the target; infinite if the trial tells nothing
  double trajectories;  // that will be run
  bool reachable;       // within run.stop.max_trajectories
};

struct Forecast {
  std::vector<MetricForecast> metrics;
  std::optional<StopForecast> stop;
};

// Standard errors fall with the square root of the number of trajectories.
Forecast forecast(const Scenario& scenario, const Tallies& trial, const Sample& sample);

}  // namespace chokepoint
