// The stopping rule: which statistics [run.stop] may watch, what their standard errors are and where a run may stop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

// What says which number of a statistic is meant: the keys of [run.stop] beside those that all statistics have.
enum StopKeys : unsigned {
  kStopMetric = 1,
  kStopPolicy = 2,
  kStopParameter = 4,
  kStopQuantile = 8,
  kStopEvent = 16,
  kStopThreshold = 32,
  kStopTime = 64,
};

struct StopKeyRow {
  StopKeys key;
  const char* name;
  bool required;  // of a statistic that has it; otherwise what is left out means all, or the last time
};
std::span<const StopKeyRow> stop_keys();

struct StopRow {
  StopStatistic statistic;
  const char* name;
  const char* meaning;
  unsigned keys;
  bool directed;  // only of metrics of which more or less is better
  bool compares;  // with the reference policy, which itself has no such number
  bool drives;    // only at the times of outputs.sensitivity
};
std::span<const StopRow> stop_rows();
const StopRow& stop_row(StopStatistic statistic);

// "mean_difference of capability_lag": what is watched.
std::string watched_name(const Scenario& scenario);

// The standard error of what scenario.stop watches, the largest one where it leaves something open; infinite if there is none yet.
// Of a statistic that has a 95 % interval but no standard error: half of the interval's width in units of that of a normal law.
double watched_error(const Scenario& scenario, const Tallies& tallies, const Sample& sample);

// Trajectories with which the watched error should be as small as wanted, since errors fall with the square root of their number
// (the two-stage rule of Stein, A two-sample test for a linear hypothesis, Annals of Mathematical Statistics, 1945). Whole worlds;
// not limited by run.stop.max_trajectories; infinite if the error is.
double trajectories_needed(const Scenario& scenario, std::uint64_t done, double error);

// Run beyond what seems to be needed, so that the next look is mostly the last.
inline constexpr double kStopMargin = 1.02;

// Where a run looks at its error again: run.trajectories first; then what is needed and a little more, but at most double and never
// beyond run.stop.max_trajectories. A function of the configuration and of tallies, so that no device, number of threads or size of
// a unit decides where a run stops.
std::uint64_t next_boundary(const Scenario& scenario, std::uint64_t done, double error);

}  // namespace chokepoint
