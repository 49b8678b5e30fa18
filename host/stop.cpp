// SPDX-License-Identifier: Apache-2.0
#include "stop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "plan.h"
#include "statistics.h"

namespace chokepoint {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMargin = 1.02;  // beyond what seems to be needed, so that the next look is mostly the last
constexpr std::uint64_t kMostGrowth = 2;

using S = StopStatistic;
constexpr unsigned kCell = kStopMetric | kStopPolicy | kStopTime, kChoice = kStopMetric | kStopPolicy, kDriver = kCell | kStopParameter;
constexpr StopRow kRows[] = {
    {S::kMean, "mean", "mean", kCell, false, false, false},
    {S::kMeanDifference, "mean_difference", "mean difference from the reference", kCell, false, true, false},
    {S::kQuantile, "quantile", "quantile", kCell | kStopQuantile, false, false, false},
    {S::kDifferenceQuantile, "difference_quantile", "quantile of the difference from the reference", kCell | kStopQuantile, false, true, false},
    {S::kProbabilityBetter, "probability_better", "probability of being better than the reference", kCell, true, true, false},
    {S::kEventProbability, "event_probability", "probability that an event has happened", kStopEvent | kStopPolicy | kStopTime, false, false,
     false},
    {S::kRegretMean, "regret_mean", "mean regret at the end", kChoice, true, false, false},
    {S::kRegretP95, "regret_p95", "95th percentile of the regret at the end", kChoice, true, false, false},
    {S::kProbabilityBest, "probability_best", "probability of being the best policy at the end", kChoice, true, false, false},
    {S::kSatisficing, "satisficing", "share of trajectories that meet a threshold, or all", kStopThreshold | kStopPolicy, false, false, false},
    {S::kFirstOrder, "first_order", "first-order index of a parameter", kDriver, false, false, true},
    {S::kDifferenceFirstOrder, "difference_first_order", "first-order index of a parameter for the difference from the reference", kDriver, false,
     true, true},
    {S::kPawn, "pawn", "PAWN index of a parameter", kDriver, false, false, true},
    {S::kEvppi, "evppi", "value of perfect information on a parameter", kStopMetric | kStopParameter, true, false, false},
};

// The error of what is watched under one policy.
double error_under(const Scenario& s, const Tallies& tallies, int policy) {
  const StopSetting& stop = *s.stop;
  switch (stop.statistic) {
    case S::kMean:
      return mean_error(s, tallies, policy, stop.metric, stop.record).standard_error;
    default:
      throw std::logic_error("the stopping rule knows no such statistic");
  }
}

}  // namespace

std::span<const StopRow> stop_rows() { return kRows; }

const StopRow& stop_row(StopStatistic statistic) { return *std::ranges::find(kRows, statistic, &StopRow::statistic); }

std::string watched_name(const Scenario& s) {
  const StopSetting& stop = *s.stop;
  std::string name = stop_row(stop.statistic).name;
  if (stop.quantile > 0) name += fmt::format(" {:g}", stop.quantile);
  if (stop.metric >= 0) name += fmt::format(" of {}", s.model->metrics[stop.metric].key);
  if (stop.event >= 0) name += fmt::format(" of {}", event_names(s)[stop.event]);
  if (stop.threshold >= 0) name += fmt::format(" of {}", s.satisfice[stop.threshold].name);
  if (stop.parameter >= 0) name += fmt::format(" by {}", s.model->parameters[stop.parameter].key);
  if (stop.policy >= 0) name += fmt::format(" under {}", s.policies[stop.policy].name);
  return name;
}

double watched_error(const Scenario& s, const Tallies& tallies, const Sample&) {
  const StopSetting& stop = *s.stop;
  const StopRow& row = stop_row(stop.statistic);
  double worst = 0;
  for (int p = 0; p < tallies.shape.policies; ++p) {
    if (stop.policy >= 0 ? p != stop.policy : row.compares && p == s.reference) continue;
    if (stop.event >= 0 && !has_event(s, p, stop.event)) continue;
    const double error = error_under(s, tallies, p);
    worst = std::isnan(error) ? kInfinity : std::max(worst, error);
  }
  return worst;
}

double trajectories_needed(const Scenario& s, std::uint64_t done, double error) {
  const double ratio = error / s.stop->standard_error, each = static_cast<double>(s.replicates);
  return std::ceil(static_cast<double>(done) * ratio * ratio / each) * each;
}

std::uint64_t next_boundary(const Scenario& s, std::uint64_t done, double error) {
  const std::uint64_t most = std::min(s.stop->max_trajectories, kMostGrowth * done);
  const double wanted = kMargin * trajectories_needed(s, done, error);
  if (!(wanted < static_cast<double>(most))) return most;
  const std::uint64_t worlds = static_cast<std::uint64_t>(wanted) / s.replicates;
  return std::clamp(worlds * s.replicates, done + s.replicates, most);
}

}  // namespace chokepoint
