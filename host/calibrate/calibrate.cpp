// SPDX-License-Identifier: Apache-2.0
#include "calibrate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../errors.h"
#include "../run/plan.h"
#include "../statistics/scores.h"

namespace chokepoint {

namespace {

bool is_early(const Observation& one, const CalibrateOptions& options) { return options.until.empty() || one.date <= options.until; }

// What is neither fitted nor later than what is fitted tells nothing: another series over the same time is no forecast.
void keep_of_interest(History& history, const CalibrateOptions& options) {
  std::erase_if(history.observations, [&](const Observation& one) {
    const std::string& name = history.series[one.series].name;
    return !options.series.empty() && std::ranges::find(options.series, name) == options.series.end() && is_early(one, options);
  });
}

std::vector<double> counts_of(const History& history, const std::vector<char>& fitted, double temper) {
  const auto place = [&](std::size_t o) { return std::size_t(2 * history.observations[o].series) + std::size_t(fitted[o] != 0); };
  std::vector<int> together(2 * history.series.size());
  for (std::size_t o = 0; o < fitted.size(); ++o) ++together[place(o)];
  std::vector<double> counts;
  for (std::size_t o = 0; o < fitted.size(); ++o) counts.push_back(tempered_count(together[place(o)], temper));
  return counts;
}

void check_series(const History& history, const CalibrateOptions& options) {
  std::vector<std::string> names, problems;
  for (const HistorySeries& series : history.series) names.push_back(series.name);
  for (const std::string& name : options.series)
    if (std::ranges::find(names, name) == names.end())
      problems.push_back(fmt::format("--series {}: no series of [history]. There are: {}.", name, fmt::join(names, ", ")));
  if (!problems.empty()) throw UserError(problems);
}

void check_observations(const History& history, const CalibrateOptions& options) {
  const std::vector<Observation>& all = history.observations;
  if (std::ranges::any_of(all, [&](const Observation& one) { return is_early(one, options); })) return;
  throw UserError(fmt::format("{}: no observation to fit{}; the first within the run is of {}. Give a later date, or more --series.",
                              history.file, options.until.empty() ? "" : " up to --until " + options.until,
                              all.empty() ? "no date" : std::ranges::min(all, {}, &Observation::date).date));
}

// Looks at worlds in batches; keeps the first, a sample by weight, and the sums over all.
class Weigher {
 public:
  Weigher(const Scenario& scenario, Calibration& result)
      : result_(result),
        history_(result.history),
        observations_(history_.observations.size()),
        columns_(scenario.model->parameters.size() + observations_),
        row_(columns_),
        reservoir_(result.options.kept, columns_, scenario.seed_worlds) {
    result.parameters = static_cast<int>(scenario.model->parameters.size());
    for (std::size_t o = 0; o < observations_; ++o) {
      if (!result.fitted[o]) continue;
      Observation& one = fitted_.emplace_back(Fitted{o, history_.observations[o]}).observation;
      one.error *= result.options.widen;
      const HistorySeries& series = history_.series[one.series];
      counts_ += result.counts[o];
      best_ += result.counts[o] * log_likelihood(series.unscaled(one.centre), one, series);
    }
  }

  void take(const Ensemble& batch) {
    weigh(batch);
    for (std::uint64_t i = 0; i < batch.count; ++i) {
      const std::uint64_t world = batch.first + i;
      const double weight = log_weights_[i];
      result_.sums.add(weight);
      result_.impossible += weight == kImpossible;
      if (world < result_.options.kept) add_first(batch, i);
      if (reservoir_.wants(world, weight)) reservoir_.add(world, weight, row(batch, i));
    }
  }

  void finish() {
    result_.posterior = reservoir_.sample();
    WeightedSample& prior = result_.prior;
    const std::size_t size = prior.worlds.size();
    prior.weights.assign(size, 1 / static_cast<double>(size));
    prior.values.resize(size * columns_);
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t column = 0; column < columns_; ++column) prior.values[column * size + i] = first_rows_[i * columns_ + column];
  }

 private:
  struct Fitted {
    std::size_t number;
    Observation observation;  // with its widened error
  };
  static constexpr double kImpossible = -std::numeric_limits<double>::infinity();

  void weigh(const Ensemble& batch) {
    constexpr std::uint64_t kTogether = 512;  // their sums stay in the cache while the observations pass
    log_weights_.assign(batch.count, 0);
    const int threads = result_.options.device.threads;
#pragma omp parallel for schedule(static) num_threads(threads > 0 ? threads : available_cpus())
    for (std::uint64_t first = 0; first < batch.count; first += kTogether) {
      const std::uint64_t end = std::min(first + kTogether, batch.count);
      for (const auto& [o, one] : fitted_) {
        const HistorySeries& series = history_.series[one.series];
        const float* const predicted = batch.predicted.data() + o * batch.count;
        for (std::uint64_t i = first; i < end; ++i)
          log_weights_[i] += result_.counts[o] * log_likelihood(double{predicted[i]}, one, series);
      }
      for (std::uint64_t i = first; i < end; ++i) log_weights_[i] = log_weight(log_weights_[i]);
    }
  }

  double log_weight(double fit) const {
    if (!std::isfinite(fit)) return kImpossible;
    if (!result_.options.abc) return fit;
    return 2 * (best_ - fit) / counts_ <= result_.options.distance * result_.options.distance ? 0 : kImpossible;
  }

  std::span<const float> row(const Ensemble& batch, std::uint64_t i) {
    const std::size_t parameters = columns_ - observations_;
    std::copy_n(batch.parameters.begin() + static_cast<std::ptrdiff_t>(i * parameters), parameters, row_.begin());
    for (std::size_t o = 0; o < observations_; ++o) row_[parameters + o] = batch.predicted[o * batch.count + i];
    return row_;
  }

  void add_first(const Ensemble& batch, std::uint64_t i) {
    result_.prior.worlds.push_back(batch.first + i);
    const std::span<const float> values = row(batch, i);
    first_rows_.insert(first_rows_.end(), values.begin(), values.end());
  }

  Calibration& result_;
  const History& history_;
  std::size_t observations_, columns_;
  std::vector<float> row_, first_rows_;
  std::vector<Fitted> fitted_;
  double counts_ = 0, best_ = 0;     // of these: as how many they count; the greatest log likelihood that predictions can have
  std::vector<double> log_weights_;  // (world of the batch)
  Reservoir reservoir_;
};

}  // namespace

double tempered_count(int observations, double temper) { return 1 / (1 + (observations - 1) * temper); }

Calibration calibrate(const Scenario& scenario, const CalibrateOptions& options, const std::function<void(std::uint64_t)>& progress) {
  Calibration result;
  result.options = options;
  result.history = read_history(scenario);
  check_series(result.history, options);
  keep_of_interest(result.history, options);
  check_observations(result.history, options);
  for (const Observation& one : result.history.observations) result.fitted.push_back(is_early(one, options));
  result.counts = counts_of(result.history, result.fitted, options.temper);
  Scenario reduced = reduced_to(scenario, {policy_number(scenario, scenario.history->policy, "history.policy")});
  reduced.replicates = 1;
  HistoryRun run(reduced, result.history, options.device);
  result.device = run.device();
  Weigher weigher(reduced, result);
  Ensemble batch;
  while (result.sums.worlds() < options.worlds) {
    batch.first = result.sums.worlds();
    batch.count = std::min({options.batch, run.together(), options.worlds - batch.first});
    run.evaluate(batch);
    weigher.take(batch);
    progress(result.sums.worlds());
  }
  weigher.finish();
  if (!(result.sums.effective() > 0))
    throw UserError(fmt::format(
        "none of {} worlds comes near the observations{}. Give more worlds, {}a greater --widen, or fit fewer --series", options.worlds,
        options.abc ? fmt::format(" (--distance {})", options.distance) : "", options.abc ? "a greater --distance, " : ""));
  return result;
}

}  // namespace chokepoint
