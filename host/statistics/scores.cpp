// SPDX-License-Identifier: Apache-2.0
#include "scores.h"

#include <boost/math/distributions/normal.hpp>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace chokepoint {

namespace {

constexpr int kIntervalPoints = 39;  // equally likely values of the truth that stand for a censored observation

double normal_probability(double z) { return std::erfc(-z * std::numbers::sqrt2 / 2) / 2; }

double weight_of(std::span<const double> weights, std::size_t i) { return weights.empty() ? 1 : weights[i]; }

std::vector<double> scaled(std::span<const float> draws, const HistorySeries& series) {
  std::vector<double> values;
  values.reserve(draws.size());
  for (const float draw : draws) values.push_back(series.scaled(static_cast<double>(draw)));
  return values;
}

// The mean over draws on the scale of comparison of a function of them.
template <class Function>
double mean_of(std::span<const double> draws, std::span<const double> weights, Function&& function) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    if (!std::isfinite(draws[i])) continue;
    sum += weight_of(weights, i) * function(draws[i]);
    total += weight_of(weights, i);
  }
  return sum / total;
}

double mean_crps(const ForecastLaw& law, const Observation& o) {
  if (!o.censored) return law.crps(o.centre);
  const boost::math::normal_distribution<double> truth(o.centre, o.error);
  double sum = 0;
  for (int k = 0; k < kIntervalPoints; ++k) sum += law.crps(quantile(truth, (k + 0.5) / kIntervalPoints));
  return sum / kIntervalPoints;
}

double coverage_of(const ForecastLaw& law, const Observation& o, double level, double pit) {
  if (!o.censored) return std::abs(pit - 0.5) <= level / 2 ? 1 : 0;
  const auto truth_to = [&](double p) { return normal_probability((law.quantile(p) - o.centre) / o.error); };
  return truth_to(0.5 + level / 2) - truth_to(0.5 - level / 2);
}

double log_likelihood_of_scaled(double scaled, const Observation& o, const HistorySeries& series) {
  if (o.censored)
    return std::log(scaled >= series.scaled(o.low) && scaled <= series.scaled(o.high) ? kIntervalProbability : 1 - kIntervalProbability);
  const double z = (o.centre - scaled) / o.error;
  return -z * z / 2 - std::log(o.error) - std::log(2 * std::numbers::pi) / 2;
}

double log_score_of_scaled(std::span<const double> draws, std::span<const double> weights, const Observation& o,
                           const HistorySeries& series) {
  double best = -std::numeric_limits<double>::infinity();  // taken out, so that the densities of far draws do not vanish together
  for (const double draw : draws)
    if (std::isfinite(draw)) best = std::max(best, log_likelihood_of_scaled(draw, o, series));
  return best + std::log(mean_of(draws, weights, [&](double x) { return std::exp(log_likelihood_of_scaled(x, o, series) - best); }));
}

}  // namespace

ForecastLaw::ForecastLaw(std::span<const double> draws, std::span<const double> weights) {
  std::vector<std::pair<double, double>> order;  // draw, weight
  double total = 0;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    if (!std::isfinite(draws[i])) continue;
    order.emplace_back(draws[i], weight_of(weights, i));
    total += weight_of(weights, i);
  }
  if (!(total > 0)) throw std::invalid_argument("a forecast without draws");
  std::ranges::sort(order);
  double share = 0, sum = 0;
  for (const auto& [draw, given] : order) {
    const double weight = given / total;
    half_difference_ += weight * draw * (2 * share + weight - 1);
    values_.push_back(draw);
    shares_.push_back(share += weight);
    sums_.push_back(sum += weight * draw);
  }
}

double ForecastLaw::probability_to(double x) const {
  const auto above = std::ranges::upper_bound(values_, x);
  return above == values_.begin() ? 0 : shares_[static_cast<std::size_t>(above - values_.begin()) - 1];
}

double ForecastLaw::quantile(double p) const {
  constexpr double kRounding = 1e-12;  // of cumulative weights
  const auto found = std::ranges::lower_bound(shares_, p - kRounding);
  return found == shares_.end() ? values_.back() : values_[static_cast<std::size_t>(found - shares_.begin())];
}

double ForecastLaw::crps(double observed) const {
  const auto above = std::ranges::upper_bound(values_, observed);
  const auto below = static_cast<std::size_t>(above - values_.begin());
  const double share = below == 0 ? 0 : shares_[below - 1], sum = below == 0 ? 0 : sums_[below - 1];
  return observed * (2 * share - shares_.back()) + sums_.back() - 2 * sum - half_difference_;
}

double log_likelihood(double predicted, const Observation& observation, const HistorySeries& series) {
  return log_likelihood_of_scaled(series.scaled(predicted), observation, series);
}

double log_score(std::span<const float> predicted, std::span<const double> weights, const Observation& observation,
                 const HistorySeries& series) {
  return log_score_of_scaled(scaled(predicted, series), weights, observation, series);
}

Scores score(std::span<const float> predicted, std::span<const double> weights, const Observation& o, const HistorySeries& series) {
  const std::vector<double> draws = scaled(predicted, series);
  const ForecastLaw law(draws, weights);
  Scores scores{mean_crps(law, o), log_score_of_scaled(draws, weights, o, series), 0, {}};
  scores.pit = mean_of(draws, weights, [&](double x) { return normal_probability((o.centre - x) / o.error); });
  for (std::size_t k = 0; k < kCoverageLevels.size(); ++k) scores.coverage[k] = coverage_of(law, o, kCoverageLevels[k], scores.pit);
  return scores;
}

}  // namespace chokepoint
