// How well the prior and the posterior ensemble predict each series, in the time that was fitted and in the time held out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "calibrate.h"

namespace chokepoint {

// Mean scores over the observations of one series. Standard errors are those of the sampling of worlds alone.
struct SeriesScore {
  int series;
  bool held_out;
  int observations;
  Estimate prior_crps, posterior_crps, crps_change;  // on the scale of comparison (Scores); lower is better
  Estimate prior_log, posterior_log, log_change;     // ln density of what was observed; higher is better

  bool improves() const { return log_change.value > kHalfWidth * log_change.standard_error; }
  bool worsens() const { return -log_change.value > kHalfWidth * log_change.standard_error; }
};

struct PredictionScores {
  std::vector<SeriesScore> series;              // fitted ones, then those held out; without observations: left out
  std::vector<double> log_density;              // (observation) of the posterior
  Estimate prior_fitted, posterior_fitted;      // mean log scores of all observations, each as much as it counts
  Estimate prior_held_out, posterior_held_out;  // NaN if nothing is held out
};

PredictionScores score_predictions(const Calibration& calibration);

}  // namespace chokepoint
