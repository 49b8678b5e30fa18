// What a result of a model holds, and what a run may watch.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <vector>

#include "../results/layout.h"
#include "../results/recorder.h"
#include "../run/plan.h"
#include "../run/stop.h"
#include "../statistics/statistics.h"
#include "describe_topics.h"

namespace chokepoint {

namespace {

// The smallest result with everything in it that a result of the model can hold, before its first trajectory.
class EmptyResult {
 public:
  explicit EmptyResult(const ModelInfo& model)
      : scenario_(scenario_of(model)),
        tallies_(shape_of(scenario_)),
        sample_(tallies_.shape, 0),
        statistics_(derive_statistics(scenario_, tallies_, sample_)) {}
  Result result() const { return {scenario_, tallies_, sample_, statistics_, {}}; }

 private:
  static Scenario scenario_of(const ModelInfo& model) {
    Scenario s;
    s.model = &model;
    s.years = 1;
    s.record_every_months = 12;
    s.replicates = 2;
    s.sensitivity_records = {0};
    s.quantiles = {0.5};
    s.policies = {{"one", "", "", {}, {}}, {"another", "", "", {}, {}}};
    s.parameters.resize(model.parameters.size());
    s.parameters.front().prior.kind = Prior::Kind::kUniform;
    s.satisfice = {{model.metrics.front().key, 0, -1, Comparison::kGreater, false, 0}};
    return s;
  }

  const Scenario scenario_;
  const Tallies tallies_;
  const Sample sample_;
  const Statistics statistics_;
};

// The metric that a dataset is about, or null.
const MetricRow* metric_of(const ModelInfo& model, const std::string& dataset) {
  const MetricRow* found = nullptr;
  for (const MetricRow& row : model.metrics)
    if (dataset.starts_with(std::string(row.key) + "_") &&
        (!found || std::string_view(row.key).size() > std::string_view(found->key).size()))
      found = &row;
  return found;
}

constexpr std::string_view kErrorSuffixes[] = {"_se", "_bounds"};

struct StatisticRow {
  std::string group, name, axes, meaning;
};

// `time` and the like, and the same time as a decimal year.
bool is_coordinate(const Variable& variable) {
  return variable.axes.size() == 1 && (variable.name == variable.axes.front().name || variable.name.ends_with("year"));
}

// Every dataset of numbers in the groups of statistics that is no coordinate; of the metrics, one.
class StatisticRows : public DatasetListener {
 public:
  explicit StatisticRows(const ModelInfo& model) : model_(model) {}

  void numbers(const std::string& group, const Variable& variable, Number) override {
    constexpr std::string_view kGroups[] = {"/", "/paired", "/decision", "/sensitivity"};
    if (std::ranges::find(kGroups, group) == std::end(kGroups) || is_coordinate(variable)) return;
    const MetricRow* metric = metric_of(model_, variable.name);
    if (metric && metric != &typical_metric(model_)) return;
    StatisticRow row{group, variable.name, "", variable.long_name};
    if (metric) {
      row.name.replace(0, std::string_view(metric->key).size(), "METRIC");
      row.meaning = row.meaning.substr(0, row.meaning.rfind(fmt::format(": {}", metric->meaning)));
    }
    for (const Axis& axis : variable.axes) row.axes += (row.axes.empty() ? "" : ", ") + axis.name;
    rows_.push_back(row);
  }
  const std::vector<StatisticRow>& rows() const { return rows_; }

 private:
  const ModelInfo& model_;
  std::vector<StatisticRow> rows_;
};

std::string key_list(const StopRow& row, bool required) {
  std::vector<std::string> names;
  for (const StopKeyRow& key : stop_keys())
    if (row.keys & key.key && key.required == required) names.emplace_back(key.name);
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

const MetricRow& typical_metric(const ModelInfo& model) {
  const auto found = std::ranges::find_if(model.metrics, [](const MetricRow& row) { return row.direction != Direction::kNone; });
  return found == model.metrics.end() ? model.metrics.front() : *found;
}

void describe_statistics(const ModelInfo& model, ReferencePage& page) {
  StatisticRows listener(model);
  show_result(EmptyResult(model).result(), listener);
  const std::vector<StatisticRow>& rows = listener.rows();
  std::set<std::string> names;
  for (const StatisticRow& row : rows) names.insert(row.group + " " + row.name);
  ReferenceTable table{{{"group", true}, {"statistic", true}, {"of each"}, {"error in", true}, {"meaning"}}, {}};
  for (const StatisticRow& row : rows) {
    if (std::ranges::any_of(kErrorSuffixes, [&](const std::string_view suffix) { return row.name.ends_with(suffix); })) continue;
    std::vector<std::string> errors;
    for (const std::string_view suffix : kErrorSuffixes)
      if (names.contains(fmt::format("{} {}{}", row.group, row.name, suffix))) errors.emplace_back(suffix);
    table.rows.push_back({row.group, row.name, row.axes, errors.empty() ? "-" : fmt::format("{}", fmt::join(errors, ", ")), row.meaning});
  }
  page.table(table);
  page.paragraph(fmt::format(
      "METRIC is any metric (chokepoint describe metrics); /decision, evpi and evppi are of those of which more or "
      "less is better.\n"
      "The error is in STATISTIC_se, one standard error, and STATISTIC_bounds, a 95 % interval.\n"
      "basis: trajectory, world; only with several replicates.\ncriterion: {}.\nwinning: {}.\n"
      "Of the groups, /sensitivity is there if a parameter varies; /histogram and /accumulator hold what statistics are made of, "
      "/sample single trajectories. /worldview is there after `run --worldviews`: statistics with the world view as first axis, and regret "
      "across world views.",
      fmt::join(kCriterionNames, kCriterionNames + kCriteria, ", "), fmt::join(kWinningNames, kWinningNames + kWinnings, ", ")));
}

void describe_stops(const ModelInfo& model, ReferencePage& page) {
  ReferenceTable table{{{"statistic", true}, {"needs"}, {"may name"}, {"meaning"}}, {}};
  for (const StopRow& row : stop_rows())
    table.rows.push_back({row.name, key_list(row, true), key_list(row, false), std::string(row.meaning) + (row.directed ? " *" : "")});
  page.table(table);
  page.paragraph(
      "* Only of metrics of which more or less is better.\nThe run goes on until the standard error is small enough. Where a policy or "
      "a parameter is not named, the largest error decides;\nwithout a time, that at the end; without a threshold, that of all at once.");
  page.code(fmt::format("[run.stop]\nstatistic = \"{}\"\nmetric = \"{}\"\nstandard_error = 0.01           # in the unit of the statistic\n"
                        "max_trajectories = 100_000_000  # if it takes more, the run ends with exit code 4",
                        stop_row(StopStatistic::kMeanDifference).name, typical_metric(model).key),
            "toml");
}

}  // namespace chokepoint
