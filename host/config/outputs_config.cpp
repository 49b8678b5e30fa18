// SPDX-License-Identifier: Apache-2.0
#include "outputs_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "keys.h"
#include "policy_config.h"

namespace chokepoint {

namespace {

void read_quantiles(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const auto quantiles = read_numbers(entry.value, "outputs.quantiles", problems);
  if (!quantiles) return;
  if (quantiles->empty() || quantiles->size() > kMaxQuantiles)
    problems.add(entry.value.place, fmt::format("outputs.quantiles has {} numbers; give 1 to {}", quantiles->size(), kMaxQuantiles));
  for (std::size_t i = 0; i < quantiles->size(); ++i) {
    const double quantile = (*quantiles)[i];
    const TomlValue& item = entry.value.items[i];
    if (quantile <= 0 || quantile >= 1) {
      problems.add(item.place, fmt::format("outputs.quantiles: {} must lie between 0 and 1, both excluded", item.text));
    } else if (i > 0 && (*quantiles)[i - 1] >= quantile) {
      problems.add(item.place,
                   fmt::format("outputs.quantiles: {} follows {}; quantiles must increase", item.text, entry.value.items[i - 1].text));
    }
  }
  scenario.quantiles = *quantiles;
}

void read_joint(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const auto* items = read_array(entry.value, "outputs.joint", problems);
  if (!items) return;
  if (items->size() > kMaxJoint)
    problems.add(entry.value.place, fmt::format("outputs.joint has {} pairs; at most {} are possible", items->size(), kMaxJoint));
  for (const TomlValue& item : *items) {
    const auto* names = read_array(item, "outputs.joint", problems);
    if (!names) continue;
    if (names->size() != 2) {
      problems.add(item.place, fmt::format("outputs.joint: {} metrics where a pair is needed", names->size()));
      continue;
    }
    const auto first = read_metric((*names)[0], "outputs.joint", *scenario.model, problems);
    const auto second = read_metric((*names)[1], "outputs.joint", *scenario.model, problems);
    if (!first || !second) continue;
    if (first == second)
      problems.add(item.place, fmt::format("outputs.joint: '{}' is paired with itself; name two different metrics", (*names)[0].text));
    scenario.joint.push_back({*first, *second});
  }
}

void read_satisfice(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const std::string name = "outputs.satisfice." + entry.key;
  const ModelInfo& model = *scenario.model;
  const int metric = row_number(model.metrics, entry.key), event = metric < 0 ? row_number(model.events, entry.key) : -1;
  if (metric < 0 && event < 0) {
    std::vector<std::string> legal = row_keys(model.metrics);
    std::ranges::copy(row_keys(model.events), std::back_inserter(legal));
    return problems.add(entry.place, fmt::format("outputs.satisfice: '{}' is no metric or event of the model '{}'.{}", entry.key,
                                                 model.name, advice(entry.key, legal, "metrics")));
  }
  const auto text = read_string(entry.value, name, problems);
  if (!text) return;
  const auto bound = parse_bound(*text);
  const bool fits = bound && (metric >= 0 ? !bound->equals : bound->equals && (bound->value == 0 || bound->value == 1));
  if (!fits) {
    const char* const wanted = metric >= 0 ? "a bound on a metric: write one of < <= > >= and a number, such as \">= 6\""
                                           : "a statement about an event: write \"== 0\" (it must not occur) or \"== 1\" (it must)";
    return problems.add(entry.value.place, fmt::format("{} = {} is not {}", name, to_toml(*text), wanted));
  }
  scenario.satisfice.push_back({entry.key, metric, event, bound->comparison, bound->equals, bound->value});
}

// [outputs.sensitivity]

// The end of every second year and of the run; of longer runs the end of every fourth, sixth, ..., so that all fit.
std::vector<int> default_sensitivity_records(const Scenario& s) {
  int every = 24;
  while (s.steps() > every * kMaxTimes) every += 24;
  std::vector<int> records;
  for (int step = every; step < s.steps(); step += every)
    if (step % s.record_every_months == 0) records.push_back(step / s.record_every_months - 1);
  records.push_back(s.records() - 1);
  return records;
}

std::vector<int> read_times(const TomlValue& times, const Scenario& scenario, Problems& problems) {
  std::vector<int> records;
  const auto* items = read_array(times, "outputs.sensitivity.times", problems);
  if (!items) return records;
  for (const TomlValue& item : *items) {
    const auto record = read_record(item, "outputs.sensitivity.times", scenario, problems);
    if (!record) continue;
    if (std::ranges::find(records, *record) != records.end())
      problems.add(item.place, fmt::format("outputs.sensitivity.times names {} twice; keep one", item.text));
    records.push_back(*record);
  }
  const int last = scenario.records() - 1;
  if (std::ranges::find(records, last) == records.end()) records.push_back(last);
  if (records.size() > kMaxTimes)
    problems.add(times.place, fmt::format("outputs.sensitivity.times: {} times with the end of the run; at most {} are possible",
                                          records.size(), kMaxTimes));
  std::ranges::sort(records);
  return records;
}

void read_sensitivity(const TomlEntry* entry, Scenario& scenario, Problems& problems) {
  const TomlEntry* times = nullptr;
  if (entry) {
    TableReader sensitivity(entry->value, "outputs.sensitivity", problems);
    times = sensitivity.find("times");
    sensitivity.report_unknown();
  }
  if (!has_times(scenario)) return;
  scenario.sensitivity_records = times ? read_times(times->value, scenario, problems) : default_sensitivity_records(scenario);
}

}  // namespace

std::optional<int> read_metric(const TomlValue& value, const std::string& name, const ModelInfo& model, Problems& problems) {
  const auto key = read_string(value, name, problems);
  if (!key) return std::nullopt;
  const int number = row_number(model.metrics, *key);
  if (number >= 0) return number;
  problems.add(value.place, fmt::format("{}: '{}' is no metric of the model '{}'.{}", name, *key, model.name,
                                        advice(*key, row_keys(model.metrics), "metrics")));
  return std::nullopt;
}

bool has_times(const Scenario& s) { return s.start_year && s.steps() && s.record_every_months && s.records(); }

std::string end_of_record(const Scenario& scenario, int record) {
  const int months = scenario.start_month - 1 + (record + 1) * scenario.record_every_months;
  return fmt::format("{:04}-{:02}-01", scenario.start_year + months / 12, months % 12 + 1);
}

std::optional<int> read_record(const TomlValue& value, const std::string& name, const Scenario& scenario, Problems& problems) {
  const std::string last = end_of_record(scenario, scenario.records() - 1);
  if (value.kind != TomlValue::Kind::kDate) {
    report_kind(value, name, fmt::format("a date without quotes, such as {},", last), problems);
    return std::nullopt;
  }
  const int every = scenario.record_every_months;
  const int months = (value.year - scenario.start_year) * 12 + value.month - scenario.start_month;
  if (value.day == 1 && months > 0 && months <= scenario.steps() && months % every == 0) return months / every - 1;
  // The whole steps of the run on both sides of the date.
  const int before = std::clamp(months / every, 1, scenario.records()) - 1;
  const int after = std::clamp(months / every + 1, 1, scenario.records()) - 1;
  const std::string first = end_of_record(scenario, before), second = end_of_record(scenario, after);
  const std::string legal = before == after ? first + " is the nearest" : fmt::format("{} and {} are the nearest", first, second);
  problems.add(value.place, fmt::format("{}: {} is not the end of a recorded step; {}", name, value.text, legal));
  return std::nullopt;
}

void read_outputs(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  TableReader outputs(entry.value, "outputs", problems);
  if (!outputs.is_table()) return;
  read_quantiles(*outputs.find("quantiles"), scenario, problems);
  read_joint(*outputs.find("joint"), scenario, problems);
  const TomlEntry *satisfice = outputs.find("satisfice"), *hurwicz = outputs.find("hurwicz");
  read_sensitivity(outputs.find("sensitivity"), scenario, problems);
  outputs.report_unknown();
  scenario.hurwicz = outputs.number("hurwicz").value_or(0);
  if (scenario.hurwicz < 0 || scenario.hurwicz > 1)
    problems.add(
        hurwicz->value.place,
        fmt::format("outputs.hurwicz = {} is outside [0, 1]: 0 looks at the worst world alone, 1 at the best", hurwicz->value.text));
  if (!satisfice->value.is_table()) return report_kind(satisfice->value, "outputs.satisfice", "a table", problems);
  for (const TomlEntry& one : satisfice->value.entries) read_satisfice(one, scenario, problems);
  if (satisfice->value.entries.size() > kMaxThresholds)
    problems.add(satisfice->value.place, fmt::format("outputs.satisfice has {} thresholds; at most {} are possible",
                                                     satisfice->value.entries.size(), kMaxThresholds));
}

void add_output_defaults(TomlValue& root, const Scenario& scenario) {
  const Place place;  // the defaults' source
  TomlValue& outputs = root.find("outputs")->value;
  if (!outputs.find("sensitivity")) outputs.entries.push_back({"sensitivity", place, make_table(place)});
  TomlValue& sensitivity = outputs.find("sensitivity")->value;
  if (sensitivity.find("times")) return;
  TomlValue times = make_value(TomlValue::Kind::kArray, place);
  for (const int record : scenario.sensitivity_records)
    times.items.push_back(make_value(TomlValue::Kind::kDate, place, end_of_record(scenario, record)));
  sensitivity.entries.push_back({"times", place, std::move(times)});
}

}  // namespace chokepoint
