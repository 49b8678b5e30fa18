// SPDX-License-Identifier: Apache-2.0
#include "policy_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "../rules/rule_levers.h"
#include "distribution_config.h"
#include "keys.h"

namespace chokepoint {

namespace {

struct Operator {
  std::string_view sign;
  Comparison comparison;
};
// Longer signs before those that they start with.
constexpr Operator kOperators[] = {
    {"<=", Comparison::kLessEqual}, {">=", Comparison::kGreaterEqual}, {"<", Comparison::kLess}, {">", Comparison::kGreater}};
constexpr std::string_view kEquality = "==";

bool is_policy_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// What the parts of one policy need.
struct PolicyReader {
  const ModelInfo& model;
  const Scenario& scenario;
  Problems& problems;

  std::optional<LeverSetting> lever(int number, const TomlValue& value, const std::string& name) const;
  std::vector<LeverSetting> levers(TableReader& table) const;
  std::optional<int> step(const TomlEntry* from, const Place& place, const std::string& name) const;
  void schedule(const TomlEntry& entry, const std::string& name, PolicySetting& policy) const;
  std::optional<Condition> condition(const TomlEntry& entry, int months, const std::string& name) const;
  std::vector<LeverSetting> set(const TomlEntry& entry, const std::string& name) const;
  std::string describe(const Condition& condition) const;
  void trigger(const TomlValue& table, const std::string& name, PolicySetting& policy) const;
};

std::optional<LeverSetting> PolicyReader::lever(int number, const TomlValue& value, const std::string& name) const {
  const LeverRow& row = model.levers[number];
  if (value.is_table() && value.find("rule")) {
    const bool in_trigger = row.key == std::string_view(kRuleLever);  // elsewhere it was resolved
    problems.add(value.place, in_trigger ? fmt::format("{}: no rule here, as it is not known when a trigger fires; give a number, such as "
                                                       "`chokepoint rules` prints",
                                                       name)
                                         : fmt::format("{}: no rule on chips gives this lever; give a number", name));
    return std::nullopt;
  }
  const auto number_given = read_number(value, name, problems);
  if (!number_given) return std::nullopt;
  if (inside(*number_given, row.range)) return LeverSetting{number, *number_given};
  problems.add(value.place, fmt::format("{} = {} is outside {} ({})", name, value.text, range_text(row.range), row.meaning));
  return std::nullopt;
}

std::vector<LeverSetting> PolicyReader::levers(TableReader& table) const {
  std::vector<LeverSetting> settings;
  for (std::size_t i = 0; i < model.levers.size(); ++i)
    if (const TomlEntry* entry = table.find(model.levers[i].key))
      if (const auto setting = lever(static_cast<int>(i), entry->value, table.name(entry->key))) settings.push_back(*setting);
  return settings;
}

std::optional<int> PolicyReader::step(const TomlEntry* from, const Place& place, const std::string& name) const {
  if (!from) {
    problems.add(place, fmt::format("{}: from is missing; give the first day of a month, such as from = 2027-07-01", name));
    return std::nullopt;
  }
  const TomlValue& date = from->value;
  if (date.kind != TomlValue::Kind::kDate) {
    report_kind(date, name + ".from", "a date without quotes, such as 2027-07-01,", problems);
    return std::nullopt;
  }
  if (date.day != 1) {
    problems.add(date.place, fmt::format("{}.from = {} is not the first day of a month; levers change by the month", name, date.text));
    return std::nullopt;
  }
  if (!scenario.years || !scenario.start_year) return std::nullopt;  // reported already
  const int step = (date.year - scenario.start_year) * 12 + date.month - scenario.start_month;
  if (step >= 0 && step < scenario.steps()) return step;
  problems.add(date.place, fmt::format("{}.from = {} is outside the run, which starts on {:04}-{:02}-01 and lasts {} years", name,
                                       date.text, scenario.start_year, scenario.start_month, scenario.years));
  return std::nullopt;
}

void PolicyReader::schedule(const TomlEntry& entry, const std::string& name, PolicySetting& policy) const {
  const auto* items = read_array(entry.value, name, problems);
  if (!items) return;
  if (items->size() >= kMaxSegments)
    return problems.add(entry.value.place,
                        fmt::format("{} has {} entries; at most {} are possible", name, items->size(), kMaxSegments - 1));
  std::map<int, Place> taken;
  for (const TomlValue& item : *items) {
    TableReader table(item, name, problems);
    if (!table.is_table()) continue;
    const TomlEntry *from = table.find("from"), *reason = table.find("reason");
    if (reason) read_string(reason->value, name + ".reason", problems);
    const auto at = step(from, item.place, name);
    std::vector<LeverSetting> settings = levers(table);
    table.report_unknown("levers");
    if (item.entries.size() == (from ? 1u : 0u) + (reason ? 1u : 0u))
      problems.add(item.place, fmt::format("{}: an entry changes no lever; name at least one", name));
    if (!at) continue;
    const auto [earlier, is_new] = taken.try_emplace(*at, from->value.place);
    if (!is_new) {
      problems.add(from->value.place, fmt::format("{}.from = {} is given twice, first at {}; put both into one entry", name,
                                                  from->value.text, problems.where(earlier->second)));
    } else if (*at > 0) {
      policy.schedule.push_back({*at, std::move(settings)});
    } else {
      // From the start on: part of the policy's own levers.
      auto& own = policy.schedule[0].levers;
      for (const LeverSetting& setting : settings) {
        std::erase_if(own, [&](const LeverSetting& old) { return old.lever == setting.lever; });
        own.push_back(setting);
      }
    }
  }
  std::ranges::sort(policy.schedule, {}, &ScheduleEntry::from_step);
}

std::optional<Condition> PolicyReader::condition(const TomlEntry& entry, int months, const std::string& name) const {
  const auto text = read_string(entry.value, name, problems);
  if (!text) return std::nullopt;
  const std::size_t end = std::min(text->find_first_of("<>="), text->size());
  const std::string metric(trimmed(std::string_view(*text).substr(0, end)));
  const auto bound = parse_bound(std::string_view(*text).substr(end));
  if (metric.empty() || !bound || bound->equals) {
    problems.add(entry.value.place,
                 fmt::format("{} = {} is no condition; give \"METRIC OP NUMBER\" with one of < <= > >=, such as \"{} < 3\"", name,
                             to_toml(*text), model.metrics[0].key));
    return std::nullopt;
  }
  const int number = row_number(model.metrics, metric);
  if (number < 0) {
    problems.add(entry.value.place, fmt::format("{}: '{}' is no metric of the model '{}'.{}", name, metric, model.name,
                                                advice(metric, row_keys(model.metrics), "metrics")));
    return std::nullopt;
  }
  return Condition{number, bound->comparison, static_cast<float>(bound->value), months};
}

std::string PolicyReader::describe(const Condition& condition) const {
  const auto sign = std::ranges::find(kOperators, condition.comparison, &Operator::comparison)->sign;
  return fmt::format("{} {} {} for {} month{}", model.metrics[condition.metric].key, sign, condition.threshold, condition.months,
                     condition.months == 1 ? "" : "s");
}

std::vector<LeverSetting> PolicyReader::set(const TomlEntry& entry, const std::string& name) const {
  if (entry.value.is_table()) {
    TableReader table(entry.value, name, problems);
    auto settings = levers(table);
    table.report_unknown("levers");
    if (entry.value.entries.empty()) problems.add(entry.value.place, fmt::format("{} = {{}} changes no lever; name at least one", name));
    return settings;
  }
  if (entry.value.kind != TomlValue::Kind::kString) {
    report_kind(entry.value, name, "a table of levers or a policy's name", problems);
    return {};
  }
  const auto found = std::ranges::find(scenario.policies, entry.value.text, &PolicySetting::name);
  if (found == scenario.policies.end()) {
    std::vector<std::string> names;
    for (const PolicySetting& policy : scenario.policies) names.push_back(policy.name);
    problems.add(entry.value.place, fmt::format("{} = {} is no policy.{}", name, to_toml(entry.value), advice(entry.value.text, names)));
    return {};
  }
  const auto& settings = found->schedule[0].levers;
  if (settings.empty())
    problems.add(entry.value.place, fmt::format("{} = {} changes no lever: that policy names none", name, to_toml(entry.value)));
  return settings;
}

void PolicyReader::trigger(const TomlValue& value, const std::string& name, PolicySetting& policy) const {
  TableReader table(value, name, problems);
  if (!table.is_table()) return;
  const TomlEntry *when = table.find("when"), *set_entry = table.find("set"), *release = table.find("release");
  const auto months = static_cast<int>(table.whole(key_row("policies.NAME.trigger", "months")).value_or(1));
  const TomlEntry* release_months_entry = value.find("release_months");
  const auto release_months = static_cast<int>(table.whole(key_row("policies.NAME.trigger", "release_months")).value_or(1));
  table.report_unknown();
  if (!when)
    problems.add(value.place, fmt::format("{}: when is missing; give a condition, such as when = \"{} < 3\"", name, model.metrics[0].key));
  if (!set_entry) problems.add(value.place, fmt::format("{}: set is missing; give a table of levers or a policy's name", name));
  if (release_months_entry && !release)
    problems.add(release_months_entry->place, fmt::format("{}.release_months without release: once fired, this trigger stays", name));

  TriggerSetting setting{};
  const auto fires = when ? condition(*when, months, name + ".when") : std::nullopt;
  if (release) setting.release = condition(*release, release_months, name + ".release");
  if (set_entry) setting.levers = set(*set_entry, name + ".set");
  if (!fires) return;
  setting.when = *fires;
  setting.text = describe(*fires);
  policy.triggers.push_back(std::move(setting));
}

// All but the triggers, which may refer to any policy.
PolicySetting read_policy(const TomlEntry& entry, const PolicyReader& reader) {
  const std::string path = "policies." + entry.key;
  PolicySetting policy{entry.key, {}, {}, {{0, {}}}, {}};
  if (!is_policy_name(entry.key))
    reader.problems.add(entry.place, fmt::format("a policy cannot be called '{}'; use a-z, 0-9 and _, and start with a letter", entry.key));
  TableReader table(entry.value, path, reader.problems);
  policy.title = table.string("title");
  policy.description = table.string("description");
  const TomlEntry* schedule = table.find("schedule");
  table.find("trigger");
  policy.schedule[0].levers = reader.levers(table);
  table.report_unknown("levers");
  if (schedule) reader.schedule(*schedule, path + ".schedule", policy);
  return policy;
}

void read_triggers(const TomlEntry& entry, const PolicyReader& reader, PolicySetting& policy) {
  const TomlEntry* triggers = entry.value.find("trigger");
  if (!triggers) return;
  const std::string path = "policies." + entry.key + ".trigger";
  const auto* items = read_array(triggers->value, path, reader.problems);
  if (!items) return;
  if (items->size() > kMaxTriggers)
    reader.problems.add((*items)[kMaxTriggers].place,
                        fmt::format("policies.{} has {} triggers; at most {} are possible", entry.key, items->size(), kMaxTriggers));
  for (const TomlValue& item : *items) reader.trigger(item, path, policy);
}

}  // namespace

std::optional<Bound> parse_bound(std::string_view text) {
  text = trimmed(text);
  const bool equals = text.starts_with(kEquality);
  const auto found = std::ranges::find_if(kOperators, [&](const Operator& one) { return text.starts_with(one.sign); });
  if (!equals && found == std::end(kOperators)) return std::nullopt;
  const std::string_view digits = trimmed(text.substr(equals ? kEquality.size() : found->sign.size()));
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!whole || !inside(value, kUnbounded)) return std::nullopt;
  return Bound{equals ? Comparison::kLessEqual : found->comparison, equals, value};
}

void read_policies(const TomlValue& policies, Scenario& scenario, Problems& problems) {
  if (!policies.is_table()) return report_kind(policies, "policies", "a table", problems);
  const PolicyReader reader{*scenario.model, scenario, problems};
  if (policies.entries.size() > kMaxPolicies)
    problems.add(policies.entries[kMaxPolicies].place,
                 fmt::format("{} policies; at most {} are possible", policies.entries.size(), kMaxPolicies));
  for (const TomlEntry& entry : policies.entries) scenario.policies.push_back(read_policy(entry, reader));
  for (std::size_t i = 0; i < policies.entries.size(); ++i) read_triggers(policies.entries[i], reader, scenario.policies[i]);
}

}  // namespace chokepoint
