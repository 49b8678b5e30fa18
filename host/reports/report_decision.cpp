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

constexpr const char* kCriterionHeaders[kCriteria] = {"expected value", "maximin", "minimax regret", "Hurwicz", "regret 95 %"};
constexpr double kMostAdvised = 1e15;  // trajectories: more is no advice

// Rounded to half the width of its 95 % interval, for numbers [first, first + step, ...] of the policies.
TableColumn interval_column(const View& v, std::vector<std::string> header, const std::vector<double>& values,
                            const std::vector<double>& bounds, std::size_t first, std::size_t step) {
  std::vector<std::string> numbers;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    const std::size_t at = first + p * step;
    numbers.push_back(round_to_error(values[at], (bounds[2 * at + 1] - bounds[2 * at]) / 2));
  }
  return {std::move(header), align_points(numbers)};
}

TableColumn probability_column(const View& v, std::vector<std::string> header, const std::vector<double>& shares,
                               const std::vector<double>& bounds, std::size_t first, std::size_t step) {
  std::vector<NumberAndError> values;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    const std::size_t at = first + p * step;
    values.push_back(std::isnan(shares[at]) ? NumberAndError{v.symbols.dash, ""}
                                            : probability_text(shares[at], bounds[2 * at], bounds[2 * at + 1]));
  }
  return {std::move(header), align_errors(values, fmt::format(" {}", v.symbols.plus_minus))};
}

std::vector<TableColumn> difference_columns(const View& v, const StoredMetric& m) {
  const std::size_t times = v.result.years.size(), quantiles = v.result.quantiles.size(), median = nearest_quantile(v.result, 0.5);
  std::vector<TableColumn> columns = {difference_column(v, m)};
  columns.push_back(interval_column(v, {quantile_name(v.result.quantiles[median]), "difference"}, m.paired.difference_quantile,
                                    m.paired.difference_quantile_bounds, (times - 1) * quantiles + median, times * quantiles));
  if (!m.paired.probability_better.empty())
    columns.push_back(
        probability_column(v, {"better", "in %"}, m.paired.probability_better, m.paired.probability_better_bounds, times - 1, times));
  return columns;
}

std::vector<TableColumn> regret_columns(const View& v, const DecisionStatistics& d, int basis) {
  const std::size_t first = std::size_t(basis) * v.policies();
  std::vector<NumberAndError> means;
  for (std::size_t p = 0; p < v.policies(); ++p) means.push_back(number_text(d.regret_mean[first + p], d.regret_mean_se[first + p]));
  return {{{"mean regret", fmt::format("{} se", v.symbols.plus_minus)}, align_errors(means, spaced_plus_minus(v.symbols))},
          interval_column(v, {"regret", "95 %"}, d.regret_p95, d.regret_p95_bounds, first, 1),
          probability_column(v, {"best", "in %"}, d.probability_best, d.probability_best_bounds, first, 1)};
}

// Ranks by each criterion; by the mean with the mark where a policy cannot be told from the best.
std::vector<TableColumn> rank_columns(const View& v, const DecisionStatistics& d) {
  std::vector<TableColumn> columns;
  for (std::size_t c = 0; c < kCriteria; ++c) {
    TableColumn column{break_name(kCriterionHeaders[c], 8), {}};
    for (std::size_t p = 0; p < v.policies(); ++p) {
      const double rank = d.score_rank[c * v.policies() + p];
      const bool alike = c == 0 && static_cast<int>(p) != d.best && d.separation[p] != static_cast<std::int64_t>(Separation::kSeparated);
      column.cells.push_back(std::isnan(rank) ? v.symbols.dash : fmt::format("{}{:.0f}", alike ? v.symbols.alike : "", rank));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string trajectories_text(double count) {
  if (!(count < kMostAdvised)) return "no number of trajectories";
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(count)) - 1));
  return fmt::format("about {} trajectories", group_digits(fmt::format("{:.0f}", std::ceil(count / unit) * unit)));
}

// Which policies cannot be told from the best, and what would tell them.
std::string separation_text(const View& v, const DecisionStatistics& d) {
  std::vector<std::string> close, identical;
  for (std::size_t p = 0; p < v.policies(); ++p) {
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
  const std::string better = m.direction == "none" ? "" : fmt::format(", {} is better", m.direction);
  const std::string heading =
      fmt::format("{} {} {}{}, {}{}", m.name, v.symbols.dash, m.long_name, unit_text(m), end_text(v.result.years.back()), better);
  std::vector<TableColumn> columns = difference_columns(v, m);
  if (m.decision)
    for (TableColumn& column : regret_columns(v, *m.decision, 0)) columns.push_back(std::move(column));
  const TableColumn policies = policy_column(v, v.width / 3);
  std::string text = wrap_text(heading, v.width, "  ") + format_tables(policies, columns, v.width);
  if (!m.decision) return text;
  if (v.result.bases > 1) text += "\n  By the means of worlds\n" + format_tables(policies, regret_columns(v, *m.decision, 1), v.width);
  text += "\n  Rank by\n" + format_tables(policies, rank_columns(v, *m.decision), v.width);
  return text + wrap_text(winner_text(v, *m.decision), v.width, "  ", "  ");
}

std::string satisficing_text(const View& v) {
  if (v.result.thresholds.empty()) return "";
  std::vector<TableColumn> columns;
  const std::size_t thresholds = v.result.thresholds.size();
  for (std::size_t t = 0; t < thresholds; ++t)
    columns.push_back(probability_column(v, break_name(v.result.thresholds[t], 12), v.result.satisficing.share,
                                         v.result.satisficing.share_bounds, t, thresholds));
  return fmt::format("\nShare of trajectories that meet the thresholds in percent, {}\n", end_text(v.result.years.back())) +
         format_tables(policy_column(v, v.width / 3), columns, v.width);
}

}  // namespace

TableColumn difference_column(const View& v, const StoredMetric& m) {
  std::vector<NumberAndError> values;
  std::vector<bool> alike;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    const double mean = m.paired.mean_difference[v.last(p)], error = m.paired.mean_difference_se[v.last(p)];
    const bool reference = static_cast<int>(p) == v.result.reference;
    values.push_back(reference ? NumberAndError{v.symbols.dash, ""} : number_text(mean, error));
    alike.push_back(!reference && !(std::abs(mean) > kHalfWidth * error));
  }
  TableColumn column{{"difference", fmt::format("{} se", v.symbols.plus_minus)}, align_errors(values, spaced_plus_minus(v.symbols))};
  for (std::size_t p = 0; p < v.policies(); ++p) column.cells[p] += alike[p] ? v.symbols.alike : " ";
  return column;
}

std::string alike_text(const View& v) {
  return fmt::format(" Differences are from {}, in the same worlds and with the same luck; {} marks what cannot be told apart at 95 %.",
                     v.result.policies[v.result.reference], v.symbols.alike);
}

std::string compare_policies(const StoredResult& result, const SummaryOptions& options) {
  const View v = make_view(result, options);
  std::string text = provenance_text(v);
  for (const StoredMetric* metric : chosen_metrics(result, options.metrics)) text += "\n" + metric_text(v, *metric);
  text += satisficing_text(v);
  const std::string reading = fmt::format(
      "{} se is one standard error; after a probability, half a 95 % interval. Regret is what is lost against the best policy in the same "
      "trajectory. Ranks count from 1.",
      v.symbols.plus_minus);
  return printable(text + "\n" + wrap_text(reading + alike_text(v), v.width, ""));
}

}  // namespace chokepoint
