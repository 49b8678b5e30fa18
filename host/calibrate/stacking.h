// Weights of rival predictions: those whose mixture would have predicted best.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "../statistics/estimate.h"

namespace chokepoint {

struct StackingInput {
  std::size_t candidates = 0;
  std::vector<double> log_density;  // (candidate, observation) of what was observed
  std::vector<double> importance;   // (observation) how much each counts, above 0
  std::vector<int> block;           // (observation) those of a block depend on one another
};

struct Stacking {
  std::vector<Estimate> weight;  // (candidate), they add up to 1
  double log_score = 0;          // mean ln density of the mixture
  double gap = 0;                // by which the best weights could raise it at most
  int impossible = 0;            // observations that no candidate allows; they are left out
};

// Stacking of predictive distributions (Yao, Vehtari, Simpson and Gelman, Bayesian Analysis 13, 2018): weights that maximise the mean ln
// of the mixture's density. The function is concave; the EM steps for mixtures of known densities raise it at each step and end at its
// maximum. Standard errors by the Bayesian bootstrap (Rubin, Annals of Statistics 9, 1981) over blocks: with few blocks they are rough.
Stacking stack(const StackingInput& input);

}  // namespace chokepoint
