// SPDX-License-Identifier: Apache-2.0
#include "history_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "keys.h"
#include "outputs_config.h"

namespace chokepoint {

namespace {

HistorySeriesSetting read_series(const TomlEntry& entry, const Scenario& scenario, Problems& problems) {
  HistorySeriesSetting series{entry.key, -1, 0, 0, problems.where(entry.place)};
  TableReader table(entry.value, "history.series." + entry.key, problems);
  const TomlEntry *metric = table.find("metric"), *error = table.find("error");
  series.change_months = static_cast<int>(table.whole(key_row("history.series.NAME", "change_months")).value_or(0));
  series.error = table.number("error").value_or(0);
  table.report_unknown();
  if (!table.is_table()) return series;
  if (metric)
    series.metric = read_metric(metric->value, table.name("metric"), *scenario.model, problems).value_or(-1);
  else
    problems.add(entry.place, fmt::format("{} is missing; name the metric that the series observes", table.name("metric")));
  if (error && series.error <= 0)
    problems.add(error->value.place, fmt::format("{} = {} is not above 0: it is the standard deviation of a measurement",
                                                 table.name("error"), error->value.text));
  return series;
}

}  // namespace

void read_history_setting(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  TableReader table(entry.value, "history", problems);
  if (!table.is_table()) return;
  HistorySetting history;
  const TomlEntry *file = table.find("file"), *policy = table.find("policy"), *series = table.find("series"),
                  *temper = table.find("temper");
  table.report_unknown();
  if (file)
    history.file = (std::filesystem::path(problems.file_of(file->value.place)).parent_path() / table.string("file")).lexically_normal();
  else
    problems.add(entry.place, "history.file is missing; name the CSV file of observations");
  if (policy) {
    history.policy = table.string("policy");
    std::vector<std::string> names;
    for (const PolicySetting& one : scenario.policies) names.push_back(one.name);
    if (std::ranges::find(names, history.policy) == names.end())
      problems.add(policy->value.place,
                   fmt::format("history.policy = {} is no policy.{}", to_toml(policy->value), advice(history.policy, names)));
  } else if (scenario.reference < static_cast<int>(scenario.policies.size())) {
    history.policy = scenario.policies[scenario.reference].name;
  }
  if (temper) {
    history.temper = read_number(temper->value, "history.temper", problems).value_or(kTemper);
    if (!(history.temper >= 0 && history.temper <= 1))
      problems.add(temper->value.place,
                   fmt::format("history.temper = {} is outside 0 to 1: it is the correlation of a series' errors", temper->value.text));
  }
  if (!series || !series->value.is_table() || series->value.entries.empty())
    problems.add(series ? series->place : entry.place, "history.series has no series; give at least one, [history.series.NAME]");
  else
    for (const TomlEntry& one : series->value.entries) history.series.push_back(read_series(one, scenario, problems));
  scenario.history = std::move(history);
}

}  // namespace chokepoint
