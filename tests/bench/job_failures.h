// A job that goes on from its last checkpoint when a node is lost: Young's and Daly's formulas, and a simulation.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "simulated_ranks.h"

namespace chokepoint::simulation {

inline constexpr double kYear = 365.25 * 86400;

// Seconds. Nodes fail independently of each other and of their age, also while the job starts again.
struct FailingJob {
  double between_failures;  // of some node of the job: that of one node, divided by the number of nodes
  double checkpoint;        // that a checkpoint takes
  double restart;           // from a failure until work goes on
};

// Young, A first order approximation to the optimum checkpoint interval, CACM 17 (1974).
inline double young_interval(const FailingJob& j) { return std::sqrt(2 * j.checkpoint * j.between_failures); }

// Daly, A higher order estimate of the optimum checkpoint interval for restart dumps, FGCS 22 (2006).
inline double daly_interval(const FailingJob& j) {
  const double part = j.checkpoint / (2 * j.between_failures);
  return part >= 1 ? j.between_failures : young_interval(j) * (1 + std::sqrt(part) / 3 + part / 9) - j.checkpoint;
}

// The share of the time that goes into work that is kept, as Daly has it.
inline double daly_efficiency(const FailingJob& j, double interval) {
  const double m = j.between_failures;
  return interval / (m * std::exp(j.restart / m) * std::expm1((interval + j.checkpoint) / m));
}

// The same over a number of failures.
inline double simulated_efficiency(const FailingJob& j, double interval, int failures, std::uint64_t seed) {
  Chance chance(seed);
  double kept = 0, seconds = 0;
  for (int i = 0; i < failures; ++i) {
    const double until_failure = j.between_failures * chance.exponential();
    kept += interval * std::floor(std::max(0.0, until_failure - j.restart) / (interval + j.checkpoint));
    seconds += until_failure;
  }
  return kept / seconds;
}

}  // namespace chokepoint::simulation
