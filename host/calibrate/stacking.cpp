// SPDX-License-Identifier: Apache-2.0
#include "stacking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace chokepoint {

namespace {

constexpr int kReplicates = 200;  // of the bootstrap
constexpr int kMostSteps = 100'000, kMostReplicateSteps = 2'000;
constexpr double kGap = 1e-6;  // nats

// Densities as multiples of the greatest of each observation.
struct Densities {
  std::size_t candidates, observations = 0;
  std::vector<double> density;       // (observation, candidate)
  std::vector<double> log_greatest;  // (observation)
  std::vector<double> importance;    // (observation)
  std::vector<int> block;            // (observation)
};

Densities scaled(const StackingInput& input, int& impossible) {
  Densities scaled;
  scaled.candidates = input.candidates;
  const std::size_t observations = input.importance.size();
  for (std::size_t o = 0; o < observations; ++o) {
    double greatest = -std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < input.candidates; ++c) greatest = std::max(greatest, input.log_density[c * observations + o]);
    if (!std::isfinite(greatest)) {
      ++impossible;
      continue;
    }
    for (std::size_t c = 0; c < input.candidates; ++c)
      scaled.density.push_back(std::exp(input.log_density[c * observations + o] - greatest));
    scaled.log_greatest.push_back(greatest);
    scaled.importance.push_back(input.importance[o]);
    scaled.block.push_back(input.block[o]);
    ++scaled.observations;
  }
  return scaled;
}

double mixture(const Densities& d, std::size_t observation, const std::vector<double>& weights) {
  return std::inner_product(weights.begin(), weights.end(), d.density.begin() + static_cast<std::ptrdiff_t>(observation * d.candidates),
                            0.0);
}

struct Optimum {
  std::vector<double> weights;
  double gap;
};

// A step multiplies each weight by the mean of its density as a multiple of the mixture's, which is also the slope of the
// objective: the greatest slope less 1 bounds the way to the maximum.
Optimum maximise(const Densities& d, std::vector<double> importance, int most_steps) {
  const double all = std::accumulate(importance.begin(), importance.end(), 0.0);
  Optimum found{std::vector<double>(d.candidates, 1 / static_cast<double>(d.candidates)), 0};
  std::vector<double> slope(d.candidates);
  for (int step = 0; step < most_steps; ++step) {
    std::ranges::fill(slope, 0.0);
    for (std::size_t o = 0; o < d.observations; ++o) {
      const double share = importance[o] / all / mixture(d, o, found.weights);
      for (std::size_t c = 0; c < d.candidates; ++c) slope[c] += share * d.density[o * d.candidates + c];
    }
    found.gap = std::ranges::max(slope) - 1;
    if (found.gap <= kGap) break;
    for (std::size_t c = 0; c < d.candidates; ++c) found.weights[c] *= slope[c];
  }
  return found;
}

// Each block counts as one draw of an exponential law says.
std::vector<double> redrawn(const Densities& d, std::mt19937_64& random) {
  std::vector<double> factor(static_cast<std::size_t>(std::ranges::max(d.block)) + 1);
  for (double& one : factor) one = -std::log((static_cast<double>(random() >> 12) + 0.5) * 0x1p-52);
  std::vector<double> importance = d.importance;
  for (std::size_t o = 0; o < d.observations; ++o) importance[o] *= factor[d.block[o]];
  return importance;
}

}  // namespace

Stacking stack(const StackingInput& input) {
  Stacking result;
  result.weight.assign(input.candidates, {kNaN, kNaN});
  result.log_score = result.gap = kNaN;
  const Densities densities = scaled(input, result.impossible);
  if (densities.observations == 0) return result;

  const Optimum best = maximise(densities, densities.importance, kMostSteps);
  result.gap = best.gap;
  result.log_score = 0;
  const double all = std::accumulate(densities.importance.begin(), densities.importance.end(), 0.0);
  for (std::size_t o = 0; o < densities.observations; ++o)
    result.log_score += densities.importance[o] / all * (densities.log_greatest[o] + std::log(mixture(densities, o, best.weights)));

  std::vector<double> sum(input.candidates), squares(input.candidates);
  std::mt19937_64 random;
  for (int r = 0; r < kReplicates; ++r) {
    const std::vector<double> weights = maximise(densities, redrawn(densities, random), kMostReplicateSteps).weights;
    for (std::size_t c = 0; c < input.candidates; ++c) {
      sum[c] += weights[c];
      squares[c] += weights[c] * weights[c];
    }
  }
  for (std::size_t c = 0; c < input.candidates; ++c) {
    const double variance = (squares[c] - sum[c] * sum[c] / kReplicates) / (kReplicates - 1);
    result.weight[c] = {best.weights[c], std::sqrt(std::max(0.0, variance))};
  }
  return result;
}

}  // namespace chokepoint
