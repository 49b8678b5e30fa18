// `summary`: every number is shown with no more digits than its sampling error leaves.
// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "findings.h"
#include "pictures.h"
#include "report_decision.h"
#include "report_parts.h"
#include "report_summary.h"
#include "terminal.h"

namespace chokepoint {

namespace {

constexpr std::size_t kScriptBins = 50;  // of a histogram

std::vector<Finding> metric_findings(const View& v, const StoredMetric& m) {
  const std::size_t times = v.result.years.size(), quantiles = v.result.quantiles.size();
  std::vector<Finding> findings;
  for (const std::size_t q : shown_quantiles(v.result)) {
    const Stride at = {(times - 1) * quantiles + q, times * quantiles};
    const double share = v.result.quantiles[q];
    findings.push_back({fmt::format("quantile_{:g}", share),
                        {quantile_name(share)},
                        Finding::Form::kNumber,
                        pick(v, m.quantile, at),
                        {},
                        pick(v, m.quantile_bounds, at, 2)});
  }
  const Stride at = {times - 1, times};
  findings.push_back(
      {"mean", {fmt::format("mean {} se", v.symbols.plus_minus)}, Finding::Form::kNumber, pick(v, m.mean, at), pick(v, m.mean_se, at)});
  if (v.policies() > 1 && !m.paired.mean_difference.empty()) findings.push_back(difference(v, m));
  return findings;
}

// What tables draw.
std::vector<Series> metric_series(const View& v, const StoredMetric& m, std::vector<double>& edges) {
  const std::size_t times = v.result.years.size(), quantiles = v.result.quantiles.size();
  std::vector<Series> all;
  for (const std::size_t q : shown_quantiles(v.result)) {
    Series series{fmt::format("quantile_{:g}_over_time", v.result.quantiles[q]), {}};
    for (std::size_t at = 0; at < v.policies() * times; ++at) series.values.push_back(m.quantile[at * quantiles + q]);
    all.push_back(std::move(series));
  }
  if (!m.histogram) return all;
  CoarseHistogram h = coarsen(m, v.policies(), kScriptBins);
  edges = std::move(h.edges);
  all.push_back({"histogram", std::move(h.shares)});
  return all;
}

// Means apart from the quantiles where a table has no room for both.
std::vector<ColumnGroup> number_groups(const View& v, const StoredMetric& m) {
  ColumnGroup numbers = table_columns(v, metric_findings(v, m));
  if (kShortName + width_of(numbers) <= v.width) return {numbers};
  const auto mean = numbers.begin() + static_cast<std::ptrdiff_t>(shown_quantiles(v.result).size());
  return {{numbers.begin(), mean}, {mean, numbers.end()}};
}

std::string metric_text(const View& v, const StoredMetric& m) {
  const int best = m.decision ? m.decision->best : -1, least = least_room(v, m);
  std::vector<ColumnGroup> groups = number_groups(v, m);
  const int beside = v.width - name_width(v) - width_of(groups[0]);
  std::string text = metric_heading(v, m);
  if (groups.size() == 1 && beside >= least) {
    groups.push_back(picture_columns(v, m, beside));
    return text + policy_tables(v, groups, best);
  }
  const ColumnGroup pictures = picture_columns(v, m, v.width - std::min(name_width(v), std::max(v.width - least, kShortName)));
  return text + policy_tables(v, groups, best) + (pictures.empty() ? "" : "\n" + policy_tables(v, {pictures}, best));
}

Finding event_finding(const View& v, std::size_t event) {
  const Stride at = {event, v.result.events.size()};
  return {"probability",
          break_name(v.result.events[event], 0),
          Finding::Form::kShare,
          pick(v, v.result.event_probability, at),
          {},
          pick(v, v.result.event_probability_bounds, at, 2)};
}

// A column each is for events that tell policies apart; others share a line.
std::string events_text(const View& v) {
  if (v.result.events.empty()) return "";
  ColumnGroup columns;
  std::vector<std::string> same, of_one;
  for (std::size_t e = 0; e < v.result.events.size(); ++e) {
    const std::string& name = v.result.events[e];
    const Finding finding = event_finding(v, e);
    const auto known = [&](std::size_t p) { return !std::isnan(finding.values[p]); };
    TableColumn column = table_column(v, finding);
    column.header = break_name(name, text_width(column.cells.front()));
    const auto first = std::ranges::find_if(v.order, known);
    if (first == v.order.end()) continue;
    const std::string& text = column.cells[static_cast<std::size_t>(first - v.order.begin())];
    if (v.policies() > 1 && std::ranges::count_if(v.order, known) == 1)
      of_one.push_back(fmt::format("{} under {} {}", name, v.result.policies[*first], text));
    else if (v.policies() > 1 && std::ranges::all_of(v.order, [&](std::size_t p) { return finding.values[p] == finding.values[*first]; }))
      same.push_back(fmt::format("{} {}", name, text));
    else
      columns.push_back(std::move(column));
  }
  std::string text =
      "\n" + heading(fmt::format("Probability of events in percent, up to the {}", end_text(v.result.years.back())), v.width, v.colour);
  if (!columns.empty()) text += policy_tables(v, {columns});
  const auto line = [&](const char* what, const std::vector<std::string>& events) {
    return events.empty() ? "" : wrap_text(fmt::format("{}: {}", what, fmt::join(events, ", ")), v.width, "  ");
  };
  return text + (columns.empty() || (same.empty() && of_one.empty()) ? "" : "\n") + line("The same under every policy", same) +
         line("Of one policy alone", of_one);
}

}  // namespace

std::vector<Subject> summary_subjects(const View& v) {
  std::vector<Subject> subjects;
  for (const StoredMetric* m : v.metrics) {
    Subject subject{"metric", m->name, m->units, m->long_name, m->direction, metric_findings(v, *m), {}, {}};
    subject.series = metric_series(v, *m, subject.histogram_edges);
    subjects.push_back(std::move(subject));
  }
  for (std::size_t e = 0; e < v.result.events.size(); ++e)
    subjects.push_back({"event", v.result.events[e], "1", "", "", {event_finding(v, e)}});
  return subjects;
}

std::string summarise(const View& v) {
  std::string text = provenance_text(v);
  for (const StoredMetric* metric : v.metrics) text += "\n" + metric_text(v, *metric);
  text += events_text(v);
  const auto [lowest, highest] = sparkline_ends(v.unicode);
  const std::string reading = fmt::format(
      "{} is one standard error for means, half a 95 % interval for probabilities; quantiles are rounded to their sampling error. Lines "
      "over time rise from {} to {}, whose values stand above them; histograms reach from 1 % to 99 %; all policies have one scale.",
      v.symbols.plus_minus, lowest, highest);
  const bool compared = v.policies() > 1 && !v.metrics.front()->paired.mean_difference.empty();
  return text + reading_text(v, reading + (compared ? alike_text(v) : ""));
}

std::string summarise(const StoredResult& result, const SummaryOptions& options) { return summarise(make_view(result, options)); }

}  // namespace chokepoint
