// Weighs worlds by how well their trajectories match what was observed up to a date: importance sampling from the prior, with the
// likelihood of the measurements as weight, or approximate Bayesian computation (ABC). outputs/STATISTICS.md defines the figures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../history/ensemble.h"
#include "posterior.h"
#include "weights.h"

namespace chokepoint {

inline constexpr double kDistance = 2;
inline constexpr double kFewEffective = 200;  // worlds, below which tails and correlations are little more than chance

struct CalibrateOptions {
  std::string until;                // observations up to this date are fitted, later ones held out; empty: all are fitted
  std::vector<std::string> series;  // that are fitted; empty: all. Others are looked at only where they are held out
  std::uint64_t worlds = 1'000'000;
  bool abc = false;
  double distance = kDistance;    // of ABC: worlds are taken whose deviations are so many standard errors in the root mean square
  double temper = kTemper;        // correlation of the errors of a series
  double widen = 1;               // errors are taken so many times as large in the fit: room for what the model leaves out
  std::size_t kept = 20'000;      // worlds in each sample
  std::uint64_t batch = 1 << 16;  // worlds that are evaluated together, at most: no bit depends on it
  DeviceOptions device;
};

struct Calibration {
  History history;
  std::vector<char> fitted;    // (observation) 0: held out
  std::vector<double> counts;  // (observation) as how many it counts among the fitted ones of its series, or among those held out
  CalibrateOptions options;
  WeightSums sums;
  WeightedSample prior, posterior;  // columns: parameters, then what is predicted for each observation
  std::uint64_t impossible = 0;     // worlds of weight zero
  std::string device;
  int parameters = 0;

  std::span<const float> predicted(const WeightedSample& sample, std::size_t observation) const {
    return sample.column(static_cast<std::size_t>(parameters) + observation);
  }
};

// As how many each of k observations of a series counts: if their errors have the correlation `temper`, all of them tell as much of what
// is common to them as k / (1 + (k - 1) temper) independent ones (the design effect of Kish, Survey Sampling, 1965).
double tempered_count(int observations, double temper);

// Of the policy of [history], each world with one course of chance. Throws UserError if there is nothing to fit.
Calibration calibrate(const Scenario& scenario, const CalibrateOptions& options, const std::function<void(std::uint64_t)>& progress);

}  // namespace chokepoint
