// A replayed trajectory for scripts: every number of it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "../run/plan.h"
#include "csv.h"
#include "json.h"
#include "replay_report.h"

namespace chokepoint {

namespace {

// The shortest text that reads back as the same float.
std::string csv_number(float x) { return std::isnan(x) ? "" : fmt::format("{}", x); }
std::string json_number(float x) { return std::isfinite(x) ? fmt::format("{}", x) : "null"; }

// What happened under a policy in a month.
std::string told(const Replay& replay, std::size_t policy, int step) {
  std::vector<std::string> texts;
  for (const Happening& h : replay.happenings)
    if (h.step == step && std::ranges::find(h.policies, static_cast<int>(policy)) != h.policies.end()) texts.push_back(h.text);
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string active_triggers(const Replay& replay, std::size_t policy, int step) {
  std::vector<std::size_t> active;
  for (std::size_t k = 0; k < replay.scenario.policies[policy].triggers.size(); ++k)
    if (replay.month(policy, step).triggers[k]) active.push_back(k + 1);
  return fmt::format("{}", fmt::join(active, " "));
}

// {"key": [a value for each month], ...}
template <class Rows, class Values>
std::string series(const Replay& replay, std::size_t policy, const Rows& rows, Values&& values_of) {
  json::Members members;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> numbers;
    for (int step = 0; step < replay.steps(); ++step) numbers.push_back(json_number(values_of(replay.month(policy, step))[i]));
    members.emplace_back(rows[i].key, fmt::format("[{}]", fmt::join(numbers, ",")));
  }
  return json::object(members, ",\n      ");
}

std::string policy_json(const Replay& replay, std::size_t p) {
  const Scenario& s = replay.scenario;
  const std::vector<std::string> names = event_names(s);
  json::Members events;
  for (std::size_t e = 0; e < names.size(); ++e) {
    const int step = replay.trace.policies[p].events[e];
    if (has_event(s, static_cast<int>(p), static_cast<int>(e)))
      events.emplace_back(names[e], step < 0 ? "null" : json::quoted(replay.date(step)));
  }
  json::Members triggers;
  for (std::size_t k = 0; k < s.policies[p].triggers.size(); ++k) {
    std::vector<int> active;
    for (int step = 0; step < replay.steps(); ++step) active.push_back(replay.month(p, step).triggers[k]);
    triggers.emplace_back(fmt::format("trigger_{}", k + 1), fmt::format("[{}]", fmt::join(active, ",")));
  }
  const char* separator = ",\n     ";
  return json::object({{"name", json::quoted(s.policies[p].name)},
                       {"title", json::quoted(s.policies[p].title)},
                       {"letter", json::quoted(policy_letter(p))},
                       {"events", json::object(events)},
                       {"triggers", json::object(triggers)},
                       {"metrics", series(
                                       replay, p, s.model->metrics, [](const TracedMonth& m) -> auto& { return m.metrics; })},
                       {"levers", series(
                                      replay, p, s.model->levers, [](const TracedMonth& m) -> auto& { return m.levers; })},
                       {"history", series(
                                       replay, p, replay.rows, [](const TracedMonth& m) -> auto& { return m.history; })}},
                      separator);
}

std::string parameter_json(const Replay& replay, const Unusual& one) {
  const Scenario& s = replay.scenario;
  const ParameterRow& row = s.model->parameters[one.parameter];
  return json::object({{"key", json::quoted(row.key)},
                       {"value", json_number(replay.trace.parameters[one.parameter])},
                       {"unit", json::quoted(row.unit)},
                       {"level", std::isnan(one.level) ? "null" : json::number(one.level)},
                       {"clamped", replay.trace.clamped[one.parameter] ? "true" : "false"},
                       {"prior", json::quoted(s.parameters[one.parameter].text)},
                       {"meaning", json::quoted(row.meaning)}});
}

const char* kind_text(HistoryKind kind) {
  switch (kind) {
    case HistoryKind::kLasting:
      return "lasting";
    case HistoryKind::kStriking:
      return "striking";
    case HistoryKind::kRoutine:
      return "routine";
    default:
      return "normal";
  }
}

const char* scale_text(Scale scale) { return scale == Scale::kLinear ? "linear" : scale == Scale::kLog ? "log" : "signed_log"; }

// Those that vary, by how unusual they are, then the constants.
std::vector<Unusual> all_parameters(const Replay& replay) {
  std::vector<Unusual> all = by_unusualness(replay);
  for (int i = 0; i < static_cast<int>(replay.trace.parameters.size()); ++i)
    if (std::ranges::find(all, i, &Unusual::parameter) == all.end()) all.push_back({i, std::nan("")});
  return all;
}

}  // namespace

std::string replay_csv(const Replay& replay) {
  const ModelInfo& model = *replay.scenario.model;
  std::vector<std::string> header = {"trajectory", "policy", "year", "month"};
  for (const MetricRow& row : model.metrics) header.emplace_back(row.key);
  for (const LeverRow& row : model.levers) header.emplace_back(row.key);
  for (const HistoryRow& row : replay.rows) header.emplace_back(row.key);
  header.insert(header.end(), {"active_triggers", "what_happened"});
  std::string text = csv::row(header);
  for (std::size_t p = 0; p < replay.policies(); ++p)
    for (int step = 0; step < replay.steps(); ++step) {
      const std::string date = replay.date(step);
      const TracedMonth& month = replay.month(p, step);
      std::vector<std::string> fields = {fmt::format("{}", replay.trace.trajectory), csv::field(replay.scenario.policies[p].name),
                                         date.substr(0, date.find('-')), fmt::format("{}", std::stoi(date.substr(date.find('-') + 1)))};
      for (const auto* values : {&month.metrics, &month.levers, &month.history})
        for (const float x : *values) fields.push_back(csv_number(x));
      fields.push_back(active_triggers(replay, p, step));
      fields.push_back(csv::field(told(replay, p, step)));
      text += csv::row(fields);
    }
  return text;
}

std::string replay_json(const Replay& replay, const std::vector<int>& shown) {
  const Scenario& s = replay.scenario;
  std::vector<std::size_t> policies;
  std::vector<std::string> months, shown_keys;
  for (std::size_t p = 0; p < replay.policies(); ++p) policies.push_back(p);
  for (int step = 0; step < replay.steps(); ++step) months.push_back(json::quoted(replay.date(step)));
  for (const int m : shown) shown_keys.push_back(json::quoted(s.model->metrics[m].key));
  const auto metric = [](const MetricRow& row) {
    return json::object({{"key", json::quoted(row.key)},
                         {"unit", json::quoted(row.unit)},
                         {"scale", json::quoted(scale_text(row.scale))},
                         {"meaning", json::quoted(row.meaning)}});
  };
  const auto lever = [](const LeverRow& row) {
    return json::object(
        {{"key", json::quoted(row.key)}, {"status_quo", json_number(row.status_quo)}, {"meaning", json::quoted(row.meaning)}});
  };
  const auto history = [](const HistoryRow& row) {
    return json::object({{"key", json::quoted(row.key)}, {"kind", json::quoted(kind_text(row.kind))}, {"text", json::quoted(row.begins)}});
  };
  const auto happening = [&](const Happening& h) {
    return json::object({{"month", json::quoted(replay.date(h.step))},
                         {"policies", fmt::format("[{}]", fmt::join(h.policies, ","))},
                         {"text", json::quoted(h.text)}});
  };
  return json::object({{"title", json::quoted(s.title)},
                       {"model", json::quoted(s.model->name)},
                       {"source", json::quoted(fmt::format("{}", fmt::join(replay.files, ", ")))},
                       {"result_hash", json::quoted(replay.result_hash)},
                       {"command", json::quoted(replay_command(replay))},
                       {"check", json::quoted(replay.check)},
                       {"trajectory", fmt::format("{}", replay.trace.trajectory)},
                       {"world", fmt::format("{}", replay.trace.world)},
                       {"seed_worlds", fmt::format("{}", s.seed_worlds)},
                       {"seed_chance", fmt::format("{}", s.seed_chance)},
                       {"months", fmt::format("[{}]", fmt::join(months, ","))},
                       {"shown", fmt::format("[{}]", fmt::join(shown_keys, ","))},
                       {"metrics", json::array(s.model->metrics, metric)},
                       {"levers", json::array(s.model->levers, lever)},
                       {"history", json::array(replay.rows, history)},
                       {"parameters", json::array(all_parameters(replay), [&](const Unusual& one) { return parameter_json(replay, one); })},
                       {"happenings", json::array(replay.happenings, happening)},
                       {"policies", json::array(policies, [&](std::size_t p) { return policy_json(replay, p); })}},
                      ",\n ") +
         "\n";
}

}  // namespace chokepoint
