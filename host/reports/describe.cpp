// SPDX-License-Identifier: Apache-2.0
#include "describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <string_view>
#include <vector>

#include "../config/toml_tools.h"
#include "../errors.h"
#include "../results/layout.h"
#include "../run/plan.h"
#include "../run/stop.h"
#include "../statistics/statistics.h"
#include "terminal.h"

namespace chokepoint {

namespace {

class LeftTable {
 public:
  explicit LeftTable(std::vector<std::string> headers) {
    for (std::string& header : headers) columns_.push_back({{std::move(header)}, {}, true});
  }
  void add(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].cells.push_back(cells[i]);
  }
  // One line a row however long, so that `grep` finds whole rows.
  std::string text() const {
    return format_tables(columns_.front(), {columns_.begin() + 1, columns_.end()}, std::numeric_limits<int>::max());
  }

 private:
  std::vector<TableColumn> columns_;
};

std::string scale_text(const MetricRow& m) {
  const std::string scale = m.scale == Scale::kLinear ? "linear"
                            : m.scale == Scale::kLog  ? "log"
                                                      : fmt::format("signed log, knee {}", m.knee);
  return fmt::format("{} to {}, {}", m.low, m.high, scale);
}

std::string describe_parameters(const ModelInfo& model) {
  LeftTable table({"parameter", "unit", "valid range", "meaning"});
  for (const ParameterRow& row : model.parameters) table.add({row.key, row.unit, range_text(row.range), row.meaning});
  return table.text() + "\nDraws outside the valid range are clamped to it and counted.\n";
}

std::string describe_levers(const ModelInfo& model) {
  LeftTable table({"lever", "range", "status quo", "export control", "meaning"});
  for (const LeverRow& row : model.levers)
    table.add({row.key, range_text(row.range), fmt::format("{}", row.status_quo), row.export_control ? "yes" : "no", row.meaning});
  return table.text() +
         "\nA policy sets the levers that it names; the others are at the status quo. Export controls go back to it while a policy "
         "reversal lasts.\n";
}

std::string describe_metrics(const ModelInfo& model) {
  LeftTable table({"metric", "unit", "better", "histogram", "meaning"});
  for (const MetricRow& row : model.metrics) {
    const char* better = row.direction == Direction::kHigher ? "higher" : row.direction == Direction::kLower ? "lower" : "-";
    table.add({row.key, row.unit, better, scale_text(row), row.meaning});
  }
  return table.text() +
         "\nBetter is meant from the US side. Values beyond the histogram's range are counted below or above it, and enter means in "
         "full.\n";
}

std::string describe_events(const ModelInfo& model) {
  LeftTable table({"event", "meaning"});
  for (const EventRow& row : model.events) table.add({row.key, row.meaning});
  return table.text() + "\nResults add trigger_1, trigger_2, ...: the first firing of each trigger of a policy.\n";
}

// ---- what a result holds

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

// The metric that stands for all: one of which more or less is better has the most statistics.
const MetricRow& typical_metric(const ModelInfo& model) {
  const auto found = std::ranges::find_if(model.metrics, [](const MetricRow& row) { return row.direction != Direction::kNone; });
  return found == model.metrics.end() ? model.metrics.front() : *found;
}

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
std::vector<StatisticRow> statistic_rows(const ModelInfo& model) {
  constexpr std::string_view kGroups[] = {"/", "/paired", "/decision", "/sensitivity"};
  const MetricRow& typical = typical_metric(model);
  std::vector<StatisticRow> rows;
  const EmptyResult empty(model);
  list_result(empty.result(), [&](const std::string& group, const Variable& variable) {
    if (std::ranges::find(kGroups, group) == std::end(kGroups) || is_coordinate(variable)) return;
    const MetricRow* metric = metric_of(model, variable.name);
    if (metric && metric != &typical) return;
    StatisticRow row{group, variable.name, "", variable.long_name};
    if (metric) {
      row.name.replace(0, std::string_view(metric->key).size(), "METRIC");
      row.meaning = row.meaning.substr(0, row.meaning.rfind(fmt::format(": {}", metric->meaning)));
    }
    for (const Axis& axis : variable.axes) row.axes += (row.axes.empty() ? "" : ", ") + axis.name;
    rows.push_back(row);
  });
  return rows;
}

std::string describe_statistics(const ModelInfo& model) {
  const std::vector<StatisticRow> rows = statistic_rows(model);
  std::set<std::string> names;
  for (const StatisticRow& row : rows) names.insert(row.group + " " + row.name);
  LeftTable table({"group", "statistic", "of each", "error in", "meaning"});
  for (const StatisticRow& row : rows) {
    if (std::ranges::any_of(kErrorSuffixes, [&](const std::string_view suffix) { return row.name.ends_with(suffix); })) continue;
    std::vector<std::string> errors;
    for (const std::string_view suffix : kErrorSuffixes)
      if (names.contains(fmt::format("{} {}{}", row.group, row.name, suffix))) errors.emplace_back(suffix);
    table.add({row.group, row.name, row.axes, errors.empty() ? "-" : fmt::format("{}", fmt::join(errors, ", ")), row.meaning});
  }
  return table.text() +
         fmt::format(
             "\nMETRIC is any metric (chokepoint describe metrics); /decision, evpi and evppi are of those of which more or "
             "less is better.\n"
             "The error is in STATISTIC_se, one standard error, and STATISTIC_bounds, a 95 % interval.\n"
             "basis: trajectory, world; only with several replicates.\ncriterion: {}.\nwinning: {}.\n"
             "Of the groups, /sensitivity is there if a parameter varies; /histogram and /accumulator hold what statistics are made of, "
             "/sample single trajectories.\n",
             fmt::join(kCriterionNames, kCriterionNames + kCriteria, ", "), fmt::join(kWinningNames, kWinningNames + kWinnings, ", "));
}

// ---- what a run may watch

std::string key_list(const StopRow& row, bool required) {
  std::vector<std::string> names;
  for (const StopKeyRow& key : stop_keys())
    if (row.keys & key.key && key.required == required) names.emplace_back(key.name);
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "));
}

std::string describe_stops(const ModelInfo& model) {
  LeftTable table({"statistic", "needs", "may name", "meaning"});
  for (const StopRow& row : stop_rows())
    table.add({row.name, key_list(row, true), key_list(row, false), std::string(row.meaning) + (row.directed ? " *" : "")});
  return table.text() +
         fmt::format(
             "\n* Only of metrics of which more or less is better.\nThe run goes on until the standard error is small enough. Where a "
             "policy or "
             "a parameter is not named, the largest error decides;\nwithout a time, that at the end; without a threshold, that of all at "
             "once.\n\n[run.stop]\nstatistic = \"{}\"\n"
             "metric = \"{}\"\nstandard_error = 0.01           # in the unit of the statistic\n"
             "max_trajectories = 100_000_000  # if it takes more, the run ends with exit code 4\n",
             stop_row(StopStatistic::kMeanDifference).name, typical_metric(model).key);
}

// ---- topics

struct Topic {
  const char* name;
  std::string (*table)(const ModelInfo& model);
};
constexpr Topic kTopics[] = {{"parameters", describe_parameters}, {"levers", describe_levers},         {"metrics", describe_metrics},
                             {"events", describe_events},         {"statistics", describe_statistics}, {"stops", describe_stops}};

std::string topic_names() {
  std::vector<std::string> names;
  for (const Topic& topic : kTopics) names.emplace_back(topic.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string list_models() {
  LeftTable table({"model", "parameters", "levers", "metrics", "events", "about"});
  for (const ModelInfo& m : models())
    table.add({m.name, fmt::format("{}", m.parameters.size()), fmt::format("{}", m.levers.size()), fmt::format("{}", m.metrics.size()),
               fmt::format("{}", m.events.size()), m.title});
  return table.text() + fmt::format("\nTopics: {}. For example: chokepoint describe levers --model race\n", topic_names());
}

}  // namespace

std::string describe(const std::string& model, const std::string& topic) {
  const ModelInfo* found = find_model(model.empty() ? "race" : model);
  const auto chosen = std::ranges::find(kTopics, std::string_view(topic), &Topic::name);
  std::vector<std::string> names, problems;
  for (const ModelInfo& one : models()) names.push_back(one.name);
  if (found == nullptr) problems.push_back(fmt::format("'{}' is no model. There are: {}.", model, fmt::join(names, ", ")));
  if (!topic.empty() && chosen == std::end(kTopics))
    problems.push_back(fmt::format("'{}' is no topic. There are: {}.", topic, topic_names()));
  if (!problems.empty()) throw UserError(problems);
  return topic.empty() ? list_models() : fmt::format("Model {}: {}\n\n", found->name, found->title) + chosen->table(*found);
}

}  // namespace chokepoint
