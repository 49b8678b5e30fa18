// SPDX-License-Identifier: Apache-2.0
#include "stop_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "../run/plan.h"
#include "../run/stop.h"
#include "keys.h"
#include "outputs_config.h"

namespace chokepoint {

namespace {

class StopReader {
 public:
  StopReader(const TomlEntry& entry, Scenario& scenario, Problems& problems)
      : entry_(entry), scenario_(scenario), problems_(problems), table_(entry.value, "run.stop", problems) {}

  void read();

 private:
  void read_statistic();
  void read_error();
  void read_most();
  void read_key(StopKeys key, const TomlValue& value);
  void check_keys();
  void read_number_of(const TomlValue& value, const char* what, const std::vector<std::string>& legal, int& number);
  void read_watched_metric(const TomlValue& value);
  void read_policy(const TomlValue& value);
  void read_parameter(const TomlValue& value);
  void read_quantile(const TomlValue& value);
  void read_event(const TomlValue& value);
  void read_threshold(const TomlValue& value);
  void read_time(const TomlValue& value);

  const TomlEntry& entry_;
  Scenario& scenario_;
  Problems& problems_;
  TableReader table_;
  const StopRow* row_ = &stop_row(StopStatistic::kMean);
  StopSetting setting_;
};

void StopReader::read() {
  if (!table_.is_table()) return;
  read_statistic();
  for (const StopKeyRow& key : stop_keys()) table_.find(key.name);
  read_error();
  read_most();
  table_.report_unknown();
  setting_.record = scenario_.records() - 1;
  if (row_) check_keys();
  scenario_.stop = setting_;
}

// An unknown statistic leaves its keys unjudged.
void StopReader::read_statistic() {
  const TomlEntry* given = table_.find("statistic");
  if (!given) return;
  row_ = nullptr;
  const auto name = read_string(given->value, "run.stop.statistic", problems_);
  if (!name) return;
  std::vector<std::string> legal;
  for (const StopRow& row : stop_rows()) {
    legal.emplace_back(row.name);
    if (*name == row.name) row_ = &row;
  }
  if (!row_)
    problems_.add(given->value.place, fmt::format("run.stop.statistic = {} is unknown.{}", to_toml(*name), advice(*name, legal)));
  else
    setting_.statistic = row_->statistic;
}

void StopReader::read_error() {
  const TomlEntry* given = table_.find("standard_error");
  if (!given)
    return problems_.add(entry_.place, "run.stop.standard_error is missing; give the error at which to stop, in the statistic's unit");
  setting_.standard_error = read_number(given->value, "run.stop.standard_error", problems_).value_or(1);
  if (setting_.standard_error <= 0)
    problems_.add(given->value.place, fmt::format("run.stop.standard_error = {} must be above 0", given->value.text));
}

void StopReader::read_most() {
  const std::uint64_t limit = kMaxTrajectories / scenario_.replicates * scenario_.replicates;
  setting_.max_trajectories = std::min(limit, kStopFactor * scenario_.trajectories);
  const TomlEntry* given = table_.find("max_trajectories");
  if (!given) return;
  const auto most = table_.whole(key_row("run.stop", "max_trajectories"));
  if (!most) return;
  setting_.max_trajectories = *most;
  if (*most < scenario_.trajectories)
    problems_.add(given->value.place,
                  fmt::format("run.stop.max_trajectories = {} is below run.trajectories = {}", given->value.text, scenario_.trajectories));
  check_whole_worlds(given->value, "run.stop.max_trajectories", *most, scenario_, problems_);
}

void StopReader::check_keys() {
  for (const StopKeyRow& key : stop_keys()) {
    const TomlEntry* given = entry_.value.find(key.name);
    if (given && row_->keys & key.key) {
      read_key(key.key, given->value);
    } else if (given) {
      std::vector<std::string> owners;
      for (const StopRow& row : stop_rows())
        if (row.keys & key.key) owners.emplace_back(row.name);
      problems_.add(given->place, fmt::format("run.stop.{} means nothing for the statistic \"{}\"; take it out. It belongs to {}", key.name,
                                              row_->name, fmt::join(owners, ", ")));
    } else if (key.required && row_->keys & key.key) {
      problems_.add(entry_.place, fmt::format("run.stop.{0} is missing; name the {0} whose {1} is watched", key.name, row_->name));
    }
  }
  if (row_->keys & kStopThreshold && scenario_.satisfice.empty())
    problems_.add(entry_.place, "run.stop.statistic = \"satisficing\" needs a threshold; give one in outputs.satisfice");
  if (row_->compares && scenario_.policies.size() == 1)
    problems_.add(entry_.place, fmt::format("run.stop.statistic = \"{}\" compares policies; there is only one", row_->name));
  if (row_->keys & kStopParameter && drivers(scenario_).empty())
    problems_.add(entry_.place, fmt::format("run.stop.statistic = \"{}\" needs a parameter that varies; all are constant", row_->name));
}

void StopReader::read_key(StopKeys key, const TomlValue& value) {
  switch (key) {
    case kStopMetric:
      return read_watched_metric(value);
    case kStopPolicy:
      return read_policy(value);
    case kStopParameter:
      return read_parameter(value);
    case kStopQuantile:
      return read_quantile(value);
    case kStopEvent:
      return read_event(value);
    case kStopThreshold:
      return read_threshold(value);
    case kStopTime:
      return read_time(value);
  }
}

void StopReader::read_number_of(const TomlValue& value, const char* what, const std::vector<std::string>& legal, int& number) {
  const std::string name = fmt::format("run.stop.{}", what);
  const auto given = read_string(value, name, problems_);
  if (!given) return;
  const auto found = std::ranges::find(legal, *given);
  if (found == legal.end())
    problems_.add(value.place, fmt::format("{} = {} is unknown.{}", name, to_toml(*given), advice(*given, legal)));
  else
    number = static_cast<int>(found - legal.begin());
}

void StopReader::read_watched_metric(const TomlValue& value) {
  setting_.metric = read_metric(value, "run.stop.metric", *scenario_.model, problems_).value_or(-1);
  if (setting_.metric < 0 || !row_->directed) return;
  if (scenario_.model->metrics[setting_.metric].direction == Direction::kNone)
    problems_.add(value.place, fmt::format("run.stop.metric = {}: the statistic \"{}\" needs a metric of which more or less is better, and "
                                           "this one has no direction",
                                           to_toml(value), row_->name));
}

void StopReader::read_policy(const TomlValue& value) {
  std::vector<std::string> names;
  for (const PolicySetting& policy : scenario_.policies) names.push_back(policy.name);
  read_number_of(value, "policy", names, setting_.policy);
  if (row_->compares && setting_.policy == scenario_.reference)
    problems_.add(value.place, fmt::format("run.stop.policy = {}: this is the reference that the statistic \"{}\" compares with; name "
                                           "another policy, or none for all",
                                           to_toml(value), row_->name));
}

void StopReader::read_parameter(const TomlValue& value) {
  read_number_of(value, "parameter", row_keys(scenario_.model->parameters), setting_.parameter);
  const std::vector<int> varying = drivers(scenario_);
  if (setting_.parameter >= 0 && std::ranges::find(varying, setting_.parameter) == varying.end())
    problems_.add(value.place, fmt::format("run.stop.parameter = {} is constant; name one that varies", to_toml(value)));
}

void StopReader::read_quantile(const TomlValue& value) {
  setting_.quantile = read_number(value, "run.stop.quantile", problems_).value_or(0.5);
  if (setting_.quantile <= 0 || setting_.quantile >= 1)
    problems_.add(value.place, fmt::format("run.stop.quantile = {} must lie between 0 and 1, both excluded", value.text));
}

void StopReader::read_event(const TomlValue& value) {
  read_number_of(value, "event", event_names(scenario_), setting_.event);
  if (setting_.event >= 0 && setting_.policy >= 0 && !has_event(scenario_, setting_.policy, setting_.event))
    problems_.add(value.place, fmt::format("run.stop.event = {}: policy {} has no such trigger; name another policy, or none for all",
                                           to_toml(value), scenario_.policies[setting_.policy].name));
}

void StopReader::read_threshold(const TomlValue& value) {
  std::vector<std::string> names;
  for (const Satisfice& one : scenario_.satisfice) names.push_back(one.name);
  read_number_of(value, "threshold", names, setting_.threshold);
}

void StopReader::read_time(const TomlValue& value) {
  const auto record = read_record(value, "run.stop.time", scenario_, problems_);
  if (!record) return;
  setting_.record = *record;
  const auto& times = scenario_.sensitivity_records;
  if (!row_->drives || times.empty() || std::ranges::find(times, *record) != times.end()) return;
  std::vector<std::string> legal;
  for (const int time : times) legal.push_back(end_of_record(scenario_, time));
  problems_.add(value.place, fmt::format("run.stop.time = {}: the statistic \"{}\" is known only at the times of outputs.sensitivity, {}",
                                         value.text, row_->name, fmt::join(legal, ", ")));
}

}  // namespace

void check_whole_worlds(const TomlValue& value, const std::string& name, std::uint64_t trajectories, const Scenario& scenario,
                        Problems& problems) {
  const std::uint64_t each = scenario.replicates, below = trajectories / each * each;
  if (below == trajectories) return;
  problems.add(value.place, fmt::format("{} = {} is no whole multiple of run.replicates = {}, the trajectories of one world; use {}{}",
                                        name, value.text, each, below ? fmt::format("{} or ", below) : "", below + each));
}

void read_stop(const TomlEntry& stop, Scenario& scenario, Problems& problems) { StopReader(stop, scenario, problems).read(); }

void add_stop_defaults(TomlValue& root, const Scenario& scenario) {
  TomlEntry* stop = root.find("run")->value.find("stop");
  if (!stop) return;
  const Place place;  // the defaults' source
  const auto add = [&](const char* key, TomlValue::Kind kind, std::string text) {
    if (!stop->value.find(key)) stop->value.entries.push_back({key, place, make_value(kind, place, std::move(text))});
  };
  const StopRow& row = stop_row(scenario.stop->statistic);
  add("statistic", TomlValue::Kind::kString, row.name);
  if (row.keys & kStopTime) add("time", TomlValue::Kind::kDate, end_of_record(scenario, scenario.stop->record));
  add("max_trajectories", TomlValue::Kind::kWhole, fmt::format("{}", scenario.stop->max_trajectories));
}

}  // namespace chokepoint
