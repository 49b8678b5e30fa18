// Rival world views before the same observations: how well each fits and predicts, and which mixture of them predicts best.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "predictions.h"
#include "stacking.h"

namespace chokepoint {

struct CampScore {
  std::string name;
  Estimate evidence;  // ln
  double effective;   // sample size
  PredictionScores predictions;
};

struct CampComparison {
  std::vector<CampScore> camps;
  Stacking stacking;                 // by the held-out observations, as each camp's posterior predicts them
  int observations = 0, series = 0;  // that are held out
};

CampScore camp_score(const std::string& name, const Calibration& calibration, PredictionScores predictions);

// `calibration`: of any of the camps, for what they share.
CampComparison compare_camps(std::vector<CampScore> camps, const Calibration& calibration);

}  // namespace chokepoint
