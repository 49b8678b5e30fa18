// SPDX-License-Identifier: Apache-2.0
#include "replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../config/distribution_config.h"
#include "../errors.h"
#include "../run/plan.h"

namespace chokepoint {

namespace {

// What is told of one month of one policy.
class Teller {
 public:
  Teller(const Replay& replay, std::size_t policy, int step)
      : replay_(replay),
        policy_(replay.scenario.policies[policy]),
        step_(step),
        month_(replay.month(policy, step)),
        before_(step > 0 ? &replay.month(policy, step - 1) : nullptr) {}

  std::vector<std::string> texts() && {
    add_schedule();
    add_triggers();
    for (std::size_t i = 0; i < replay_.rows.size(); ++i) add_row(i);
    return std::move(texts_);
  }

 private:
  void add_schedule() {
    for (const ScheduleEntry& entry : policy_.schedule) {
      if (entry.from_step != step_ || step_ == 0) continue;
      std::string levers;
      for (const LeverSetting& set : entry.levers)
        levers += fmt::format("{}{} {:g}", levers.empty() ? "" : ", ", replay_.scenario.model->levers[set.lever].key, set.value);
      texts_.push_back("schedule: " + levers);
    }
  }

  void add_triggers() {
    for (std::size_t k = 0; k < policy_.triggers.size(); ++k) {
      const bool active = month_.triggers[k], was = before_ && before_->triggers[k];
      if (active && !was) texts_.push_back(fmt::format("trigger {} fires ({})", k + 1, policy_.triggers[k].text));
      if (!active && was) texts_.push_back(fmt::format("trigger {} is released", k + 1));
    }
  }

  void add_row(std::size_t i) {
    const HistoryRow& row = replay_.rows[i];
    const float now = month_.history[i], was = before_ ? before_->history[i] : 0;
    switch (row.kind) {
      case HistoryKind::kLasting:
        if (now != was) texts_.emplace_back(now != 0 ? row.begins : row.ends);
        break;
      case HistoryKind::kStriking:
        if (now != 0) texts_.emplace_back(row.begins);
        break;
      case HistoryKind::kNormal:
        if (std::abs(now) >= kLargeShock) texts_.push_back(fmt::format("{} {:+.1f} sd", row.begins, now));
        break;
      case HistoryKind::kRoutine:
        break;
    }
  }

  const Replay& replay_;
  const PolicySetting& policy_;
  int step_;
  const TracedMonth& month_;
  const TracedMonth* before_;
  std::vector<std::string> texts_;
};

// The same text of several policies in a month is told once.
std::vector<Happening> happenings(const Replay& replay) {
  std::vector<Happening> told;
  for (int step = 0; step < replay.steps(); ++step) {
    const auto first = static_cast<std::ptrdiff_t>(told.size());
    for (std::size_t p = 0; p < replay.policies(); ++p)
      for (std::string& text : Teller(replay, p, step).texts()) {
        const auto same = std::find_if(told.begin() + first, told.end(), [&](const Happening& h) { return h.text == text; });
        if (same == told.end())
          told.push_back({step, {static_cast<int>(p)}, std::move(text)});
        else
          same->policies.push_back(static_cast<int>(p));
      }
  }
  return told;
}

std::string shell_word(const std::string& word) {
  constexpr const char* kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./,=-";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool equals_stored(const StoredRun& stored, const std::vector<int>& policies, const Trace& trace) {
  const std::size_t kept = stored.kept(), at = trace.trajectory, events = stored.result().events.size();
  const std::vector<float> parameters = stored.parameters();
  for (std::size_t i = 0; i < trace.parameters.size(); ++i)
    if (!same(trace.parameters[i], parameters[at * trace.parameters.size() + i])) return false;
  const std::vector<std::int16_t> steps = stored.event_steps();
  for (std::size_t p = 0; p < policies.size(); ++p)
    for (std::size_t e = 0; e < trace.policies[p].events.size(); ++e)
      if (trace.policies[p].events[e] != steps[(policies[p] * kept + at) * events + e]) return false;
  for (std::size_t m = 0; m < stored.scenario().model->metrics.size(); ++m) {
    const std::vector<float> values = stored.metric(static_cast<int>(m));
    for (std::size_t p = 0; p < policies.size(); ++p)
      if (!same(trace.policies[p].months.back().metrics[m], values[policies[p] * kept + at])) return false;
  }
  return true;
}

}  // namespace

std::string Replay::date(int step) const {
  const int month = 12 * scenario.start_year + scenario.start_month - 1 + step;
  return fmt::format("{}-{:02}", month / 12, month % 12 + 1);
}

std::string Replay::title() const {
  return fmt::format("{}rajectory {}", scenario.title.empty() ? "T" : scenario.title + ": t", trace.trajectory);
}

Replay replay(const Scenario& full, const std::vector<int>& policies, std::uint64_t trajectory, std::uint64_t trajectories) {
  if (trajectory >= trajectories)
    throw UserError(fmt::format("--trajectory {}: not part of this run, whose trajectories are 0 to {}", trajectory, trajectories - 1));
  Replay told{reduced_to(full, policies), {}, history_rows(*full.model), {}, {}, "", ""};
  told.trace = trace(make_job(told.scenario), trajectory);
  told.happenings = happenings(told);
  return told;
}

void check_replay(const StoredRun& stored, const std::vector<int>& policies, Replay& replay) {
  if (stored.kept() == 0) return;
  const bool itself = replay.trace.trajectory < stored.kept();
  const Trace first = itself ? Trace{} : trace(make_job(replay.scenario), 0);
  if (!equals_stored(stored, policies, itself ? replay.trace : first))
    throw UserError(
        fmt::format("{}: trajectory {} does not come out again with the same bits; the file is from version {} of the program. Make it "
                    "again with this version, or replay it with that one.",
                    stored.path(), itself ? replay.trace.trajectory : 0, stored.made_by()));
  replay.check = itself ? "its parameters, events and end equal those in the file, bit for bit"
                        : "the file does not store it; its trajectory 0, told in the same way, equals the file's bit for bit";
}

std::string replay_command(const std::vector<std::string>& files, const std::vector<std::string>& overrides, std::uint64_t trajectory,
                           const std::vector<std::string>& policies) {
  std::string command = "chokepoint replay";
  for (const std::string& file : files) command += " " + shell_word(file);
  for (const std::string& set : overrides) command += " --set " + shell_word(set);
  return command + fmt::format(" --trajectory {} --policy {}", trajectory, shell_word(fmt::format("{}", fmt::join(policies, ","))));
}

std::string replay_command(const Replay& replay) {
  std::vector<std::string> policies, overrides;
  for (const PolicySetting& policy : replay.scenario.policies) policies.push_back(policy.name);
  if (replay.result_hash.empty()) overrides = replay.scenario.overrides;
  return replay_command(replay.files, overrides, replay.trace.trajectory, policies);
}

std::vector<int> default_policies(const Scenario& s, const StoredResult* result, const std::vector<int>& metrics) {
  std::vector<int> chosen = {s.reference};
  if (s.policies.size() == 1) return chosen;
  int best = s.reference == 0 ? 1 : 0;
  const auto decided = std::ranges::find_if(metrics, [&](int m) { return s.model->metrics[m].direction != Direction::kNone; });
  if (result && decided != metrics.end()) {
    const bool higher = s.model->metrics[*decided].direction == Direction::kHigher;
    const std::size_t times = result->years.size();
    const auto mean = [&](int policy) { return result->metrics[*decided].mean[(policy + 1) * times - 1]; };
    for (int p = 0; p < static_cast<int>(s.policies.size()); ++p)
      if (p != s.reference && (higher ? mean(p) > mean(best) : mean(p) < mean(best))) best = p;
  }
  chosen.push_back(best);
  return chosen;
}

std::vector<Unusual> by_unusualness(const Replay& replay) {
  std::vector<Unusual> all;
  for (const int i : drivers(replay.scenario)) {
    const float value = replay.trace.parameters[i];
    const Prior& prior = replay.scenario.parameters[i].prior;
    const float just_below = std::nextafter(value, -std::numeric_limits<float>::infinity());
    all.push_back(
        {i, (probability_level(prior, static_cast<double>(just_below)) + probability_level(prior, static_cast<double>(value))) / 2});
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, [](const Unusual& u) { return std::abs(u.level - 0.5); });
  return all;
}

}  // namespace chokepoint
