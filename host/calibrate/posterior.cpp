// SPDX-License-Identifier: Apache-2.0
#include "posterior.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

namespace chokepoint {

namespace {

constexpr int kBinsOfLaw = 20;  // of equal prior probability
constexpr double kByChance = 0.001;
constexpr double kLeastPivot = 1e-3;  // of the factor of a correlation matrix
constexpr double kShrinkStep = 0.02;

std::vector<std::size_t> order_of(std::span<const float> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values[i]; });
  return order;
}

// Values in order, and what of the weight lies below the middle of each.
struct Ordered {
  std::vector<double> value, below;

  Ordered(std::span<const float> values, std::span<const double> weights) {
    const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
    double sum = 0;
    for (const std::size_t i : order_of(values)) {
      if (!(weights[i] > 0)) continue;
      value.push_back(double{values[i]});
      below.push_back((sum + weights[i] / 2) / all);
      sum += weights[i];
    }
  }

  double quantile(double p) const {
    if (value.empty()) return kNaN;
    if (p <= 0) return value.front();
    if (p >= 1) return value.back();
    const auto above = static_cast<std::size_t>(std::ranges::lower_bound(below, p) - below.begin());
    if (above == 0 || above == below.size()) return above == 0 ? value.front() : value.back();
    const double share = (p - below[above - 1]) / (below[above] - below[above - 1]);
    return std::lerp(value[above - 1], value[above], share);
  }
};

double deviation(std::span<const float> values, std::span<const double> weights, double mean) {
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double from_mean = double{values[i]} - mean;
    sum += weights[i] * from_mean * from_mean;
    all += weights[i];
  }
  return std::sqrt(sum / all);
}

// Standard error of the weight below `bound`.
double share_error(std::span<const float> values, std::span<const double> weights, double bound, double share) {
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double residual = weights[i] * ((double{values[i]} <= bound ? 1 : 0) - share);
    squares += residual * residual;
  }
  return std::sqrt(squares);
}

struct Divergence {
  double nats = 0;  // freed of its bias
  bool by_chance = true;
};

// Between bins of equal prior probability; a law with atoms has fewer of them.
Divergence divergence(const Ordered& prior, std::span<const float> prior_values, const WeightedSample& posterior,
                      std::span<const float> values, double draws) {
  std::vector<double> edges;
  for (int k = 1; k < kBinsOfLaw; ++k) edges.push_back(prior.quantile(double(k) / kBinsOfLaw));
  const auto duplicates = std::ranges::unique(edges);
  edges.erase(duplicates.begin(), duplicates.end());
  const auto bin_of = [&](float value) { return static_cast<std::size_t>(std::ranges::lower_bound(edges, double{value}) - edges.begin()); };
  std::vector<double> before(edges.size() + 1), after(edges.size() + 1);
  for (const float value : prior_values) before[bin_of(value)] += 1 / static_cast<double>(prior_values.size());
  for (std::size_t i = 0; i < values.size(); ++i) after[bin_of(values[i])] += posterior.weights[i];
  Divergence result;
  int bins = 0;
  for (std::size_t b = 0; b < before.size(); ++b) {
    if (before[b] > 0) ++bins;
    if (before[b] > 0 && after[b] > 0) result.nats += after[b] * std::log(after[b] / before[b]);
  }
  if (bins < 2) return {};
  const double freedom = bins - 1;
  result.by_chance = 2 * draws * result.nats < quantile(complement(boost::math::chi_squared(freedom), kByChance));
  result.nats -= freedom / (2 * draws);
  return result;
}

// Ranks between 0 and 1, ties sharing theirs, less their mean, so scaled that the sum of their squares is 1.
std::vector<double> standard_ranks(std::span<const float> values, std::span<const double> weights) {
  const std::vector<std::size_t> order = order_of(values);
  std::vector<double> ranks(values.size());
  double below = 0;
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    double weight = 0;
    while (end < order.size() && values[order[end]] == values[order[first]]) weight += weights[order[end++]];
    for (std::size_t k = first; k < end; ++k) ranks[order[k]] = below + weight / 2 - 0.5;  // the weighted mean of ranks is 1/2
    below += weight;
  }
  double squares = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) squares += weights[i] * ranks[i] * ranks[i];
  for (std::size_t i = 0; i < ranks.size(); ++i) ranks[i] *= squares > 0 ? std::sqrt(weights[i] / squares) : 0;
  return ranks;
}

// Whether a Gaussian copula can have these rank correlations.
bool is_possible(const RankMatrix& matrix) {
  const std::size_t n = matrix.parameters.size();
  std::vector<double> factor(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = i == j ? 1 : 2 * std::sin(std::numbers::pi / 6 * matrix.at(i, j));
      for (std::size_t k = 0; k < j; ++k) rest -= factor[i * n + k] * factor[j * n + k];
      if (i == j && rest < kLeastPivot) return false;
      factor[i * n + j] = i == j ? std::sqrt(rest) : rest / factor[j * n + j];
    }
  return true;
}

}  // namespace

std::vector<double> weighted_quantiles(std::span<const float> values, std::span<const double> weights,
                                       std::span<const double> probabilities) {
  const Ordered ordered(values, weights);
  std::vector<double> quantiles;
  for (const double p : probabilities) quantiles.push_back(ordered.quantile(p));
  return quantiles;
}

double weighted_mean(std::span<const float> values, std::span<const double> weights) {
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += weights[i] * double{values[i]};
    all += weights[i];
  }
  return sum / all;
}

double weighted_mean_error(std::span<const float> values, std::span<const double> weights, double mean) {
  double squares = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double residual = weights[i] * (double{values[i]} - mean);
    squares += residual * residual;
    all += weights[i];
  }
  return std::sqrt(squares) / all;
}

std::vector<ParameterChange> parameter_changes(const WeightedSample& prior, const WeightedSample& posterior, std::span<const int> drivers) {
  const double draws = 1 / (1 / prior.effective() + 1 / posterior.effective());
  std::vector<ParameterChange> changes;
  for (const int parameter : drivers) {
    const std::span<const float> before = prior.column(parameter), after = posterior.column(parameter);
    const Ordered prior_law(before, prior.weights), law(after, posterior.weights);
    const double prior_mean = weighted_mean(before, prior.weights), mean = weighted_mean(after, posterior.weights);
    const double prior_sd = deviation(before, prior.weights, prior_mean);
    ParameterChange change{};
    change.parameter = parameter;
    for (std::size_t q = 0; q < kShownQuantiles.size(); ++q) {
      const double p = kShownQuantiles[q];
      change.prior[q] = prior_law.quantile(p);
      change.posterior[q] = law.quantile(p);
      const double error = share_error(after, posterior.weights, change.posterior[q], p);
      change.posterior_error[q] = (law.quantile(p + error) - law.quantile(p - error)) / 2;
    }
    const double error =
        std::hypot(weighted_mean_error(before, prior.weights, prior_mean), weighted_mean_error(after, posterior.weights, mean));
    change.shift = {(mean - prior_mean) / prior_sd, error / prior_sd};
    change.spread = deviation(after, posterior.weights, mean) / prior_sd;
    const Divergence from_prior = divergence(prior_law, before, posterior, after, draws);
    change.information = from_prior.nats;
    change.moved = !from_prior.by_chance && from_prior.nats >= kLeastInformation;
    changes.push_back(change);
  }
  return changes;
}

std::vector<double> rank_correlations(const WeightedSample& sample, std::span<const int> drivers) {
  std::vector<std::vector<double>> ranks;
  for (const int parameter : drivers) ranks.push_back(standard_ranks(sample.column(parameter), sample.weights));
  std::vector<double> correlations(drivers.size() * drivers.size());
  for (std::size_t i = 0; i < drivers.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j)
      correlations[i * drivers.size() + j] = correlations[j * drivers.size() + i] =
          std::inner_product(ranks[i].begin(), ranks[i].end(), ranks[j].begin(), 0.0);
  return correlations;
}

RankMatrix strongest_correlations(const Scenario& scenario, std::span<const int> drivers, std::span<const double> correlations,
                                  std::span<const int> allowed, double least) {
  struct Pair {
    int first, second;
    double rank;
    bool of_scenario;
  };
  const auto may = [&](int parameter) { return std::ranges::find(allowed, parameter) != allowed.end(); };
  const auto correlates = [&](int a, int b) {
    return std::ranges::any_of(scenario.correlations, [&](const Correlation& one) {
      return (one.first == a && one.second == b) || (one.first == b && one.second == a);
    });
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < drivers.size(); ++i)
    for (std::size_t j = i + 1; j < drivers.size(); ++j) {
      const double rank = correlations[i * drivers.size() + j];
      const bool of_scenario = correlates(drivers[i], drivers[j]);
      if (may(drivers[i]) && may(drivers[j]) && (of_scenario || std::abs(rank) >= least))
        pairs.push_back({drivers[i], drivers[j], rank, of_scenario});
    }
  std::ranges::stable_sort(pairs, [](const Pair& a, const Pair& b) {
    return a.of_scenario != b.of_scenario ? a.of_scenario : std::abs(a.rank) > std::abs(b.rank);
  });

  RankMatrix matrix;
  std::vector<int>& kept = matrix.parameters;
  std::vector<Pair> taken;
  for (const Pair& pair : pairs) {
    std::vector<int> with = kept;
    for (const int parameter : {pair.first, pair.second})
      if (std::ranges::find(with, parameter) == with.end()) with.push_back(parameter);
    if (with.size() > kMaxCorrelated) continue;
    kept = std::move(with);
    taken.push_back(pair);
  }
  const auto place = [&](int parameter) { return static_cast<std::size_t>(std::ranges::find(kept, parameter) - kept.begin()); };
  const std::size_t n = kept.size();
  std::vector<double> full(n * n);
  for (const Pair& pair : taken)
    full[place(pair.first) * n + place(pair.second)] = full[place(pair.second) * n + place(pair.first)] = pair.rank;
  matrix.rank = full;
  while (!is_possible(matrix)) {
    matrix.shrunk = std::min(1.0, matrix.shrunk + kShrinkStep);
    for (std::size_t k = 0; k < full.size(); ++k) matrix.rank[k] = full[k] * (1 - matrix.shrunk);
  }
  return matrix;
}

}  // namespace chokepoint
