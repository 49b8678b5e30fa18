// SPDX-License-Identifier: Apache-2.0
#include "report_worldviews.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../statistics/decision.h"

namespace chokepoint {

namespace {

constexpr int kNarrowColumn = 10;
constexpr std::size_t kMostReversals = 6;  // that are spelt out
constexpr double kLikely = 0.5;            // thresholds are met more likely than not

using Form = Finding::Form;

std::vector<std::string> header(const char* what, const std::string& view) {
  std::vector<std::string> lines = break_name(view, kNarrowColumn);
  lines.insert(lines.begin(), what);
  return lines;
}

// The numbers of one view in (view, policy[, place]).
template <class T>
std::vector<T> of_view(const View& v, const std::vector<T>& values, std::size_t view, std::size_t each = 1) {
  const auto from = values.begin() + static_cast<std::ptrdiff_t>(view * v.policies() * each);
  return {from, from + static_cast<std::ptrdiff_t>(v.policies() * each)};
}

Finding mean_finding(const View& v, const StoredViews& views, const StoredViewMetric& m, std::size_t view) {
  return {"mean", header("mean in", views.names[view]), Form::kNumber, of_view(v, m.mean, view), of_view(v, m.mean_se, view)};
}

// Other policies than the best that cannot be told from it.
std::vector<bool> alike(const View& v, const StoredViewMetric& m, std::size_t view) {
  std::vector<bool> result;
  const std::vector<double> separation = of_view(v, m.views.separation, view);
  for (std::size_t p = 0; p < v.policies(); ++p)
    result.push_back(static_cast<int>(p) != m.across->best[view] && separation[p] != static_cast<double>(Separation::kSeparated));
  return result;
}

Finding rank_finding(const View& v, const StoredViews& views, const StoredViewMetric& m, std::size_t view) {
  return {"rank", header("rank in", views.names[view]), Form::kRank, of_view(v, m.across->rank, view), {}, {}, alike(v, m, view)};
}

Finding gap_finding(const View& v, const StoredViews& views, const StoredViewMetric& m, std::size_t view) {
  return {"gap",
          header("gap in", views.names[view]),
          Form::kNumber,
          of_view(v, m.views.gap, view),
          of_view(v, m.views.gap_se, view),
          {},
          alike(v, m, view)};
}

std::size_t least(const std::vector<double>& values) { return static_cast<std::size_t>(std::ranges::min_element(values) - values.begin()); }

// Tables tell nothing of what is always the best: it misses nothing.
Finding without_best(Finding gap) {
  for (std::size_t p = 0; p < gap.values.size(); ++p)
    if (gap.values[p] == 0 && gap.errors[p] == 0) gap.values[p] = gap.errors[p] = kNaN;
  return gap;
}

// Regret across views, marked where it cannot be told from the least: whatever goes together in their errors, they add up to no more.
Finding across_finding(const View& v, const char* name, const char* what, const std::vector<double>& values,
                       const std::vector<double>& errors) {
  Finding f{name, {"regret", what}, Form::kNumber, values, errors};
  const std::size_t best = least(values);
  for (std::size_t p = 0; p < v.policies(); ++p)
    f.alike.push_back(p != best && !(values[p] - values[best] > kHalfWidth * (errors[p] + errors[best])));
  return f;
}

std::vector<Finding> across_findings(const View& v, const AcrossViews& a) {
  return {across_finding(v, "gap_max", "worst view", a.gap_max, a.gap_max_se),
          across_finding(v, "gap_mean", "mean", a.gap_mean, a.gap_mean_se)};
}

// "3 of 7": in how many views.
TableColumn count_column(const View& v, const StoredViews& views, const char* what, const std::vector<double>& shares) {
  TableColumn column{{what, "in"}, {}};
  for (const std::size_t p : v.order)
    column.cells.push_back(std::isnan(shares[p])
                               ? v.symbols.dash
                               : fmt::format("{:.0f} of {}", shares[p] * static_cast<double>(views.names.size()), views.names.size()));
  return column;
}

std::string list(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

std::string view_list(const StoredViews& views, const std::vector<std::size_t>& numbers) {
  std::vector<std::string> names;
  for (const std::size_t view : numbers) names.push_back(views.names[view]);
  return list(names);
}

// Policies whose share of the views is 1.
std::vector<std::string> in_all(const View& v, const std::vector<double>& shares) {
  std::vector<std::string> names;
  for (const std::size_t p : v.order)
    if (shares[p] == 1) names.push_back(v.result.policies[p]);
  return names;
}

// Which policy is best where.
std::string best_text(const View& v, const StoredViews& views, const AcrossViews& a) {
  if (const std::vector<std::string> always = in_all(v, a.best_share); !always.empty())
    return fmt::format("Best in all world views: {}.", list(always));
  std::vector<std::string> parts;
  for (const std::size_t p : v.order) {
    std::vector<std::size_t> where;
    for (std::size_t view = 0; view < views.names.size(); ++view)
      if (a.best[view] == static_cast<int>(p)) where.push_back(view);
    if (!where.empty()) parts.push_back(fmt::format("{} in {}", v.result.policies[p], view_list(views, where)));
  }
  return fmt::format("The best policy depends on the world view: {}.", fmt::join(parts, "; "));
}

std::string acceptable_text(const View& v, const AcrossViews& a, double tolerance) {
  const std::vector<std::string> always = in_all(v, a.acceptable_share);
  return fmt::format(" Acceptable in all, missing the best by no more than {:g} % of the widest gap in the view: {}.", 100 * tolerance,
                     always.empty() ? "none" : list(always));
}

std::string regret_text(const View& v, const StoredViews& views, const AcrossViews& a) {
  if (!in_all(v, a.best_share).empty()) return "";
  if (std::ranges::any_of(a.gap_mean, [](double gap) { return std::isnan(gap); }))
    return " Some outcomes are not finite: there is no regret across world views.";
  const auto policy = [&](const std::vector<double>& regret, const std::vector<double>& errors) {
    const std::size_t p = least(regret);
    const NumberAndError text = number_text(regret[p], errors[p]);
    return fmt::format("{}, {} {} {}", v.result.policies[p], text.number, v.symbols.plus_minus, text.error);
  };
  return fmt::format(" Least regret in the worst view: {} ({}). Least on average: {}.", policy(a.gap_max, a.gap_max_se),
                     views.names[a.worst[least(a.gap_max)]], policy(a.gap_mean, a.gap_mean_se));
}

// The order that most of the views see, and where it is the other way round.
std::string reversal_text(const View& v, const StoredViews& views, const Reversal& r) {
  const bool first = r.first_better.size() >= r.second_better.size();
  return fmt::format("{} is better than {} in {}, worse in {}", v.result.policies[first ? r.first : r.second],
                     v.result.policies[first ? r.second : r.first], (first ? r.first_better : r.second_better).size(),
                     view_list(views, first ? r.second_better : r.first_better));
}

std::string reversals_text(const View& v, const StoredViews& views, const AcrossViews& a) {
  const std::size_t pairs = v.policies() * (v.policies() - 1) / 2;
  if (a.reversals.empty()) return fmt::format(" No two of the policies change their order clearly ({} pairs).", pairs);
  std::vector<std::string> parts;
  for (const Reversal& r : a.reversals)
    if (parts.size() < kMostReversals) parts.push_back(reversal_text(v, views, r));
  const std::size_t more = a.reversals.size() - parts.size();
  return fmt::format(" {} of {} pairs of policies change their order, clearly on both sides: {}{}.", a.reversals.size(), pairs,
                     fmt::join(parts, "; "), more ? fmt::format("; and {} more", more) : "");
}

std::string metric_text(const View& v, const StoredViews& views, const StoredViewMetric& m, double tolerance) {
  const AcrossViews& a = *m.across;
  ColumnGroup ranks, gaps, across;
  for (const Finding& regret : across_findings(v, a)) across.push_back(table_column(v, without_best(regret)));
  for (std::size_t view = 0; view < views.names.size(); ++view) {
    ranks.push_back(table_column(v, rank_finding(v, views, m, view)));
    gaps.push_back(table_column(v, without_best(gap_finding(v, views, m, view))));
  }
  across.push_back(count_column(v, views, "best", a.best_share));
  across.push_back(count_column(v, views, "acceptable", a.acceptable_share));
  const std::string prose =
      best_text(v, views, a) + acceptable_text(v, a, tolerance) + regret_text(v, views, a) + reversals_text(v, views, a);
  return metric_heading(v, *m.metric, fmt::format(", {} is better, by world view", m.metric->direction)) +
         policy_tables(v, {ranks, gaps, across}) + wrap_text(prose, prose_width(v), "  ", "  ");
}

// Of all thresholds at once: the last one.
std::string thresholds_text(const View& v, const StoredViews& views) {
  if (views.satisfied.empty()) return "";
  const std::size_t thresholds = v.result.thresholds.size();
  const Stride at = {thresholds - 1, thresholds};
  ColumnGroup columns;
  std::vector<double> likely(v.policies());
  for (std::size_t view = 0; view < views.names.size(); ++view) {
    const std::vector<double> shares = pick(v, of_view(v, views.satisfied, view, thresholds), at);
    columns.push_back(table_column(v, {"satisfied",
                                       header("% in", views.names[view]),
                                       Form::kShare,
                                       shares,
                                       {},
                                       pick(v, of_view(v, views.satisfied_bounds, view, 2 * thresholds), at, 2)}));
    for (std::size_t p = 0; p < v.policies(); ++p) likely[p] += (shares[p] > kLikely) / static_cast<double>(views.names.size());
  }
  columns.push_back(count_column(v, views, "likely", likely));
  return "\n" +
         heading("Share of trajectories that meet all thresholds, by world view; likely: more than half of them do", v.width, v.colour) +
         policy_tables(v, {columns});
}

}  // namespace

std::string summarise_views(const View& v, const StoredViews& views) {
  std::string text;
  for (const StoredViewMetric& m : views.metrics) {
    ColumnGroup columns;
    for (std::size_t view = 0; view < views.names.size(); ++view) columns.push_back(table_column(v, mean_finding(v, views, m, view)));
    text += "\n" + metric_heading(v, *m.metric, ", by world view") + policy_tables(v, {columns});
  }
  return text;
}

std::string compare_views(const View& v, const StoredViews& views, double tolerance) {
  if (views.names.empty()) return "";
  std::string text;
  for (const StoredViewMetric& m : views.metrics)
    if (m.across) text += "\n" + metric_text(v, views, m, tolerance);
  text += thresholds_text(v, views);
  return text + reading_text(v, fmt::format("By world view: {} is the scenario as given. A gap is by how much the best mean of the view is "
                                            "better. Regret is the gap in the view that is worst for the policy, and on average over "
                                            "views that count alike; the error of the latter is an upper bound. {} marks what cannot be "
                                            "told from the best, and regret that cannot be told from the least.",
                                            views.names.front(), v.symbols.alike));
}

std::vector<Subject> view_subjects(const View& v, const StoredViews& views) {
  std::vector<Subject> subjects;
  const auto subject = [](const char* kind, const std::string& name, const StoredMetric& m) -> Subject {
    return {kind, name, m.units, m.long_name, m.direction, {}};
  };
  for (const StoredViewMetric& m : views.metrics) {
    for (std::size_t view = 0; view < views.names.size(); ++view) {
      Subject& one = subjects.emplace_back(subject("worldview", views.names[view] + "/" + m.metric->name, *m.metric));
      one.findings = {mean_finding(v, views, m, view)};
      if (!m.across) continue;
      one.findings.push_back(rank_finding(v, views, m, view));
      one.findings.push_back(gap_finding(v, views, m, view));
      one.findings.push_back({"separation", {}, Form::kRank, of_view(v, m.views.separation, view)});
      const std::vector<bool> acceptable = of_view(v, m.across->acceptable, view);
      one.findings.push_back({"acceptable", {}, Form::kRank, {acceptable.begin(), acceptable.end()}});
    }
    if (!m.across) continue;
    Subject& all = subjects.emplace_back(subject("regret_across_worldview", m.metric->name, *m.metric));
    all.findings = across_findings(v, *m.across);
    all.findings.push_back({"best_share", {}, Form::kShare, m.across->best_share});
    all.findings.push_back({"acceptable_share", {}, Form::kShare, m.across->acceptable_share});
    std::vector<double> reversals(v.policies());
    for (const Reversal& r : m.across->reversals) ++reversals[r.first], ++reversals[r.second];
    all.findings.push_back({"reversals", {}, Form::kRank, reversals});
  }
  return subjects;
}

}  // namespace chokepoint
