// Tallies of given outcomes at one time, counted one by one: what a back end would count, by other means.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../../host/run/plan.h"
#include "../../kernels/tally.h"

namespace chokepoint {

using Outcomes = std::vector<std::vector<float>>;  // (policy, trajectory) of the metric `value`; `log_value` gets the same

inline constexpr int kValue = 0, kLogValue = 1;

// As many policies of the model brownian as wanted, the first being the reference.
inline Scenario policies_scenario(int policies, int replicates = 1) {
  Scenario s;
  s.model = find_model("brownian");
  s.years = 1;
  s.record_every_months = 12;
  s.replicates = static_cast<std::uint64_t>(replicates);
  s.quantiles = {0.1, 0.5, 0.9};
  s.sensitivity_records = {0};
  for (int p = 0; p < policies; ++p) s.policies.push_back({"policy_" + std::to_string(p), "", "", {{0, {}}}, {}});
  return s;
}

inline Binning unit_binning(const MetricRow& metric) { return {metric.scale, 0, 0, 1, std::ldexp(1.0f, -metric.log2_unit)}; }

inline void add_to(CellSums& sums, const Binning& binning, float x) {
  if (!std::isfinite(x)) return;
  const auto units = static_cast<Wide>(units_of(binning, Pack<1>::of(x)).v);
  sums.units += units;
  sums.squares += static_cast<UnsignedWide>(units * units);
  sums.least = std::min(sums.least, x);
  sums.greatest = std::max(sums.greatest, x);
}

class ValueTallies {
 public:
  ValueTallies(const Scenario& s, const Outcomes& outcomes) : s_(s), tallies_(shape_of(s)), outcomes_(outcomes) {
    tallies_.trajectories = outcomes[0].size();
    for (int m = 0; m < tallies_.shape.metrics; ++m) add_metric(m);
    add_decision(0, outcomes);
    if (s.replicates > 1) add_decision(1, world_means());
    add_pairs();
    add_satisfied();
  }
  const Tallies& tallies() const { return tallies_; }

 private:
  Binning binning(int metric) const { return unit_binning(s_.model->metrics[metric]); }

  void add_metric(int metric) {
    const std::uint32_t least = least_difference(s_.model->metrics[metric]);
    for (int p = 0; p < tallies_.shape.policies; ++p) {
      const std::size_t cell = tallies_.shape.cell(p, metric, 0);
      for (std::size_t i = 0; i < outcomes_[p].size(); ++i) {
        const float x = outcomes_[p][i], d = x - outcomes_[s_.reference][i];
        ++tallies_.slots[cell * kSlots + (std::isfinite(x) ? 1 : kNonFinite)];  // the place in the histogram is of no interest here
        add_to(tallies_.sums[cell], binning(metric), x);
        if (p == s_.reference) continue;
        ++tallies_.differences[cell * kDifferenceSlots + difference_slot(least, Pack<1>::of(d)).v];
        add_to(tallies_.difference_sums[cell], binning(metric), d);
      }
    }
  }

  Outcomes world_means() {
    Outcomes means(outcomes_.size());
    const int replicates = static_cast<int>(s_.replicates);
    for (std::size_t p = 0; p < means.size(); ++p)
      for (std::size_t i = 0; i < outcomes_[p].size(); i += s_.replicates) {
        means[p].push_back(world_mean(binning(kValue), &outcomes_[p][i], 1, replicates));
        add_to(tallies_.world_sums[tallies_.shape.output(static_cast<int>(p), 0, kValue)], binning(kValue), means[p].back());
      }
    return means;
  }

  void add_decision(int basis, const Outcomes& of) {
    const std::uint32_t least = least_difference(s_.model->metrics[kValue]);
    for (std::size_t i = 0; i < of[0].size(); ++i) {
      std::vector<float> sorted;
      for (const auto& values : of) sorted.push_back(values[i]);
      const bool finite = std::ranges::all_of(sorted, [](float x) { return std::isfinite(x); });
      if (finite) std::ranges::sort(sorted, std::greater());
      for (int p = 0; p < tallies_.shape.policies; ++p) {
        const std::size_t choice = tallies_.shape.choice(basis, 0, p);
        const float x = of[p][i], regret = finite ? sorted[0] - x : std::numeric_limits<float>::quiet_NaN();
        ++tallies_.regret[choice * kRegretSlots + difference_slot(least, Pack<1>::of(regret)).v - kNoDifference];
        add_to(tallies_.regret_sums[choice], binning(kValue), regret);
        const auto ties = std::ranges::count(sorted, x);
        for (std::size_t rank = 0; finite && rank < sorted.size(); ++rank)
          if (sorted[rank] == x) tallies_.ranks[choice * sorted.size() + rank] += kRankParts / ties;
      }
    }
  }

  void add_pairs() {
    for (int second = 1; second < tallies_.shape.policies; ++second)
      for (int first = 0; first < second; ++first)
        for (std::size_t i = 0; i < outcomes_[0].size(); ++i) {
          CellSums sums;
          add_to(sums, binning(kValue), outcomes_[second][i] - outcomes_[first][i]);
          tallies_.pair_squares[tallies_.shape.pair(first, second)] += sums.squares;
        }
  }

  void add_satisfied() {
    const int thresholds = tallies_.shape.thresholds;
    for (int p = 0; p < tallies_.shape.policies; ++p)
      for (const float x : outcomes_[p]) {
        bool all = true;
        for (int t = 0; t < thresholds; ++t) {
          const Satisfice& wanted = s_.satisfice[t];
          const bool met = satisfies({wanted.metric, -1, wanted.comparison, static_cast<float>(wanted.value), 0}, x);
          tallies_.satisfied[p * (thresholds + 1) + t] += met;
          all = all && met;
        }
        tallies_.satisfied[p * (thresholds + 1) + thresholds] += all;
      }
  }

  const Scenario& s_;
  Tallies tallies_;
  const Outcomes& outcomes_;
};

inline Tallies tallies_of(const Scenario& s, const Outcomes& outcomes) { return ValueTallies(s, outcomes).tallies(); }

// How often an interval held what it should, over many samples.
class IntervalCoverage {
 public:
  void add(double low, double truth, double high) {
    ++runs_;
    held_ += low <= truth && truth <= high;
  }
  double percent() const { return 100.0 * held_ / runs_; }

 private:
  int runs_ = 0, held_ = 0;
};

}  // namespace chokepoint
