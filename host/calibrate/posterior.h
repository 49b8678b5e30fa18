// From a prior and a posterior sample of worlds: how the law of each parameter changed, and which parameters the observations tie
// to one another.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "../scenario.h"
#include "weights.h"

namespace chokepoint {

inline constexpr std::array<double, 3> kShownQuantiles = {0.05, 0.5, 0.95};

// Of a weighted sample: straight lines between the values, each at the middle of its weight, and the extremes at 0 and 1.
std::vector<double> weighted_quantiles(std::span<const float> values, std::span<const double> weights,
                                       std::span<const double> probabilities);

double weighted_mean(std::span<const float> values, std::span<const double> weights);
// Standard error of that mean, to first order: the weights are those of worlds drawn independently.
double weighted_mean_error(std::span<const float> values, std::span<const double> weights, double mean);

struct ParameterChange {
  int parameter;
  std::array<double, 3> prior, posterior;  // kShownQuantiles
  std::array<double, 3> posterior_error;   // standard errors, by those of the share below each (Woodruff, JASA 47, 1952)
  Estimate shift;                          // of the mean, in standard deviations of the prior
  double spread;                           // standard deviation, as a multiple of the prior's
  double information;                      // Kullback-Leibler divergence of the posterior from the prior in nats, freed of its bias
  bool moved;                              // by more than chance explains, and enough to matter
};

// A parameter moved if its divergence is at least kLeastInformation, as of a normal law that is shifted by 0.2 of its standard
// deviation, and beyond what two samples of the same law reach once in a thousand cases (by the chi-squared law).
inline constexpr double kLeastInformation = 0.02;

// Of every parameter in `drivers`, in this order; column i of both samples is that of the parameter with number i.
std::vector<ParameterChange> parameter_changes(const WeightedSample& prior, const WeightedSample& posterior, std::span<const int> drivers);

// Spearman's rank correlations under the weights: (driver, driver).
std::vector<double> rank_correlations(const WeightedSample& sample, std::span<const int> drivers);

// The correlations between the parameters that a configuration can hold.
struct RankMatrix {
  std::vector<int> parameters;  // at most kMaxCorrelated
  std::vector<double> rank;     // (parameter, parameter)
  double shrunk = 0;            // share that was taken from each so that they do not contradict one another

  double at(std::size_t i, std::size_t j) const { return rank[i * parameters.size() + j]; }
};

// The strongest of `correlations` (as rank_correlations gives them), of parameters that may be correlated: those that the scenario
// correlates, then those of at least `least` in the order of their size, as long as there is room. What is left out counts as 0.
RankMatrix strongest_correlations(const Scenario& scenario, std::span<const int> drivers, std::span<const double> correlations,
                                  std::span<const int> allowed, double least);

}  // namespace chokepoint
