// SPDX-License-Identifier: Apache-2.0
#include "hindcast.h"

#include <fmt/format.h>

#include <algorithm>

#include "../errors.h"
#include "../run/plan.h"

namespace chokepoint {

namespace {

constexpr std::size_t kMostBytes = std::size_t{8} << 30;  // of what all trajectories say
constexpr std::size_t kLeastBatch = 10;                   // worlds in a part whose scores tell an error
constexpr std::uint64_t kFanTrajectories = 20'000;

// What trajectories 0 .. count - 1 say, one vector for each (policy, observation).
using Draws = std::vector<std::vector<float>>;

Draws run_all(HistoryRun& run, std::size_t forecasts, std::size_t observations, std::uint64_t count,
              const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  if (forecasts * observations * count * sizeof(float) > kMostBytes)
    throw UserError(fmt::format("{} trajectories of {} policies at {} observations take more than {} GiB; give fewer with --trajectories",
                                count, forecasts, observations, kMostBytes >> 30));
  Draws draws(forecasts * observations);
  for (auto& one : draws) one.reserve(count);
  Ensemble part;
  for (std::uint64_t done = 0; done < count; progress(done, count)) {
    part.first = done;
    part.count = std::min(run.together(), count - done);
    run.evaluate(part);
    for (std::size_t p = 0; p < forecasts; ++p)
      for (std::size_t o = 0; o < observations; ++o) {
        const auto said = part.at(p, o, observations);
        draws[p * observations + o].insert(draws[p * observations + o].end(), said.begin(), said.end());
      }
    done += part.count;
  }
  return draws;
}

// Values that are not finite are left out, but a forecast needs some.
void check_finite(const Draws& draws, const Hindcast& h) {
  for (std::size_t i = 0; i < draws.size(); ++i)
    if (2 * std::ranges::count_if(draws[i], [](float x) { return std::isfinite(x); }) < static_cast<std::ptrdiff_t>(draws[i].size())) {
      const Observation& o = h.history.observations[i % h.history.observations.size()];
      throw UserError(fmt::format("policy {}: most values of the series {} on {} are not finite. Are the priors too wide?",
                                  h.forecasts[i / h.history.observations.size()], h.history.series[o.series].name, o.date));
    }
}

FanQuantiles fan_quantiles(const std::vector<float>& draws) {
  const ForecastLaw law(std::vector<double>(draws.begin(), draws.end()), {});
  FanQuantiles quantiles{};
  for (std::size_t q = 0; q < quantiles.size(); ++q) quantiles[q] = law.quantile(kFanQuantiles[q]);
  return quantiles;
}

PointScores point_scores(const std::vector<float>& draws, const Observation& o, const HistorySeries& series, std::uint64_t replicates) {
  PointScores point{score(draws, {}, o, series), fan_quantiles(draws), {}, {}};
  const std::size_t worlds = draws.size() / replicates;
  for (std::size_t b = 0; b < kScoreBatches; ++b) {
    const std::size_t first = b * worlds / kScoreBatches, end = (b + 1) * worlds / kScoreBatches;
    const bool enough = worlds >= kLeastBatch * kScoreBatches;
    const auto part = std::span(draws).subspan(first * replicates, (end - first) * replicates);
    const Scores scores = enough ? score(part, {}, o, series) : Scores{kNaN, kNaN, kNaN, {}};
    point.crps[b] = scores.crps;
    point.log_score[b] = scores.log_score;
  }
  return point;
}

// An observation at every month of a series from its first one on: its value does not matter.
History monthly(const History& history) {
  History all = history;
  all.observations.clear();
  for (const Observation& o : history.observations) {
    const bool is_first = all.observations.empty() || all.observations.back().series != o.series;
    const int change = history.series[o.series].change_steps;
    for (int step = is_first ? change : all.observations.back().step + 1; step <= o.step; ++step) {
      all.observations.push_back(o);
      all.observations.back().step = step;
    }
  }
  return all;
}

std::vector<Fan> fans_of(const Scenario& scenario, const History& history, const DeviceOptions& device, std::uint64_t trajectories) {
  const History months = monthly(history);
  HistoryRun run(scenario, months, device);
  const std::size_t policies = scenario.policies.size(), all = months.observations.size();
  const Draws draws = run_all(run, policies, all, trajectories, [](auto, auto) {});
  std::vector<Fan> fans;
  for (std::size_t first = 0, end = 0; first < all; first = end) {
    Fan& fan = fans.emplace_back(Fan{months.observations[first].series, {}, {}});
    for (; end < all && months.observations[end].series == fan.series; ++end) fan.steps.push_back(months.observations[end].step);
    for (std::size_t p = 0; p < policies; ++p)
      for (std::size_t o = first; o < end; ++o) fan.quantiles.push_back(fan_quantiles(draws[p * all + o]));
  }
  return fans;
}

std::vector<HorizonScores> horizons_of(const History& history, const std::vector<int>& horizons) {
  std::vector<HorizonScores> all;
  for (int s = 0; s < static_cast<int>(history.series.size()); ++s) {
    HorizonScores whole{s, 1, 0, {}};
    const std::size_t before = all.size();
    for (std::size_t o = 0; o < history.observations.size(); ++o) {
      const int months = history.observations[o].months();
      if (history.observations[o].series != s) continue;
      const auto horizon = std::ranges::lower_bound(horizons, months);
      const int first = horizon == horizons.begin() ? 1 : *(horizon - 1) + 1, last = horizon == horizons.end() ? 0 : *horizon;
      if (all.size() == before || all.back().first != first) all.push_back({s, first, last, {}});
      all.back().observations.push_back(o);
      whole.observations.push_back(o);
      whole.last = months;
    }
    if (all.size() > before && all.back().last == 0) all.back().last = whole.last;
    if (all.size() > before + 1) all.push_back(std::move(whole));
  }
  return all;
}

// The mean of a number over observations, with the error that the parts of the trajectories tell.
template <class Value, class Batches>
Estimate mean_over(const std::vector<std::size_t>& observations, Value&& value, Batches&& batches) {
  double mean = 0;
  BatchValues parts{};
  const auto count = static_cast<double>(observations.size());
  for (const std::size_t o : observations) {
    mean += value(o) / count;
    for (std::size_t b = 0; b < kScoreBatches; ++b) parts[b] += batches(o, b) / count;
  }
  double middle = 0, squares = 0;
  for (const double part : parts) middle += part / kScoreBatches;
  for (const double part : parts) squares += (part - middle) * (part - middle);
  return {mean, std::sqrt(squares / (kScoreBatches - 1) / kScoreBatches)};
}

}  // namespace

std::optional<MeanScores> Hindcast::mean(std::size_t forecast, const HorizonScores& horizon) const {
  const auto at = [&](std::size_t o) -> const PointScores& { return *point(forecast, o); };
  MeanScores mean{horizon.observations.size(), {}, {}, {}};
  for (const std::size_t o : horizon.observations) {
    if (!point(forecast, o)) return std::nullopt;
    for (std::size_t k = 0; k < mean.coverage.size(); ++k) mean.coverage[k] += at(o).scores.coverage[k] / static_cast<double>(mean.count);
  }
  mean.crps = mean_over(
      horizon.observations, [&](std::size_t o) { return at(o).scores.crps; }, [&](std::size_t o, std::size_t b) { return at(o).crps[b]; });
  mean.log_score = mean_over(
      horizon.observations, [&](std::size_t o) { return at(o).scores.log_score; },
      [&](std::size_t o, std::size_t b) { return at(o).log_score[b]; });
  return mean;
}

MeanScores Hindcast::difference(std::size_t forecast, std::size_t other, const HorizonScores& horizon) const {
  const auto at = [&](std::size_t f, std::size_t o) -> const PointScores& { return *point(f, o); };
  return {horizon.observations.size(),
          mean_over(
              horizon.observations, [&](std::size_t o) { return at(forecast, o).scores.crps - at(other, o).scores.crps; },
              [&](std::size_t o, std::size_t b) { return at(forecast, o).crps[b] - at(other, o).crps[b]; }),
          mean_over(
              horizon.observations, [&](std::size_t o) { return at(forecast, o).scores.log_score - at(other, o).scores.log_score; },
              [&](std::size_t o, std::size_t b) { return at(forecast, o).log_score[b] - at(other, o).log_score[b]; }),
          {}};
}

std::optional<Estimate> Hindcast::skill(std::size_t forecast, const HorizonScores& horizon) const {
  std::optional<double> plain;
  for (std::size_t f = policies; f < forecasts.size(); ++f)
    if (const auto one = mean(f, horizon)) plain = std::min(plain.value_or(one->crps.value), one->crps.value);
  const auto own = mean(forecast, horizon);
  if (!plain || !own) return std::nullopt;
  return Estimate{1 - own->crps.value / *plain, own->crps.standard_error / *plain};
}

Hindcast hindcast(const Scenario& scenario, const HindcastOptions& options, bool with_fans, const DeviceOptions& device,
                  const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  Hindcast h;
  h.history = read_history(scenario);
  keep_between(h.history, options.from, options.until);
  h.trajectories = scenario.trajectories;
  h.policies = scenario.policies.size();
  h.policy = static_cast<std::size_t>(policy_number(scenario, scenario.history->policy, "history.policy"));
  for (const PolicySetting& policy : scenario.policies) h.forecasts.push_back(policy.name);
  h.forecasts.insert(h.forecasts.end(), std::begin(kPlainNames), std::end(kPlainNames));
  h.horizons = horizons_of(h.history, options.horizons);

  HistoryRun run(scenario, h.history, device);
  h.device = run.device();
  const std::size_t observations = h.history.observations.size();
  const Draws draws = run_all(run, h.policies, observations, h.trajectories, progress);
  check_finite(draws, h);
  h.points.resize(h.forecasts.size() * observations);
#pragma omp parallel for schedule(dynamic)
  for (std::size_t i = 0; i < h.points.size(); ++i) {
    const Observation& o = h.history.observations[i % observations];
    const HistorySeries& series = h.history.series[o.series];
    if (i < draws.size()) {
      h.points[i] = point_scores(draws[i], o, series, scenario.replicates);
    } else if (const auto plain = plain_draws(kPlainForecasts[i / observations - h.policies], h.history, o); !plain.empty()) {
      h.points[i] = PointScores{score(plain, {}, o, series), fan_quantiles(plain), {}, {}};
    }
  }
  if (with_fans)
    h.fans = fans_of(scenario, h.history, device, std::min(h.trajectories, kFanTrajectories / scenario.replicates * scenario.replicates));
  return h;
}

}  // namespace chokepoint
