// Paired differences, decisions and their integers in the result file.
// SPDX-License-Identifier: Apache-2.0
#include "layout_decision.h"

#include "../run/plan.h"
#include "../statistics/paired.h"

namespace chokepoint {

namespace {

std::vector<std::string> policy_names(const Frame& f) {
  std::vector<std::string> names;
  for (const PolicySetting& policy : f.scenario_.policies) names.push_back(policy.name);
  return names;
}

// A dataset about a metric, and its 95 % interval beside it.
void put_with_bounds(Frame& f, int metric, const std::string& suffix, std::vector<Axis> axes, const std::string& what, const char* units,
                     const std::vector<double>& values, const std::vector<double>& bounds) {
  Variable variable = f.about(metric, suffix, axes, what);
  variable.attributes.push_back({"ancillary_variables", variable.name + "_bounds"});
  axes.push_back(f.bound_);
  Variable interval = f.about(metric, suffix + "_bounds", axes, "95 % interval of the " + what);
  if (units) variable.units = interval.units = units;
  f.out_.put(variable, values);
  f.out_.put(interval, bounds);
}

void put_plain(Frame& f, int metric, const std::string& suffix, const std::vector<Axis>& axes, const std::string& what, const char* units,
               const std::vector<double>& values) {
  Variable variable = f.about(metric, suffix, axes, what);
  if (units) variable.units = units;
  f.out_.put(variable, values);
}

void put_paired_metric(Frame& f, int metric) {
  const PairedStatistics& s = f.result_.statistics.paired.at(metric);
  const std::vector<Axis> cell = {f.policy_, f.time_};
  const auto bounded = [&](const char* suffix, const char* what, const char* units, const auto& values, const auto& bounds) {
    put_with_bounds(f, metric, suffix, cell, what, units, values, bounds);
  };
  bounded("_mean_difference", "mean difference from the reference policy", nullptr, s.mean_difference, s.mean_difference_bounds);
  put_plain(f, metric, "_mean_difference_se", cell, "standard error of the mean difference from the reference policy", nullptr,
            s.mean_difference_se);
  put_plain(f, metric, "_difference_sd", cell, "standard deviation of the difference from the reference policy", nullptr, s.difference_sd);
  bounded("_probability_higher", "probability of being higher than under the reference policy", "1", s.probability_higher,
          s.probability_higher_bounds);
  bounded("_probability_equal", "probability of being the same as under the reference policy", "1", s.probability_equal,
          s.probability_equal_bounds);
  if (f.row(metric).direction != Direction::kNone)
    bounded("_probability_better", "probability of being better than under the reference policy", "1", s.probability_better,
            s.probability_better_bounds);
  put_with_bounds(f, metric, "_difference_quantile", {f.policy_, f.time_, f.quantile_},
                  "quantile of the difference from the reference policy", nullptr, s.difference_quantile, s.difference_quantile_bounds);
  put_plain(f, metric, "_variance_reduction", cell,
            "times as many trajectories that would give the mean difference as exactly if policies had random numbers of their own", "1",
            s.variance_reduction);
}

std::vector<std::string> threshold_names(const Scenario& s) {
  constexpr const char* kSigns[] = {"<", "<=", ">", ">="};
  std::vector<std::string> names;
  for (const Satisfice& t : s.satisfice)
    names.push_back(fmt::format("{} {} {}", t.name, t.equals ? "==" : kSigns[static_cast<int>(t.comparison)], t.value));
  names.push_back("all");
  return names;
}

// Datasets of one metric in the group of decisions.
class DecisionLayout {
 public:
  DecisionLayout(Frame& frame, int metric, const DecisionStatistics& statistics) : f_(frame), metric_(metric), s_(statistics) {}

  void put() {
    put_regret();
    put_ranks();
    put_plain(f_, metric_, "_score", by_basis({criterion_, f_.policy_}), "score by which the criterion ranks", nullptr, s_.score);
    put_plain(f_, metric_, "_score_rank", by_basis({criterion_, f_.policy_}), "rank by the criterion, 1 being the best", "1",
              s_.score_rank);
    put_pairs();
    put_separation();
    put_with_bounds(f_, metric_, "_winner_corrected", {winning_},
                    "value of the policy with the best mean, corrected for having been picked for its estimate", nullptr,
                    s_.winner_corrected, s_.winner_bounds);
    Variable seen = f_.about(metric_, "_winner_seen", {winning_}, "value of the policy with the best mean, as estimated");
    seen.attributes.push_back({"policy", s_.best < 0 ? "" : f_.scenario_.policies[s_.best].name});
    f_.out_.put(seen, s_.winner_seen);
  }

 private:
  std::vector<Axis> by_basis(std::vector<Axis> axes) const {
    if (f_.shape_.bases() > 1) axes.insert(axes.begin(), {"basis", 2});
    return axes;
  }

  void put_regret() {
    const std::vector<Axis> each = by_basis({f_.policy_});
    put_with_bounds(f_, metric_, "_regret_mean", each, "mean regret", nullptr, s_.regret_mean, s_.regret_mean_bounds);
    put_plain(f_, metric_, "_regret_mean_se", each, "standard error of the mean regret", nullptr, s_.regret_mean_se);
    put_with_bounds(f_, metric_, "_regret_p95", each, "95th percentile of regret", nullptr, s_.regret_p95, s_.regret_p95_bounds);
    put_plain(f_, metric_, "_regret_max", each, "largest regret that was seen", nullptr, s_.regret_max);
  }

  void put_ranks() {
    put_with_bounds(f_, metric_, "_probability_best", by_basis({f_.policy_}), "probability of being the best policy", "1",
                    s_.probability_best, s_.probability_best_bounds);
    put_with_bounds(f_, metric_, "_rank_probability", by_basis({f_.policy_, {"rank", f_.policy_.length}}), "probability of the rank", "1",
                    s_.rank_probability, s_.rank_probability_bounds);
  }

  void put_pairs() {
    const std::vector<Axis> pair = {f_.policy_, {"other_policy", f_.policy_.length}};
    put_with_bounds(f_, metric_, "_pair_difference", pair, "mean of the policy less that of the other policy", nullptr, s_.pair_difference,
                    s_.pair_difference_bounds);
    put_plain(f_, metric_, "_pair_difference_se", pair, "standard error of the mean of the policy less that of the other policy", nullptr,
              s_.pair_difference_se);
  }

  void put_separation() {
    put_plain(f_, metric_, "_gap", {f_.policy_}, "by how much the best mean is better", nullptr, s_.gap);
    put_plain(f_, metric_, "_gap_se", {f_.policy_}, "standard error of by how much the best mean is better", nullptr, s_.gap_se);
    Variable separation = f_.about(metric_, "_separation", {f_.policy_}, "whether the policy can be told from the one with the best mean");
    separation.units = "1";
    separation.attributes.push_back({"flags", "-1 unknown, 0 not separated, 1 separated, 2 identical in every trajectory"});
    f_.out_.put(separation, s_.separation);
    put_plain(f_, metric_, "_trajectories_to_separate", {f_.policy_},
              "trajectories that would tell the policy from the best with a power of 80 %, if the gap is what it seems", "1",
              s_.trajectories_to_separate);
  }

  Frame& f_;
  const int metric_;
  const DecisionStatistics& s_;
  const Axis criterion_{"criterion", kCriteria}, winning_{"winning", kWinnings};
};

// The integers of one metric that has a direction.
void put_decision_tallies(Frame& f, int decision, int metric) {
  const Shape& shape = f.shape_;
  const Tallies& tallies = f.tallies_;
  std::vector<Axis> axes = {f.policy_};
  if (shape.bases() > 1) axes.insert(axes.begin(), {"basis", 2});
  const auto with = [&](const Axis& axis) {
    std::vector<Axis> more = axes;
    more.push_back(axis);
    return more;
  };
  const auto choice = [&](std::size_t at) {
    return shape.choice(static_cast<int>(at / f.policy_.length), decision, static_cast<int>(at % f.policy_.length));
  };
  f.put_sums(metric, "_regret", axes, "regrets", [&](std::size_t at) -> const CellSums& { return tallies.regret_sums[choice(at)]; });
  const auto gather = [&](const std::vector<std::int64_t>& from, std::size_t each) {
    std::vector<std::int64_t> values;
    for (std::size_t at = 0; at < shape.bases() * f.policy_.length; ++at)
      values.insert(values.end(), from.begin() + static_cast<std::ptrdiff_t>(choice(at) * each),
                    from.begin() + static_cast<std::ptrdiff_t>((choice(at) + 1) * each));
    return values;
  };
  Variable counts = f.about(metric, "_regret_count", with({"regret_slot", kRegretSlots}), "trajectories or worlds by regret");
  Variable ranks = f.about(metric, "_rank_parts", with({"rank", f.policy_.length}), "trajectories or worlds by rank, in parts");
  counts.units = ranks.units = "1";
  ranks.attributes.push_back({"parts", std::int64_t{kRankParts}});
  f.out_.put(counts, gather(tallies.regret, kRegretSlots));
  f.out_.put(ranks, gather(tallies.ranks, f.policy_.length));
  if (shape.pairs() == 0) return;
  Variable squares = f.about(metric, "_pair_squares", {{"pair", std::size_t(shape.pairs())}, {"limb", 4}},
                             "sum of the squared difference of the pair's policies, in whole `unit`s");
  squares.units = "1";
  squares.attributes.push_back({"unit", std::ldexp(1.0, 2 * f.row(metric).log2_unit)});
  f.out_.put<std::int64_t>(squares, [&](std::size_t pair, std::span<std::int64_t> out) {
    split(tallies.pair_squares[std::size_t(decision) * shape.pairs() + pair], out);
  });
}

void put_difference_tallies(Frame& f, int metric) {
  const Shape& shape = f.shape_;
  const Axis slot = {"difference_slot", kDifferenceSlots};
  const auto cell = [&](std::size_t at) {
    return shape.cell(static_cast<int>(at / f.time_.length), metric, static_cast<int>(at % f.time_.length));
  };
  f.out_.put(f.about(metric, "_difference_edge", {slot}, "end of the slot nearest to zero; missing: values that are not finite"),
             difference_edges(f.row(metric)));
  Variable counts =
      f.about(metric, "_difference_count", {f.policy_, f.time_, slot}, "trajectories by difference from the reference policy");
  counts.units = "1";
  f.out_.put<std::int64_t>(counts, [&](std::size_t policy, std::span<std::int64_t> out) {
    for (std::size_t r = 0; r < f.time_.length; ++r)
      std::copy_n(&f.tallies_.differences[cell(policy * f.time_.length + r) * kDifferenceSlots], kDifferenceSlots,
                  &out[r * kDifferenceSlots]);
  });
  f.put_sums(metric, "_difference", {f.policy_, f.time_}, "differences from the reference policy",
             [&](std::size_t at) -> const CellSums& { return f.tallies_.difference_sums[cell(at)]; });
}

void put_pair_names(Frame& f) {
  const std::vector<std::string> policies = policy_names(f);
  std::vector<std::string> names;
  for (std::size_t second = 1; second < policies.size(); ++second)
    for (std::size_t first = 0; first < second; ++first) names.push_back(policies[first] + " " + policies[second]);
  if (!names.empty()) f.out_.put_texts({"pair", {{"pair", names.size()}}, "1", "two policies"}, names);
}

void put_thresholds(Frame& f) {
  const std::vector<std::string> names = threshold_names(f.scenario_);
  f.out_.put_texts({"threshold", {{"threshold", names.size()}}, "1", "threshold at the end; the last one: all of them at once"}, names);
}

void put_ranks(Frame& f) {
  std::vector<std::int64_t> ranks = count_up<std::int64_t>(f.policy_.length);
  for (std::int64_t& rank : ranks) ++rank;
  f.out_.put({"rank", {{"rank", ranks.size()}}, "1", "rank, 1 being the best"}, ranks);
}

void put_bases(Frame& f) {
  if (f.shape_.bases() > 1)
    f.out_.put_texts(
        {"basis", {{"basis", 2}}, "1", "what is decided on: single trajectories, or the means of worlds over their replicates"},
        {"trajectory", "world"});
}

}  // namespace

void put_paired(Frame& f) {
  f.out_.enter("/paired");
  f.out_.annotate({"reference", f.scenario_.policies[f.scenario_.reference].name});
  f.put_policies();
  f.put_time();
  f.put_quantiles();
  f.put_bounds();
  for (int m = 0; m < f.shape_.metrics; ++m) put_paired_metric(f, m);
}

void put_decision(Frame& f) {
  const std::vector<int> metrics = decided_metrics(f.model_);
  const bool decides = f.shape_.decisions > 0, satisfices = f.shape_.thresholds > 0;
  if (!decides && !satisfices) return;
  f.out_.enter("/decision");
  f.out_.annotate({"hurwicz", f.scenario_.hurwicz});
  f.put_policies();
  f.put_bounds();
  if (decides) {
    put_bases(f);
    put_ranks(f);
    f.out_.put_texts({"other_policy", {{"other_policy", f.policy_.length}}, "1", "policy that another one is compared with"},
                     policy_names(f));
    f.out_.put_texts({"criterion", {{"criterion", kCriteria}}, "1", "criterion of the ranking"},
                     {std::begin(kCriterionNames), std::end(kCriterionNames)});
    f.out_.put_texts({"winning", {{"winning", kWinnings}}, "1", "what the best policy brings"},
                     {std::begin(kWinningNames), std::end(kWinningNames)});
  }
  for (int d = 0; d < f.shape_.decisions; ++d) DecisionLayout(f, metrics[d], f.result_.statistics.decisions.at(d)).put();
  if (!satisfices) return;
  put_thresholds(f);
  const std::vector<Axis> axes = {f.policy_, {"threshold", std::size_t(f.shape_.thresholds) + 1}};
  const SatisficingStatistics& s = f.result_.statistics.satisficing;
  f.out_.put({"satisfied", axes, "1", "share of trajectories that meet the threshold", {{"ancillary_variables", "satisfied_bounds"}}},
             s.share);
  f.out_.put({"satisfied_bounds", {axes[0], axes[1], f.bound_}, "1", "95 % interval of the share of trajectories that meet the threshold"},
             s.share_bounds);
}

void put_comparison_tallies(Frame& f) {
  f.out_.put({"difference_slot", {{"difference_slot", kDifferenceSlots}}, "1", "slot of a difference from the reference policy"},
             count_up<std::int64_t>(kDifferenceSlots));
  for (int m = 0; m < f.shape_.metrics; ++m) put_difference_tallies(f, m);
  if (f.shape_.decisions > 0) {
    put_bases(f);
    put_ranks(f);
    put_pair_names(f);
    f.out_.put({"regret_slot",
                {{"regret_slot", kRegretSlots}},
                "1",
                fmt::format("slot of regret: that of difference_slot less {}", kNoDifference)},
               count_up<std::int64_t>(kRegretSlots));
  }
  const std::vector<int> metrics = decided_metrics(f.model_);
  for (int d = 0; d < f.shape_.decisions; ++d) put_decision_tallies(f, d, metrics[d]);
  if (f.shape_.thresholds == 0) return;
  put_thresholds(f);
  f.out_.put(
      {"satisfied_count", {f.policy_, {"threshold", std::size_t(f.shape_.thresholds) + 1}}, "1", "trajectories that meet the threshold"},
      f.tallies_.satisfied);
}

}  // namespace chokepoint
