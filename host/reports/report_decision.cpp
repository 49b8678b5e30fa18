// Tables of `compare`.
// SPDX-License-Identifier: Apache-2.0
#include "report_decision.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../statistics/estimate.h"

namespace chokepoint {

namespace {

const std::vector<std::string> kCriterionHeaders[kCriteria] = {
    {"mean"}, {"maximin"}, {"minimax", "regret"}, {"Hurwicz"}, {"regret", "95 %"}};
constexpr double kMostAdvised = 1e15;  // trajectories: more is no advice

std::string prefix(int basis) { return basis == 0 ? "" : "world_"; }

// Nothing is told of the reference policy: it does not differ from itself.
Finding without_reference(const View& v, Finding finding) {
  const auto reference = static_cast<std::size_t>(v.result.reference);
  for (auto* numbers : {&finding.values, &finding.errors, &finding.bounds}) {
    const std::size_t each = numbers->size() / v.policies();
    std::fill_n(numbers->begin() + static_cast<std::ptrdiff_t>(reference * each), each, kNaN);
  }
  return finding;
}

std::vector<Finding> difference_findings(const View& v, const StoredMetric& m) {
  const std::size_t times = v.result.years.size(), quantiles = v.result.quantiles.size(), median = nearest_quantile(v.result, 0.5);
  const double share = v.result.quantiles[median];
  const Stride middle = {(times - 1) * quantiles + median, times * quantiles}, end = {times - 1, times};
  std::vector<Finding> findings = {difference(v, m)};
  findings.push_back(without_reference(v, {fmt::format("difference_quantile_{:g}", share),
                                           {quantile_name(share), "difference"},
                                           Finding::Form::kNumber,
                                           pick(v, m.paired.difference_quantile, middle),
                                           {},
                                           pick(v, m.paired.difference_quantile_bounds, middle, 2)}));
  if (!m.paired.probability_better.empty())
    findings.push_back(without_reference(v, {"probability_better",
                                             {"better", "in %"},
                                             Finding::Form::kShare,
                                             pick(v, m.paired.probability_better, end),
                                             {},
                                             pick(v, m.paired.probability_better_bounds, end, 2)}));
  return findings;
}

Finding best_finding(const View& v, const DecisionStatistics& d, int basis) {
  const Stride at = {std::size_t(basis) * v.policies(), 1};
  return {prefix(basis) + "probability_best",       {"best", "in %"}, Finding::Form::kShare, pick(v, d.probability_best, at), {},
          pick(v, d.probability_best_bounds, at, 2)};
}

std::vector<Finding> regret_findings(const View& v, const DecisionStatistics& d, int basis) {
  const Stride at = {std::size_t(basis) * v.policies(), 1};
  return {{prefix(basis) + "regret_mean",
           {"mean regret", fmt::format("{} se", v.symbols.plus_minus)},
           Finding::Form::kNumber,
           pick(v, d.regret_mean, at),
           pick(v, d.regret_mean_se, at)},
          {prefix(basis) + "regret_p95",
           {"regret", "95 %"},
           Finding::Form::kNumber,
           pick(v, d.regret_p95, at),
           {},
           pick(v, d.regret_p95_bounds, at, 2)}};
}

// Ranks by each criterion; by the mean with the mark where a policy cannot be told from the best.
std::vector<Finding> rank_findings(const View& v, const DecisionStatistics& d) {
  std::vector<Finding> findings;
  for (std::size_t c = 0; c < kCriteria; ++c) {
    std::vector<std::string> header = kCriterionHeaders[c];
    header.insert(header.begin(), "rank by");
    findings.push_back(
        {fmt::format("rank_{}", kCriterionNames[c]), header, Finding::Form::kRank, pick(v, d.score_rank, {c * v.policies(), 1})});
  }
  for (std::size_t p = 0; p < v.policies(); ++p)
    findings[0].alike.push_back(static_cast<int>(p) != d.best && d.separation[p] != static_cast<std::int64_t>(Separation::kSeparated));
  return findings;
}

// What the text below the tables says: separation from the best, and of the best what it is worth.
std::vector<Finding> verdict_findings(const View& v, const DecisionStatistics& d) {
  std::vector<Finding> findings = {{"separation", {}, Finding::Form::kRank, {d.separation.begin(), d.separation.end()}},
                                   {"trajectories_to_separate", {}, Finding::Form::kNumber, d.trajectories_to_separate}};
  if (d.best < 0) return findings;
  for (int w = 0; w < kWinnings; ++w) {
    const auto of_best = [&](const std::vector<double>& values, std::size_t each) {
      std::vector<double> all(v.policies() * each, kNaN);
      for (std::size_t i = 0; i < each; ++i) all[static_cast<std::size_t>(d.best) * each + i] = values[std::size_t(w) * each + i];
      return all;
    };
    findings.push_back({fmt::format("winner_{}_seen", kWinningNames[w]), {}, Finding::Form::kNumber, of_best(d.winner_seen, 1)});
    findings.push_back({fmt::format("winner_{}_corrected", kWinningNames[w]),
                        {},
                        Finding::Form::kNumber,
                        of_best(d.winner_corrected, 1),
                        {},
                        of_best(d.winner_bounds, 2)});
  }
  return findings;
}

std::string trajectories_text(double count) {
  if (!(count < kMostAdvised)) return "no number of trajectories";
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(count)) - 1));
  return fmt::format("about {} trajectories", group_digits(fmt::format("{:.0f}", std::ceil(count / unit) * unit)));
}

// Which policies cannot be told from the best, and what would tell them.
std::string separation_text(const View& v, const DecisionStatistics& d) {
  std::vector<std::string> close, identical;
  for (const std::size_t p : v.order) {
    if (static_cast<int>(p) == d.best) continue;
    if (d.separation[p] == static_cast<std::int64_t>(Separation::kNotSeparated))
      close.push_back(fmt::format("{} ({} would)", v.result.policies[p], trajectories_text(d.trajectories_to_separate[p])));
    if (d.separation[p] == static_cast<std::int64_t>(Separation::kIdentical)) identical.push_back(v.result.policies[p]);
  }
  std::string text = close.empty() ? "" : fmt::format(" Cannot be told from it at 95 %: {}.", fmt::join(close, ", "));
  if (!identical.empty()) text += fmt::format(" The same in every trajectory: {}.", fmt::join(identical, ", "));
  return close.empty() && identical.empty() && v.policies() > 1 ? " All others are separated from it at 95 %." : text;
}

std::string winner_text(const View& v, const DecisionStatistics& d) {
  if (d.best < 0) return "Some outcomes are not finite: policies cannot be ranked by their means.";
  const auto corrected = [&](Winning what) {
    const auto i = static_cast<std::size_t>(what);
    const double half = (d.winner_bounds[2 * i + 1] - d.winner_bounds[2 * i]) / 2, place = half / kHalfWidth;
    return fmt::format("{}, corrected for having been picked {} (95 %: {} to {})", round_to_error(d.winner_seen[i], place),
                       round_to_error(d.winner_corrected[i], place), round_to_error(d.winner_bounds[2 * i], place),
                       round_to_error(d.winner_bounds[2 * i + 1], place));
  };
  return fmt::format("Best mean: {}, {}. Its expected regret, which is what perfect information would be worth: {}.{}",
                     v.result.policies[d.best], corrected(Winning::kExpectedValue), corrected(Winning::kExpectedRegret),
                     separation_text(v, d));
}

std::string metric_text(const View& v, const StoredMetric& m) {
  const std::string text = metric_heading(v, m, m.direction == "none" ? "" : fmt::format(", {} is better", m.direction));
  ColumnGroup differences = table_columns(v, difference_findings(v, m));
  if (!m.decision) return text + policy_tables(v, {differences});
  const DecisionStatistics& d = *m.decision;
  differences.push_back(table_column(v, best_finding(v, d, 0)));
  const ColumnGroup regrets = table_columns(v, regret_findings(v, d, 0)), ranks = table_columns(v, rank_findings(v, d));
  std::string worlds;
  if (v.result.bases > 1) {
    ColumnGroup columns = table_columns(v, regret_findings(v, d, 1));
    columns.push_back(table_column(v, best_finding(v, d, 1)));
    worlds = "\n  By the means of worlds\n" + policy_tables(v, {columns}, d.best);
  }
  return text + policy_tables(v, {differences, regrets, ranks}, d.best) + worlds + wrap_text(winner_text(v, d), prose_width(v), "  ", "  ");
}

Finding threshold_finding(const View& v, std::size_t threshold) {
  const Stride at = {threshold, v.result.thresholds.size()};
  return {"probability",
          break_name(v.result.thresholds[threshold], 12),
          Finding::Form::kShare,
          pick(v, v.result.satisficing.share, at),
          {},
          pick(v, v.result.satisficing.share_bounds, at, 2)};
}

std::string satisficing_text(const View& v) {
  if (v.result.thresholds.empty()) return "";
  ColumnGroup columns;
  for (std::size_t t = 0; t < v.result.thresholds.size(); ++t) columns.push_back(table_column(v, threshold_finding(v, t)));
  const std::string title = fmt::format("Share of trajectories that meet the thresholds in percent, {}", end_text(v.result.years.back()));
  return "\n" + heading(title, v.width, v.colour) + policy_tables(v, {columns});
}

void append(std::vector<Finding>& all, std::vector<Finding> more) { std::ranges::move(more, std::back_inserter(all)); }

}  // namespace

Finding difference(const View& v, const StoredMetric& m) {
  const Stride at = {v.result.years.size() - 1, v.result.years.size()};
  Finding f = without_reference(v, {"mean_difference",
                                    {"difference", fmt::format("{} se", v.symbols.plus_minus)},
                                    Finding::Form::kNumber,
                                    pick(v, m.paired.mean_difference, at),
                                    pick(v, m.paired.mean_difference_se, at)});
  for (std::size_t p = 0; p < v.policies(); ++p)
    f.alike.push_back(static_cast<int>(p) != v.result.reference && !(std::abs(f.values[p]) > kHalfWidth * f.errors[p]));
  return f;
}

std::string alike_text(const View& v) {
  return fmt::format(" Differences are from {}, in the same worlds and with the same luck; {} marks what cannot be told apart at 95 %.",
                     v.result.policies[v.result.reference], v.symbols.alike);
}

std::vector<Subject> compare_subjects(const View& v) {
  std::vector<Subject> subjects;
  for (const StoredMetric* m : v.metrics) {
    Subject subject{"metric", m->name, m->units, m->long_name, m->direction, difference_findings(v, *m)};
    if (m->decision) {
      for (int basis = 0; basis < v.result.bases; ++basis) {
        subject.findings.push_back(best_finding(v, *m->decision, basis));
        append(subject.findings, regret_findings(v, *m->decision, basis));
      }
      append(subject.findings, rank_findings(v, *m->decision));
      append(subject.findings, verdict_findings(v, *m->decision));
    }
    subjects.push_back(std::move(subject));
  }
  for (std::size_t t = 0; t < v.result.thresholds.size(); ++t)
    subjects.push_back({"threshold", v.result.thresholds[t], "1", "", "", {threshold_finding(v, t)}});
  return subjects;
}

std::string compare_policies(const View& v) {
  std::string text = provenance_text(v);
  for (const StoredMetric* metric : v.metrics) text += "\n" + metric_text(v, *metric);
  text += satisficing_text(v);
  const std::string reading = fmt::format(
      "{} se is one standard error; after a probability, half a 95 % interval. Regret is what is lost against the best policy in the same "
      "trajectory. Ranks count from 1.",
      v.symbols.plus_minus);
  return text + reading_text(v, reading + alike_text(v));
}

std::string compare_policies(const StoredResult& result, const SummaryOptions& options) {
  return compare_policies(make_view(result, options));
}

}  // namespace chokepoint
