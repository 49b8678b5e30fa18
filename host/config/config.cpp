// The sections of a configuration, checked one after another against the rows of the model. Policies are
// read in policy_config.cpp, distributions in distribution_config.cpp; config_files.cpp merged the files.
// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "../rules/rule_levers.h"
#include "config_files.h"
#include "distribution_config.h"
#include "history_config.h"
#include "keys.h"
#include "laws.h"
#include "outputs_config.h"
#include "policy_config.h"
#include "stop_config.h"
#include "toml_tools.h"

namespace chokepoint {

namespace {

constexpr double kLeastPivot = 1e-9;  // of the correlation matrix, whose diagonal is 1

// [run]

void read_start(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const TomlValue& date = entry.value;
  if (date.kind != TomlValue::Kind::kDate) return report_kind(date, "run.start", "a date without quotes, such as 2026-01-01,", problems);
  if (date.day != 1)
    return problems.add(date.place, fmt::format("run.start = {} is not the first day of a month; a run starts with a month", date.text));
  scenario.start_year = date.year;
  scenario.start_month = date.month;
}

void check_recording(const TomlEntry& entry, const Scenario& scenario, Problems& problems) {
  const int every = scenario.record_every_months, steps = scenario.steps();
  if (!every || !steps || steps % every == 0) return;
  int divisor = std::min(every, steps);
  while (steps % divisor != 0) --divisor;
  problems.add(entry.value.place,
               fmt::format("run.record_every_months = {} does not divide the run of {} months; {} does", entry.value.text, steps, divisor));
}

void read_model(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const auto name = read_string(entry.value, "run.model", problems);
  if (!name) return;
  scenario.model = find_model(*name);
  if (scenario.model) return;
  std::vector<std::string> names;
  for (const ModelInfo& model : models()) names.emplace_back(model.name);
  problems.add(entry.value.place, fmt::format("run.model = {} is unknown.{}", to_toml(*name), advice(*name, names)));
}

// The choice of policies, the reference and the stopping rule are read later: they name what comes after.
void read_run(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  TableReader run(entry.value, "run", problems);
  if (!run.is_table()) return;
  read_model(*run.find("model"), scenario, problems);
  read_start(*run.find("start"), scenario, problems);
  scenario.years = static_cast<int>(run.whole(key_row("run", "years")).value_or(0));
  scenario.trajectories = run.whole(key_row("run", "trajectories")).value_or(0);
  scenario.replicates = run.whole(key_row("run", "replicates")).value_or(1);
  check_whole_worlds(run.find("trajectories")->value, "run.trajectories", scenario.trajectories, scenario, problems);
  scenario.seed_worlds = run.whole(key_row("run", "seed_worlds")).value_or(0);
  scenario.seed_chance = run.whole(key_row("run", "seed_chance")).value_or(0);
  scenario.keep = std::min(run.whole(key_row("run", "keep")).value_or(0), scenario.trajectories);
  scenario.record_every_months = static_cast<int>(run.whole(key_row("run", "record_every_months")).value_or(0));
  check_recording(*run.find("record_every_months"), scenario, problems);
  run.find("policies");
  run.find("reference");
  run.find("stop");
  run.report_unknown();
}

std::vector<std::string> names_of(const std::vector<PolicySetting>& policies) {
  std::vector<std::string> names;
  for (const PolicySetting& policy : policies) names.push_back(policy.name);
  return names;
}

// Those that are not run may still be named by triggers: leaves them out once all are read.
void choose_policies(const TomlValue& run, Scenario& scenario, Problems& problems) {
  const TomlEntry* entry = run.find("policies");
  const auto* items = entry ? read_array(entry->value, "run.policies", problems) : nullptr;
  if (!items) return;
  if (items->empty()) return problems.add(entry->value.place, "run.policies = [] names no policy; name at least one");
  std::vector<PolicySetting> chosen;
  for (const TomlValue& item : *items) {
    const auto name = read_string(item, "run.policies", problems);
    if (!name) continue;
    const auto found = std::ranges::find(scenario.policies, *name, &PolicySetting::name);
    if (found == scenario.policies.end()) {
      problems.add(item.place, fmt::format("run.policies: {} is no policy.{}", to_toml(*name), advice(*name, names_of(scenario.policies))));
    } else if (std::ranges::find(chosen, *name, &PolicySetting::name) != chosen.end()) {
      problems.add(item.place, fmt::format("run.policies names {} twice", to_toml(*name)));
    } else {
      chosen.push_back(*found);
    }
  }
  if (!chosen.empty()) scenario.policies = std::move(chosen);
}

void read_reference(const TomlValue& run, Scenario& scenario, Problems& problems) {
  const TomlEntry* entry = run.find("reference");
  if (!entry) return;
  const auto name = read_string(entry->value, "run.reference", problems);
  if (!name) return;
  const auto found = std::ranges::find(scenario.policies, *name, &PolicySetting::name);
  scenario.reference = static_cast<int>(found - scenario.policies.begin());
  if (found != scenario.policies.end()) return;
  problems.add(entry->value.place,
               fmt::format("run.reference = {} is no policy.{}", to_toml(*name), advice(*name, names_of(scenario.policies))));
}

// [parameters]

void check_prior(const ParameterRow& row, const TomlEntry& law, const Prior& prior, Problems& problems) {
  if (reaches(prior, row.range)) return;
  const std::string range = range_text(row.range, row.unit);
  if (prior.kind == Prior::Kind::kConstant)
    return problems.add(law.value.place, fmt::format("parameters.{} = {} is outside {} ({})", row.key, law.value.text, range, row.meaning));
  problems.add(law.value.place, fmt::format("parameters.{}: every draw of {} = {} is outside {} ({})", row.key, law.key, to_toml(law.value),
                                            range, row.meaning));
}

ParameterSetting read_parameter(const ParameterRow& row, const TomlEntry& entry, Problems& problems) {
  const std::string name = fmt::format("parameters.{}", row.key);
  ParameterSetting setting{};
  TableReader table(entry.value, name, problems);
  for (const std::string& law : law_names()) table.find(law);
  setting.source = table.string("source");
  setting.rationale = table.string("rationale");
  setting.would_change_if = table.string("would_change_if");
  const TomlEntry* unit = table.find("unit");
  table.report_unknown();
  if (unit)
    if (const auto given = read_string(unit->value, name + ".unit", problems); given && *given != row.unit)
      problems.add(unit->value.place, fmt::format("{} is given in '{}', but the model takes '{}' ({}); convert the numbers", name, *given,
                                                  row.unit, row.meaning));
  const TomlEntry* law = find_law(entry.value, name, problems);
  if (!law) return setting;
  setting.text = law->key + " = " + to_toml(law->value);
  setting.origin = problems.origin(law->value.place.source == entry.place.source ? entry.place : law->value.place);
  auto prior = read_law(*law, name, row.unit, problems);
  if (!prior) return setting;
  check_prior(row, *law, *prior, problems);
  setting.prior = *std::move(prior);
  return setting;
}

void read_parameters(const TomlEntry& entry, const Place& end, Scenario& scenario, Problems& problems) {
  const ModelInfo& model = *scenario.model;
  const auto& rows = model.parameters;
  scenario.parameters.resize(rows.size());
  if (!entry.value.is_table()) return report_kind(entry.value, "parameters", "a table", problems);
  for (const TomlEntry& given : entry.value.entries)
    if (row_number(rows, given.key) < 0)
      problems.add(given.place, fmt::format("unknown parameter '{}' (the model '{}' has none of that name).{}", given.key, model.name,
                                            advice(given.key, row_keys(rows), "parameters")));
  std::size_t distributions = rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const TomlEntry* given = entry.value.find(rows[i].key)) {
      scenario.parameters[i] = read_parameter(rows[i], *given, problems);
      const Prior& prior = scenario.parameters[i].prior;
      if (prior.kind == Prior::Kind::kMixture) distributions += prior.parts.size();
    } else {
      problems.add(end, fmt::format("parameters.{} is missing ({}: {})", rows[i].key, rows[i].unit, rows[i].meaning));
    }
  }
  if (distributions > kMaxDistributions)
    problems.add(entry.value.place,
                 fmt::format("{} parameters and parts of their mixtures; at most {} are possible", distributions, kMaxDistributions));
}

// [[correlation]]

// One end of a correlation, or -1.
int read_correlated(const TomlValue& value, const Scenario& scenario, Problems& problems) {
  const auto name = read_string(value, "correlation.between", problems);
  if (!name) return -1;
  const auto& rows = scenario.model->parameters;
  const int number = row_number(rows, *name);
  if (number < 0) {
    problems.add(value.place,
                 fmt::format("correlation.between: unknown parameter '{}'.{}", *name, advice(*name, row_keys(rows), "parameters")));
    return -1;
  }
  const ParameterSetting& setting = scenario.parameters[number];
  if (setting.prior.values.empty() && setting.prior.parts.empty()) return -1;  // reported already
  if (setting.prior.kind == Prior::Kind::kConstant) {
    problems.add(value.place, fmt::format("correlation.between: '{}' is constant and cannot be correlated; give it a distribution", *name));
    return -1;
  }
  if (setting.prior.kind == Prior::Kind::kMixture) {
    problems.add(
        value.place,
        fmt::format("correlation.between: '{}' cannot be correlated: a mixture has no single quantile function; use table or truncated",
                    *name));
    return -1;
  }
  return number;
}

void read_correlation(const TomlValue& value, Scenario& scenario, Problems& problems) {
  TableReader table(value, "correlation", problems);
  if (!table.is_table()) return;
  const TomlEntry *between = table.find("between"), *rank = table.find("rank");
  table.report_unknown();
  if (!between) problems.add(value.place, "correlation.between is missing; name two parameters");
  if (!rank) problems.add(value.place, "correlation.rank is missing; give Spearman's rank correlation, between -1 and 1");
  const double given_rank = rank ? read_number(rank->value, "correlation.rank", problems).value_or(0) : 0;
  const bool is_rank = std::abs(given_rank) < 1;
  if (!is_rank)
    problems.add(rank->value.place, fmt::format("correlation.rank = {} must lie between -1 and 1, both excluded", rank->value.text));
  const auto* names = between ? read_array(between->value, "correlation.between", problems) : nullptr;
  if (!names) return;
  if (names->size() != 2)
    return problems.add(between->value.place, fmt::format("correlation.between names {} parameters; name two", names->size()));
  const int first = read_correlated((*names)[0], scenario, problems), second = read_correlated((*names)[1], scenario, problems);
  if (first < 0 || second < 0) return;
  const char* const first_key = scenario.model->parameters[first].key;
  if (first == second)
    return problems.add(between->value.place,
                        fmt::format("correlation.between names '{}' twice; name two different parameters", first_key));
  for (const Correlation& earlier : scenario.correlations)
    if (std::minmax(earlier.first, earlier.second) == std::minmax(first, second))
      return problems.add(between->value.place, fmt::format("the correlation of '{}' and '{}' is given twice; keep one", first_key,
                                                            scenario.model->parameters[second].key));
  if (is_rank) scenario.correlations.push_back({first, second, given_rank});
}

// Cholesky factorisation; false if the matrix, given by its lower triangle, is not positive definite.
bool factorise(std::vector<std::vector<double>> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = rows[i][j];
      for (std::size_t k = 0; k < j; ++k) rest -= rows[i][k] * rows[j][k];
      if (i == j && rest < kLeastPivot) return false;
      rows[i][j] = i == j ? std::sqrt(rest) : rest / rows[j][j];
    }
  }
  return true;
}

void check_correlations(const TomlValue& list, const Scenario& scenario, Problems& problems) {
  std::set<int> members;
  for (const Correlation& one : scenario.correlations) members.insert({one.first, one.second});
  const std::vector<int> order(members.begin(), members.end());
  std::vector<std::string> names;
  for (const int member : order) names.emplace_back(scenario.model->parameters[member].key);
  if (order.size() > kMaxCorrelated)
    return problems.add(list.place, fmt::format("{} parameters are correlated; at most {} are possible", order.size(), kMaxCorrelated));

  const auto place_of = [&](int member) { return static_cast<std::size_t>(std::ranges::find(order, member) - order.begin()); };
  std::vector<std::vector<double>> matrix(order.size(), std::vector<double>(order.size(), 0));
  for (std::size_t i = 0; i < order.size(); ++i) matrix[i][i] = 1;
  for (const Correlation& one : scenario.correlations) {
    const auto [low, high] = std::minmax({place_of(one.first), place_of(one.second)});
    matrix[high][low] = 2 * std::sin(std::numbers::pi / 6 * one.rank);  // of the normal scores, for Spearman's rank
  }
  if (!factorise(matrix))
    problems.add(
        list.place,
        fmt::format("the rank correlations of {} contradict one another (their matrix is not positive definite); move some ranks towards 0",
                    fmt::join(names, ", ")));
}

void read_correlations(const TomlEntry& entry, Scenario& scenario, Problems& problems) {
  const auto* items = read_array(entry.value, "correlation", problems);
  if (!items) return;
  for (const TomlValue& item : *items) read_correlation(item, scenario, problems);
  if (scenario.correlations.size() == items->size()) check_correlations(entry.value, scenario, problems);
}

// Defaults that follow from other settings, for the resolved document.
void add_late_defaults(TomlValue& root, const Scenario& scenario) {
  const Place place;  // the defaults' source
  TomlValue& run = root.find("run")->value;
  if (!run.find("reference"))
    run.entries.push_back({"reference", place, make_value(TomlValue::Kind::kString, place, scenario.policies[0].name)});
  add_stop_defaults(root, scenario);
  add_output_defaults(root, scenario);
}

// [data]: files that rules are resolved with, and nothing else.
void check_data(const TomlEntry& entry, Problems& problems) {
  TableReader data(entry.value, "data", problems);
  for (const char* key : {"chips", "rules"}) data.string(key);
  data.report_unknown();
}

Scenario scenario_of(Document document, const std::vector<std::string>& overrides, Problems& problems) {
  TableReader root(document.root, "", problems);
  Scenario scenario;
  scenario.title = root.string("title");
  scenario.description = root.string("description");
  // All of these have defaults but the correlations and the history.
  const TomlEntry *run = root.find("run"), *parameters = root.find("parameters"), *policies = root.find("policies"),
                  *outputs = root.find("outputs");
  const TomlEntry *correlations = root.find("correlation"), *data = root.find("data"), *history = root.find("history");
  root.report_unknown();

  read_run(*run, scenario, problems);
  if (!scenario.model) problems.throw_if_any();  // nothing else can be judged
  read_parameters(*parameters, document.end, scenario, problems);
  if (correlations) read_correlations(*correlations, scenario, problems);
  if (data) check_data(*data, problems);
  resolve_rules(document, scenario, problems);
  read_policies(policies->value, scenario, problems);
  if (policies->value.is_table() && scenario.policies.empty())
    problems.add(document.end, "there is no policy; give at least one, [policies.NAME]");
  choose_policies(run->value, scenario, problems);
  read_reference(run->value, scenario, problems);
  read_outputs(*outputs, scenario, problems);
  if (history) read_history_setting(*history, scenario, problems);
  if (const TomlEntry* stop = run->value.find("stop"); stop && has_times(scenario)) read_stop(*stop, scenario, problems);
  problems.throw_if_any();

  add_late_defaults(document.root, scenario);
  scenario.files = std::move(document.files);
  scenario.overrides = overrides;
  scenario.resolved = resolved_text(document.root, &problems);
  scenario.settings = resolved_text(document.root, nullptr);
  return scenario;
}

}  // namespace

Scenario read_scenario(const std::vector<std::string>& paths, const std::vector<std::string>& overrides) {
  Problems problems;
  return scenario_of(read_document(preset_text(), paths, overrides, problems), overrides, problems);
}

Scenario parse_scenario(const std::string& name, const std::string& resolved) {
  Problems problems;
  return scenario_of(parse_document(preset_text(), name, resolved, problems), {}, problems);
}

}  // namespace chokepoint
