// What it is worth to know a parameter before a policy is chosen: the expected value of partial perfect information (EVPPI), by
// bins of the parameter's own uniform (Brennan et al., "Calculating partial expected value of perfect information via Monte Carlo
// sampling algorithms", Medical Decision Making 2007; Strong and Oakley, "An efficient method for computing single-parameter
// partial expected value of perfect information", Medical Decision Making 2013; Strong, Oakley and Brennan, 2014).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sensitivity.h"

namespace chokepoint {

struct InformationInput {
  int policies = 0, drivers = 0;
  double sign = 1;                // -1: lower is better
  double worlds = 0;              // of the run
  std::vector<double> mean;       // (policy)
  std::vector<double> bin_mean;   // (policy, driver, bin)
  std::vector<double> bin_share;  // (driver, bin) of trajectories
  // The first worlds of the run:
  int probed = 0;
  std::vector<double> values;      // (policy, world) means over the replicates
  std::vector<std::uint8_t> bins;  // (driver, world)
};

struct Information {
  int best = 0;                   // policy, knowing nothing
  Estimate perfect;               // knowing the whole outcome of every policy: EVPI, the expected regret of the best
  std::vector<Estimate> partial;  // (driver) EVPPI, freed of the bias of choosing among noisy means; may fall below 0 by chance
};

// In the unit of the metric. NaN with fewer than kFewestPerBin worlds a bin or kFewestProbed in the probe.
Information value_of_information(const InformationInput& input);

// Of every decision (AnalysisPlan) at the last time.
std::vector<Information> derive_information(const Scenario& scenario, const Tallies& tallies, const Sample& sample);

Information derive_information(const Scenario& scenario, const Tallies& tallies, const Sample& sample, int decision);

// The 95 % interval, not below 0.
std::array<double, 2> information_bounds(const Estimate& estimate);

}  // namespace chokepoint
