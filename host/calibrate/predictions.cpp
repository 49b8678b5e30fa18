// SPDX-License-Identifier: Apache-2.0
#include "predictions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../statistics/scores.h"

namespace chokepoint {

namespace {

// The mean score of one ensemble over observations.
class MeanScore {
 public:
  explicit MeanScore(std::size_t worlds) : influence_(worlds) {}

  // `influence`: by how much each world, with its weight, moves the score.
  void add(double score, const std::vector<double>& influence, double count = 1) {
    sum_ += count * score;
    counts_ += count;
    for (std::size_t i = 0; i < influence.size(); ++i) influence_[i] += count * influence[i];
  }

  // To first order the sum of squares of what worlds do is the variance.
  Estimate value() const {
    if (counts_ == 0) return {kNaN, kNaN};
    const double squares = std::inner_product(influence_.begin(), influence_.end(), influence_.begin(), 0.0);
    return {sum_ / counts_, std::sqrt(squares) / counts_};
  }

 private:
  double sum_ = 0, counts_ = 0;
  std::vector<double> influence_;
};

using Influence = std::vector<double>;  // (world)

// On the log of the mean density: through its own density.
Influence log_influence(const WeightedSample& sample, std::span<const float> predicted, const Observation& one, const HistorySeries& series,
                        double log_score) {
  Influence influence(sample.size());
  for (std::size_t i = 0; i < influence.size(); ++i)
    if (std::isfinite(predicted[i]))
      influence[i] = sample.weights[i] * std::expm1(log_likelihood(double{predicted[i]}, one, series) - log_score);
  return influence;
}

// On E|X - y| - E|X - X'| / 2: through its distance to y, and through its mean distance to the others. An interval is taken as its middle.
Influence crps_influence(const WeightedSample& sample, std::span<const float> predicted, const Observation& one,
                         const HistorySeries& series) {
  std::vector<double> x(sample.size());
  std::vector<std::size_t> order;
  double all = 0, mean = 0, to_observed = 0, spread = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = series.scaled(double{predicted[i]});
    if (!std::isfinite(x[i])) continue;
    order.push_back(i);
    all += sample.weights[i];
    mean += sample.weights[i] * x[i];
    to_observed += sample.weights[i] * std::abs(x[i] - one.centre);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return x[i]; });
  std::vector<double> to_others(x.size());
  double weight = 0, moment = 0;  // of what lies below
  for (const std::size_t i : order) {
    to_others[i] = (x[i] * weight - moment + (mean - moment) - x[i] * (all - weight)) / all;
    weight += sample.weights[i];
    moment += sample.weights[i] * x[i];
    spread += sample.weights[i] * to_others[i];
  }
  Influence influence(x.size());
  for (const std::size_t i : order)
    influence[i] = sample.weights[i] / all * (std::abs(x[i] - one.centre) - to_observed / all - to_others[i] + spread / all);
  return influence;
}

Estimate difference(const Estimate& after, const Estimate& before) {
  return {after.value - before.value, std::hypot(after.standard_error, before.standard_error)};
}

// All scores of one of the two ensembles.
class EnsembleScores {
 public:
  EnsembleScores(const Calibration& calibration, const WeightedSample& sample) {
    const History& history = calibration.history;
    const MeanScore none(sample.size());
    crps_.assign(2 * history.series.size(), none);
    log_ = crps_;
    all_.assign(2, none);
    for (std::size_t o = 0; o < history.observations.size(); ++o) {
      const Observation& one = history.observations[o];
      const std::size_t held_out = calibration.fitted[o] ? 0 : 1, place = 2 * std::size_t(one.series) + held_out;
      const std::span<const float> predicted = calibration.predicted(sample, o);
      const HistorySeries& series = history.series[one.series];
      const Scores scores = score(predicted, sample.weights, one, series);
      const Influence influence = log_influence(sample, predicted, one, series, scores.log_score);
      log_density.push_back(scores.log_score);
      log_[place].add(scores.log_score, influence);
      all_[held_out].add(scores.log_score, influence, calibration.counts[o]);
      crps_[place].add(scores.crps, crps_influence(sample, predicted, one, series));
    }
  }

  Estimate crps(int series, bool held_out) const { return crps_[2 * std::size_t(series) + held_out].value(); }
  Estimate log(int series, bool held_out) const { return log_[2 * std::size_t(series) + held_out].value(); }
  Estimate all(bool held_out) const { return all_[held_out].value(); }
  std::vector<double> log_density;  // (observation)

 private:
  std::vector<MeanScore> crps_, log_;  // (series, held out)
  std::vector<MeanScore> all_;         // (held out)
};

}  // namespace

PredictionScores score_predictions(const Calibration& calibration) {
  const EnsembleScores prior(calibration, calibration.prior), posterior(calibration, calibration.posterior);
  PredictionScores scores;
  scores.log_density = posterior.log_density;
  scores.prior_fitted = prior.all(false);
  scores.posterior_fitted = posterior.all(false);
  scores.prior_held_out = prior.all(true);
  scores.posterior_held_out = posterior.all(true);
  for (const bool held_out : {false, true})
    for (int s = 0; s < static_cast<int>(calibration.history.series.size()); ++s) {
      SeriesScore score{};
      score.series = s;
      score.held_out = held_out;
      score.prior_crps = prior.crps(s, held_out);
      score.posterior_crps = posterior.crps(s, held_out);
      score.prior_log = prior.log(s, held_out);
      score.posterior_log = posterior.log(s, held_out);
      for (std::size_t o = 0; o < calibration.fitted.size(); ++o) {
        const Observation& one = calibration.history.observations[o];
        score.observations += one.series == s && held_out == (calibration.fitted[o] == 0);
      }
      score.crps_change = difference(score.posterior_crps, score.prior_crps);
      score.log_change = difference(score.posterior_log, score.prior_log);
      if (score.observations > 0) scores.series.push_back(score);
    }
  return scores;
}

}  // namespace chokepoint
