// Every number is shown with no more digits than its sampling error leaves.
// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report_decision.h"
#include "report_parts.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr double kShownQuantiles[] = {0.05, 0.5, 0.95};
constexpr int kLongestSparkline = 24;

// ---- columns

TableColumn quantile_column(const View& v, const StoredMetric& m, std::size_t quantile) {
  std::vector<std::string> numbers;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    const std::size_t at = v.last(p) * v.result.quantiles.size() + quantile;
    numbers.push_back(round_to_error(m.quantile[at], (m.quantile_bounds[2 * at + 1] - m.quantile_bounds[2 * at]) / 2));
  }
  return {{quantile_name(v.result.quantiles[quantile])}, align_points(numbers)};
}

TableColumn mean_column(const View& v, const StoredMetric& m) {
  std::vector<NumberAndError> values;
  for (std::size_t p = 0; p < v.policies(); ++p) {
    values.push_back(number_text(m.mean[v.last(p)], m.mean_se[v.last(p)]));
  }
  return {{fmt::format("mean {} se", v.symbols.plus_minus)}, align_errors(values, spaced_plus_minus(v.symbols))};
}

std::vector<std::size_t> shown_quantiles(const StoredResult& result) {
  std::vector<std::size_t> shown;
  for (const double share : kShownQuantiles)
    if (const std::size_t nearest = nearest_quantile(result, share); std::ranges::find(shown, nearest) == shown.end())
      shown.push_back(nearest);
  return shown;
}

// The median over time, all policies on one scale, so that their lines can be compared.
TableColumn sparkline_column(const View& v, const StoredMetric& m, int room) {
  const std::size_t quantile = nearest_quantile(v.result, 0.5), times = v.result.years.size(), quantiles = v.result.quantiles.size();
  const bool logarithmic = m.scale == "log";
  double low = std::numeric_limits<double>::infinity(), high = -low;
  std::vector<std::vector<double>> medians(v.policies());
  for (std::size_t p = 0; p < v.policies(); ++p)
    for (std::size_t t = 0; t < times; ++t) {
      const double median = m.quantile[(p * times + t) * quantiles + quantile], height = logarithmic ? std::log(median) : median;
      medians[p].push_back(height);
      if (!std::isfinite(height)) continue;
      low = std::min(low, height);
      high = std::max(high, height);
    }
  TableColumn column{{quantile_name(v.result.quantiles[quantile]) + (logarithmic ? " over time, log" : " over time")}, {}, true};
  for (const auto& values : medians) column.cells.push_back(sparkline(values, low, high, std::min(room, kLongestSparkline), v.unicode));
  return column;
}

// ---- parts of the summary

// The difference from the reference policy, if the table stays in one piece with it.
void add_difference_column(const View& v, const StoredMetric& m, std::vector<TableColumn>& columns) {
  if (v.policies() < 2 || m.paired.mean_difference.empty()) return;
  TableColumn column = difference_column(v, m);
  int width = policy_column(v, 0).width() + kColumnGap + column.width();
  for (const TableColumn& other : columns) width += kColumnGap + other.width();
  if (width <= v.width) columns.push_back(std::move(column));
}

std::string metric_text(const View& v, const StoredMetric& m) {
  const std::string heading =
      fmt::format("{} {} {}{}, {}", m.name, v.symbols.dash, m.long_name, unit_text(m), end_text(v.result.years.back()));
  std::vector<TableColumn> columns;
  for (const std::size_t quantile : shown_quantiles(v.result)) columns.push_back(quantile_column(v, m, quantile));
  columns.push_back(mean_column(v, m));
  add_difference_column(v, m, columns);
  int room = v.width;
  for (const TableColumn& column : columns) room -= kColumnGap + column.width();
  const TableColumn policies = policy_column(v, room);
  room -= policies.width() + kColumnGap;
  TableColumn over_time = sparkline_column(v, m, room);
  if (over_time.width() <= room) columns.push_back(std::move(over_time));
  return wrap_text(heading, v.width, "  ") + format_tables(policies, columns, v.width);
}

// What no policy changes shares a line; a column each is for events that tell policies apart.
std::string events_text(const View& v) {
  const std::size_t events = v.result.events.size();
  const auto& probability = v.result.event_probability;
  const auto& bounds = v.result.event_probability_bounds;
  const std::string plus_minus = fmt::format(" {}", v.symbols.plus_minus);
  std::vector<TableColumn> columns;
  std::vector<std::string> same;
  for (std::size_t e = 0; e < events; ++e) {
    std::vector<NumberAndError> values;
    bool differs = v.policies() == 1;
    for (std::size_t at = e; at < v.policies() * events; at += events) {
      values.push_back(probability_text(probability[at], bounds[2 * at], bounds[2 * at + 1]));
      differs = differs || probability[at] != probability[e];
    }
    std::vector<std::string> cells = align_errors(values, plus_minus);
    if (differs)
      columns.push_back({break_name(v.result.events[e], text_width(cells.front())), std::move(cells)});
    else
      same.push_back(fmt::format("{} {}", v.result.events[e], cells.front()));
  }
  std::string text = fmt::format("\nProbability of events in percent, up to the {}\n", end_text(v.result.years.back()));
  if (!columns.empty()) text += format_tables(policy_column(v, v.width / 2), columns, v.width) + (same.empty() ? "" : "\n");
  if (!same.empty()) text += wrap_text(fmt::format("The same under every policy: {}", fmt::join(same, ", ")), v.width, "  ");
  return events == 0 ? "" : text;
}

}  // namespace

std::string summarise(const StoredResult& result, const SummaryOptions& options) {
  const View v = make_view(result, options);
  const std::vector<const StoredMetric*> metrics = chosen_metrics(result, options.metrics);
  std::string text = provenance_text(v);
  for (const StoredMetric* metric : metrics) text += "\n" + metric_text(v, *metric);
  text += events_text(v);
  const std::string reading = fmt::format(
      "{} is one standard error for means, half a 95 % interval for probabilities; quantiles are rounded to their sampling error.",
      v.symbols.plus_minus);
  const bool compared = v.policies() > 1 && !metrics.front()->paired.mean_difference.empty();
  return printable(text + "\n" + wrap_text(reading + (compared ? alike_text(v) : ""), v.width, ""));
}

}  // namespace chokepoint
