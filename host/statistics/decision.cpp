// Regret, ranks, rankings, separation and the winner, from integer tallies.
// SPDX-License-Identifier: Apache-2.0
#include "decision.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "../run/plan.h"
#include "estimate.h"
#include "paired.h"
#include "statistics.h"
#include "winner.h"

namespace chokepoint {

const char* const kCriterionNames[kCriteria] = {"expected_value", "maximin", "minimax_regret", "hurwicz", "regret_p95"};
const char* const kWinningNames[kWinnings] = {"expected_value", "expected_regret"};

namespace {

constexpr double kFamilywise = 0.05, kPower = 0.8, kHighQuantile = 0.95;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void append(std::vector<double>& to, const Interval& interval) { to.insert(to.end(), {interval.low, interval.high}); }

class Decision {
 public:
  Decision(const Scenario& s, const Tallies& tallies, int decision, int metric)
      : s_(s),
        tallies_(tallies),
        shape_(tallies.shape),
        decision_(decision),
        metric_(metric),
        row_(s.model->metrics[metric]),
        unit_(std::ldexp(1.0, row_.log2_unit)),
        edges_(difference_edges(row_)),
        count_(static_cast<std::int64_t>(tallies.trajectories)) {
    for (int p = 0; p < shape_.policies; ++p) {
      all_finite_ = all_finite_ && tallies.slots[cell(p) * kSlots + kNonFinite] == 0;
      means_.push_back(mean_error(s, tallies, p, metric, shape_.records - 1));
    }
  }

  DecisionStatistics derive() {
    for (int basis = 0; basis < shape_.bases(); ++basis) {
      for (int p = 0; p < shape_.policies; ++p) {
        add_regret(basis, p);
        add_ranks(basis, p);
      }
      add_scores(basis);
    }
    add_pairs();
    find_best();
    add_separation();
    add_winner();
    return std::move(out_);
  }

 private:
  bool higher() const { return row_.direction == Direction::kHigher; }
  std::size_t cell(int policy) const { return shape_.cell(policy, metric_, shape_.records - 1); }
  std::size_t square(int p, int q) const { return std::size_t(p) * shape_.policies + q; }

  const CellSums* outcomes(int basis, int policy) const {
    if (basis == 0) return &tallies_.sums[cell(policy)];
    return shape_.times == 0 ? nullptr : &tallies_.world_sums[shape_.output(policy, shape_.times - 1, metric_)];
  }

  DifferenceDistribution regret(int basis, int policy) const {
    const std::size_t choice = shape_.choice(basis, decision_, policy);
    return {edges_, &tallies_.regret[choice * kRegretSlots], kNoDifference, tallies_.regret_sums[choice]};
  }

  // Independent draws behind a number of trajectories, or of worlds.
  double draws(int basis, std::int64_t count) const { return basis == 0 ? independent(s_, count) : static_cast<double>(count); }

  void add_regret(int basis, int policy) {
    const CellSums& sums = tallies_.regret_sums[shape_.choice(basis, decision_, policy)];
    const DifferenceDistribution values = regret(basis, policy);
    const double count = static_cast<double>(values.count()), n = draws(basis, values.count());
    const MeanError mean = mean_error(sums, values.count(), n, row_.log2_unit);
    out_.regret_mean.push_back(mean.mean);
    out_.regret_mean_se.push_back(mean.standard_error);
    append(out_.regret_mean_bounds, mean_interval(mean.mean, mean.standard_error));
    const auto [lower, upper] = values.count() > 0 ? quantile_band(n, kHighQuantile) : std::pair{kNaN, kNaN};
    out_.regret_p95.push_back(values.at_rank(kHighQuantile * count));
    append(out_.regret_p95_bounds, {values.at_rank(lower * count), values.at_rank(upper * count)});
    out_.regret_max.push_back(values.count() > 0 ? static_cast<double>(sums.greatest) : kNaN);
  }

  void add_ranks(int basis, int policy) {
    const std::int64_t count = regret(basis, policy).count();
    const double n = count > 0 ? draws(basis, count) : kNaN;
    const std::int64_t* parts = &tallies_.ranks[shape_.choice(basis, decision_, policy) * shape_.policies];
    for (int rank = 0; rank < shape_.policies; ++rank) {
      const double share = count > 0 ? static_cast<double>(parts[rank]) / static_cast<double>(count) / kRankParts : kNaN;
      out_.rank_probability.push_back(share);
      append(out_.rank_probability_bounds, share_interval(share, n));
      if (rank > 0) continue;
      out_.probability_best.push_back(share);
      append(out_.probability_best_bounds, share_interval(share, n));
    }
  }

  double score(Criterion criterion, int basis, int policy) const {
    const std::size_t at = std::size_t(basis) * shape_.policies + policy;
    const CellSums* seen = outcomes(basis, policy);
    const bool complete = all_finite_ && seen && seen->least <= seen->greatest;
    const double least = complete ? static_cast<double>(seen->least) : kNaN,
                 greatest = complete ? static_cast<double>(seen->greatest) : kNaN;
    const double worst = higher() ? least : greatest, best = higher() ? greatest : least;
    switch (criterion) {
      case Criterion::kExpectedValue:
        return all_finite_ ? means_[policy].mean : kNaN;
      case Criterion::kMaximin:
        return worst;
      case Criterion::kMinimaxRegret:
        return all_finite_ ? out_.regret_max[at] : kNaN;
      case Criterion::kHurwicz:
        return s_.hurwicz * best + (1 - s_.hurwicz) * worst;
      default:
        return all_finite_ ? out_.regret_p95[at] : kNaN;
    }
  }

  void add_scores(int basis) {
    for (int c = 0; c < kCriteria; ++c) {
      const auto criterion = static_cast<Criterion>(c);
      const bool more_is_better = higher() && criterion != Criterion::kMinimaxRegret && criterion != Criterion::kRegretP95;
      std::vector<double> scores;
      for (int p = 0; p < shape_.policies; ++p) scores.push_back(score(criterion, basis, p));
      for (const double own : scores) {
        const auto beats = [&](double other) { return more_is_better ? other > own : other < own; };
        out_.score_rank.push_back(std::isnan(own) ? kNaN : 1 + static_cast<double>(std::count_if(scores.begin(), scores.end(), beats)));
      }
      out_.score.insert(out_.score.end(), scores.begin(), scores.end());
    }
  }

  // Mean and variance of the difference of two policies in the same trajectory, in units.
  Moments difference(int p, int q) const {
    if (!all_finite_ || count_ == 0) return {kNaN, kNaN};
    if (p == q) return {0, 0};
    const std::size_t pair = std::size_t(decision_) * shape_.pairs() + shape_.pair(std::min(p, q), std::max(p, q));
    return moments(tallies_.sums[cell(p)].units - tallies_.sums[cell(q)].units, tallies_.pair_squares[pair], count_);
  }

  double variance_of_difference(int p, int q) const { return std::pow(out_.pair_difference_se[square(p, q)], 2); }
  bool identical(int p, int q) const { return out_.pair_difference[square(p, q)] == 0 && out_.pair_difference_se[square(p, q)] == 0; }

  void add_pairs() {
    const double root = std::sqrt(independent(s_, count_));
    for (int p = 0; p < shape_.policies; ++p)
      for (int q = 0; q < shape_.policies; ++q) {
        const Moments d = difference(p, q);
        const double mean = d.mean * unit_, se = std::sqrt(d.variance) * unit_ / root;
        out_.pair_difference.push_back(mean);
        out_.pair_difference_se.push_back(se);
        append(out_.pair_difference_bounds, mean_interval(mean, se));
      }
  }

  void find_best() {
    for (int p = 0; p < shape_.policies && all_finite_ && count_ > 0; ++p)
      if (out_.best < 0 || (higher() ? means_[p].mean > means_[out_.best].mean : means_[p].mean < means_[out_.best].mean)) out_.best = p;
  }

  int distinct_policies() const {
    int distinct = 0;
    for (int p = 0; p < shape_.policies; ++p) {
      bool seen = false;
      for (int q = 0; q < p; ++q) seen = seen || identical(p, q);
      distinct += !seen;
    }
    return distinct;
  }

  void add_separation() {
    const std::size_t policies = std::size_t(shape_.policies);
    out_.gap.assign(policies, kNaN);
    out_.gap_se.assign(policies, kNaN);
    out_.separation.assign(policies, static_cast<std::int64_t>(Separation::kUnknown));
    out_.trajectories_to_separate.assign(policies, kNaN);
    if (out_.best < 0) return;
    const boost::math::normal_distribution<double> normal;
    const double distinct = distinct_policies(), pairs = std::max(1.0, distinct * (distinct - 1) / 2);
    const double critical = quantile(complement(normal, kFamilywise / 2 / pairs)), wanted = critical + quantile(normal, kPower);
    for (int p = 0; p < shape_.policies; ++p) {
      const double gap = std::abs(out_.pair_difference[square(out_.best, p)]), se = out_.pair_difference_se[square(out_.best, p)];
      const bool same = identical(out_.best, p);
      out_.gap[p] = gap;
      out_.gap_se[p] = se;
      if (std::isnan(se)) continue;
      out_.separation[p] = static_cast<std::int64_t>(same                  ? Separation::kIdentical
                                                     : gap > critical * se ? Separation::kSeparated
                                                                           : Separation::kNotSeparated);
      const double ratio = wanted * se / gap;
      out_.trajectories_to_separate[p] = gap > 0 ? std::ceil(static_cast<double>(count_) * ratio * ratio) : kInfinity;
    }
  }

  // The best policy's estimate, less its optimism; `variances` of all policies' estimates, which `sign` turns so that higher is better.
  void add_winning(double estimate, double sign, const std::vector<double>& variances) {
    const int best = out_.best;
    std::vector<Rival> rivals;
    for (int p = 0; p < shape_.policies; ++p)
      if (!identical(best, p)) rivals.push_back({out_.gap[p], (variances[best] - variances[p] + variance_of_difference(best, p)) / 2});
    const CorrectedWinner corrected = correct_winner(sign * estimate, variances[best], rivals);
    out_.winner_seen.push_back(estimate);
    out_.winner_corrected.push_back(sign * corrected.estimate);
    append(out_.winner_bounds, sign > 0 ? Interval{corrected.low, corrected.high} : Interval{-corrected.high, -corrected.low});
  }

  void add_winner() {
    if (out_.best < 0) {
      out_.winner_seen = out_.winner_corrected = {kNaN, kNaN};
      out_.winner_bounds.assign(2 * kWinnings, kNaN);
      return;
    }
    std::vector<double> of_means, of_regret;
    for (int p = 0; p < shape_.policies; ++p) {
      of_means.push_back(std::pow(means_[p].standard_error, 2));
      of_regret.push_back(std::pow(out_.regret_mean_se[p], 2));
    }
    add_winning(means_[out_.best].mean, higher() ? 1 : -1, of_means);
    // In every trajectory, regrets differ by what the outcomes differ. None is negative.
    add_winning(out_.regret_mean[out_.best], -1, of_regret);
    for (double* x : {&out_.winner_corrected[1], &out_.winner_bounds[2], &out_.winner_bounds[3]}) *x = *x < 0 ? 0 : *x;
  }

  const Scenario& s_;
  const Tallies& tallies_;
  const Shape& shape_;
  const int decision_, metric_;
  const MetricRow& row_;
  const double unit_;
  const std::vector<double> edges_;
  const std::int64_t count_;
  bool all_finite_ = true;
  std::vector<MeanError> means_;
  DecisionStatistics out_;
};

}  // namespace

DecisionStatistics derive_decision(const Scenario& s, const Tallies& tallies, int decision) {
  return Decision(s, tallies, decision, decided_metrics(*s.model)[decision]).derive();
}

std::vector<DecisionStatistics> derive_decisions(const Scenario& s, const Tallies& tallies) {
  std::vector<DecisionStatistics> result;
  for (int d = 0; d < tallies.shape.decisions; ++d) result.push_back(derive_decision(s, tallies, d));
  return result;
}

SatisficingStatistics derive_satisficing(const Scenario& s, const Tallies& tallies) {
  SatisficingStatistics result;
  if (tallies.shape.thresholds == 0) return result;
  const auto count = static_cast<std::int64_t>(tallies.trajectories);
  for (const std::int64_t met : tallies.satisfied) {
    const double share = count > 0 ? static_cast<double>(met) / static_cast<double>(count) : kNaN;
    result.share.push_back(share);
    append(result.share_bounds, share_interval(share, count > 0 ? independent(s, count) : kNaN));
  }
  return result;
}

}  // namespace chokepoint
