// SPDX-License-Identifier: Apache-2.0
#include "stop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../statistics/decision.h"
#include "../statistics/estimate.h"
#include "../statistics/information.h"
#include "../statistics/paired.h"
#include "../statistics/sensitivity.h"
#include "../statistics/statistics.h"
#include "plan.h"

namespace chokepoint {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kMostGrowth = 2;

constexpr StopKeyRow kKeys[] = {{kStopMetric, "metric", true},         {kStopPolicy, "policy", false}, {kStopParameter, "parameter", false},
                                {kStopQuantile, "quantile", true},     {kStopEvent, "event", true},    {kStopThreshold, "threshold", false},
                                {kStopTime, "time", false}};

using S = StopStatistic;
constexpr unsigned kCell = kStopMetric | kStopPolicy | kStopTime, kChoice = kStopMetric | kStopPolicy, kDriver = kCell | kStopParameter;
constexpr StopRow kRows[] = {
    {S::kMean, "mean", "mean", kCell, false, false, false},
    {S::kMeanDifference, "mean_difference", "mean difference from the reference", kCell, false, true, false},
    {S::kQuantile, "quantile", "quantile", kCell | kStopQuantile, false, false, false},
    {S::kDifferenceQuantile, "difference_quantile", "quantile of the difference from the reference", kCell | kStopQuantile, false, true,
     false},
    {S::kProbabilityBetter, "probability_better", "probability of being better than the reference", kCell, true, true, false},
    {S::kEventProbability, "event_probability", "probability that an event has happened", kStopEvent | kStopPolicy | kStopTime, false,
     false, false},
    {S::kRegretMean, "regret_mean", "mean regret at the end", kChoice, true, false, false},
    {S::kRegretP95, "regret_p95", "95th percentile of the regret at the end", kChoice, true, false, false},
    {S::kProbabilityBest, "probability_best", "probability of being the best policy at the end", kChoice, true, false, false},
    {S::kSatisficing, "satisficing", "share of trajectories that meet a threshold, or all", kStopThreshold | kStopPolicy, false, false,
     false},
    {S::kFirstOrder, "first_order", "first-order index of a parameter", kDriver, false, false, true},
    {S::kDifferenceFirstOrder, "difference_first_order", "first-order index of a parameter for the difference from the reference", kDriver,
     false, true, true},
    {S::kEvpi, "evpi", "expected value of perfect information", kStopMetric, true, false, false},
    {S::kEvppi, "evppi", "expected value of perfect information on a parameter", kStopMetric | kStopParameter, true, false, false},
};

// A 95 % interval, as the standard error of a normal law that has it.
double error_of(const Interval& interval) { return (interval.high - interval.low) / (2 * kHalfWidth); }
double error_of(const std::vector<double>& bounds, int number) { return error_of({bounds[2 * number], bounds[2 * number + 1]}); }

// Errors of what scenario.stop watches.
class Watch {
 public:
  Watch(const Scenario& s, const Tallies& tallies, const Sample& sample)
      : s_(s), stop_(*s.stop), tallies_(tallies), sample_(sample), row_(stop_row(stop_.statistic)) {
    const std::vector<int> decided = decided_metrics(*s.model);
    decision_ = static_cast<int>(std::ranges::find(decided, stop_.metric) - decided.begin());
  }

  double largest() const {
    if (stop_.statistic == S::kEvpi || stop_.statistic == S::kEvppi) return of_information();
    double worst = 0;
    for (int p = 0; p < tallies_.shape.policies; ++p)
      if (is_watched(p)) worst = larger(worst, under(p));
    return worst;
  }

 private:
  // Without an error yet, it is infinite.
  static double larger(double a, double b) { return std::isnan(b) ? kInfinity : std::max(a, b); }

  bool is_watched(int policy) const {
    if (stop_.event >= 0 && !has_event(s_, policy, stop_.event)) return false;
    return stop_.policy >= 0 ? policy == stop_.policy : !row_.compares || policy != s_.reference;
  }

  double under(int policy) const {
    switch (stop_.statistic) {
      case S::kMean:
        return mean_error(s_, tallies_, policy, stop_.metric, stop_.record).standard_error;
      case S::kQuantile:
        return error_of(quantile_bounds(s_, tallies_, policy, stop_.metric, stop_.record, stop_.quantile));
      case S::kEventProbability:
        return error_of(event_bounds(s_, tallies_, policy, stop_.event, stop_.record));
      case S::kMeanDifference:
      case S::kDifferenceQuantile:
      case S::kProbabilityBetter:
        return of_pair(policy);
      case S::kSatisficing:
        return error_of(derive_satisficing(s_, tallies_).share_bounds, policy * (tallies_.shape.thresholds + 1) + threshold());
      case S::kFirstOrder:
      case S::kDifferenceFirstOrder:
        return of_drivers(policy);
      default:
        return of_decision(policy);
    }
  }

  int threshold() const { return stop_.threshold >= 0 ? stop_.threshold : tallies_.shape.thresholds; }

  double of_pair(int policy) const {
    const double quantile = stop_.quantile > 0 ? stop_.quantile : 0.5;
    const PairedStatistics pair = derive_pair(s_, tallies_, policy, stop_.metric, stop_.record, {quantile});
    if (stop_.statistic == S::kMeanDifference) return pair.mean_difference_se[0];
    return error_of(stop_.statistic == S::kProbabilityBetter ? pair.probability_better_bounds : pair.difference_quantile_bounds, 0);
  }

  // On the basis of single trajectories.
  double of_decision(int policy) const {
    const DecisionStatistics decision = derive_decision(s_, tallies_, decision_);
    if (stop_.statistic == S::kRegretMean) return decision.regret_mean_se[policy];
    return error_of(stop_.statistic == S::kRegretP95 ? decision.regret_p95_bounds : decision.probability_best_bounds, policy);
  }

  double of_drivers(int policy) const {
    const auto time = static_cast<int>(std::ranges::find(s_.sensitivity_records, stop_.record) - s_.sensitivity_records.begin());
    return largest_driver(derive_first_order(s_, tallies_, sample_, policy, time, stop_.metric, row_.compares));
  }

  double of_information() const {
    const Information information = derive_information(s_, tallies_, sample_, decision_);
    return stop_.statistic == S::kEvpi ? larger(0, information.perfect.standard_error) : largest_driver(information.partial);
  }

  double largest_driver(const std::vector<Estimate>& estimates) const {
    const std::vector<int> parameters = drivers(s_);
    double worst = 0;
    for (std::size_t d = 0; d < parameters.size(); ++d)
      if (stop_.parameter < 0 || stop_.parameter == parameters[d]) worst = larger(worst, estimates[d].standard_error);
    return worst;
  }

  const Scenario& s_;
  const StopSetting& stop_;
  const Tallies& tallies_;
  const Sample& sample_;
  const StopRow& row_;
  int decision_;
};

}  // namespace

std::span<const StopKeyRow> stop_keys() { return kKeys; }

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

double watched_error(const Scenario& s, const Tallies& tallies, const Sample& sample) { return Watch(s, tallies, sample).largest(); }

double trajectories_needed(const Scenario& s, std::uint64_t done, double error) {
  const double ratio = error / s.stop->standard_error, each = static_cast<double>(s.replicates);
  return std::ceil(static_cast<double>(done) * ratio * ratio / each) * each;
}

std::uint64_t next_boundary(const Scenario& s, std::uint64_t done, double error) {
  const std::uint64_t most = std::min(s.stop->max_trajectories, kMostGrowth * done);
  const double wanted = kStopMargin * trajectories_needed(s, done, error);
  if (!(wanted < static_cast<double>(most))) return most;
  const std::uint64_t worlds = static_cast<std::uint64_t>(wanted) / s.replicates;
  return std::clamp(worlds * s.replicates, done + s.replicates, most);
}

}  // namespace chokepoint
