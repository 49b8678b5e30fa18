// How good a forecast was, once it is known what happened: proper scores of weighted draws, and how well they are calibrated.
// outputs/STATISTICS.md defines them. Weights need not add up to 1; none: all are equal. Draws that are not finite are left out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "../history/history.h"

namespace chokepoint {

// A forecast of one number: draws, sorted. Throws std::invalid_argument if there is none.
class ForecastLaw {
 public:
  ForecastLaw(std::span<const double> draws, std::span<const double> weights);

  double probability_to(double x) const;  // of values up to x
  double quantile(double p) const;        // the lowest draw with at least p up to it
  double crps(double observed) const;     // E|X - y| - E|X - X'| / 2, exact; the lower the better

 private:
  std::vector<double> values_, shares_, sums_;  // sorted draws; weight and weighted sum up to each, of a total weight of 1
  double half_difference_ = 0;                  // E|X - X'| / 2
};

inline constexpr std::array kCoverageLevels = {0.5, 0.8, 0.9};  // of central intervals

struct Scores {
  double crps;       // on the scale of comparison: of logarithmic series 0.1 is about 10 %; the lower the better
  double log_score;  // logarithm of the mean likelihood; the higher the better
  double pit;        // probability of a measurement up to the one that was made; uniform if the forecast is calibrated
  std::array<double, kCoverageLevels.size()> coverage;  // 1 where the interval holds the measurement, else 0; a share if censored
};

// Logarithm of the density of the measurement on the scale of comparison, if the truth is as predicted. Censored: of the probability
// that the row says what it says, 90 % if the truth is in its interval and 10 % if not.
double log_likelihood(double predicted, const Observation& observation, const HistorySeries& series);

// Of draws in the unit of the metric.
double log_score(std::span<const float> predicted, std::span<const double> weights, const Observation& observation,
                 const HistorySeries& series);
Scores score(std::span<const float> predicted, std::span<const double> weights, const Observation& observation,
             const HistorySeries& series);

}  // namespace chokepoint
