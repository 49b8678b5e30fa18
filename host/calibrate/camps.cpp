// SPDX-License-Identifier: Apache-2.0
#include "camps.h"

#include <set>

namespace chokepoint {

CampScore camp_score(const std::string& name, const Calibration& calibration, PredictionScores predictions) {
  return {name, calibration.sums.log_mean(), calibration.sums.effective(), std::move(predictions)};
}

CampComparison compare_camps(std::vector<CampScore> camps, const Calibration& calibration) {
  StackingInput input;
  input.candidates = camps.size();
  for (std::size_t o = 0; o < calibration.fitted.size(); ++o) {
    if (calibration.fitted[o]) continue;
    input.importance.push_back(calibration.counts[o]);
    input.block.push_back(calibration.history.observations[o].series);
  }
  for (const CampScore& camp : camps)
    for (std::size_t o = 0; o < calibration.fitted.size(); ++o)
      if (!calibration.fitted[o]) input.log_density.push_back(camp.predictions.log_density[o]);
  CampComparison comparison;
  comparison.observations = static_cast<int>(input.importance.size());
  comparison.series = static_cast<int>(std::set(input.block.begin(), input.block.end()).size());
  comparison.stacking = stack(input);
  comparison.camps = std::move(camps);
  return comparison;
}

}  // namespace chokepoint
