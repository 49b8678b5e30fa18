// SPDX-License-Identifier: Apache-2.0
#include "rule_levers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "../config/text_file.h"
#include "../errors.h"
#include "rules.h"

namespace chokepoint {

namespace {

namespace fs = std::filesystem;
using std::chrono::months;
using std::chrono::year_month;

// A rule that a policy follows from a step on.
struct Use {
  Rule rule;
  std::string text;  // how the policy names it
  Place place;
};

// When the lever changes in a policy: to a rule, or to a number that stands there already.
using Changes = std::map<int, std::optional<Use>>;

bool is_rule(const TomlEntry* entry) { return entry && entry->value.is_table() && entry->value.find("rule"); }

class Resolver {
 public:
  Resolver(Document& document, const Scenario& scenario, Problems& problems)
      : document_(document),
        scenario_(scenario),
        problems_(problems),
        start_(std::chrono::year(scenario.start_year), std::chrono::month(static_cast<unsigned>(scenario.start_month))) {}

  void resolve(TomlEntry& policy);

 private:
  // Where the files are: as [data] names them, else in data/ beside the latest file of the scenario that has it there.
  std::string data_path(const char* key, const char* otherwise, const Place& place) const;
  const std::vector<Chip>& chips(const Place& place);
  const std::vector<Rule>& rules(const Place& place);

  std::optional<Use> read_use(const TomlEntry& lever, const std::string& name, std::optional<int>& step);
  std::optional<Rule> read_rule(const TomlValue& rule, const std::string& name, std::string& text);
  std::optional<int> step_of(std::chrono::year_month_day day, const TomlValue& at, const std::string& name) const;
  std::optional<int> step_of(const TomlEntry* from) const;  // of an entry of a schedule; others report what is wrong with it
  std::optional<Use> take_use(TomlValue& table, const std::string& name, std::optional<int>& step);
  void write(const Use& use, int from, int to, TomlValue& policy);
  void set(TomlValue& policy, int step, const Quality& quality, const Use& use);
  TomlValue& schedule_entry(TomlValue& policy, int step, const Place& place);

  Document& document_;
  const Scenario& scenario_;
  Problems& problems_;
  year_month start_;
  std::optional<std::vector<Chip>> chips_;
  std::optional<std::vector<Rule>> rules_;
};

std::string Resolver::data_path(const char* key, const char* otherwise, const Place& place) const {
  const TomlEntry* data = document_.root.find("data");
  const TomlEntry* given = data ? data->value.find(key) : nullptr;
  if (given && given->value.kind == TomlValue::Kind::kString)
    return (fs::path(problems_.file_of(given->place)).parent_path() / given->value.text).lexically_normal().string();
  std::error_code failed;
  for (auto file = document_.files.rbegin(); file != document_.files.rend(); ++file) {
    const fs::path path = (fs::path(file->path).parent_path() / otherwise).lexically_normal();
    if (fs::exists(path, failed)) return path.string();
  }
  throw UserError(fmt::format("{}: a rule needs {}, which is not beside any file of the scenario; name it: [data] {} = \"FILE\"",
                              problems_.where(place), otherwise, key));
}

const std::vector<Chip>& Resolver::chips(const Place& place) {
  if (!chips_) {
    const std::string path = data_path("chips", "data/chips.csv", place);
    chips_ = read_chips(path);
    document_.files.push_back({path, read_text_file(path)});
  }
  return *chips_;
}

const std::vector<Rule>& Resolver::rules(const Place& place) {
  if (!rules_) {
    const std::string path = data_path("rules", "data/rules.toml", place);
    rules_ = read_rules(path, problems_);
    document_.files.push_back({path, read_text_file(path)});
  }
  return *rules_;
}

std::optional<Rule> Resolver::read_rule(const TomlValue& rule, const std::string& name, std::string& text) {
  if (rule.is_table()) {
    TableReader table(rule, name, problems_);
    ChipTest test = read_chip_test(table, rule.place, name, problems_);
    table.report_unknown();
    std::vector<std::string> texts;
    for (const ChipLimit& one : test.limits) texts.push_back(limit_text(one));
    text = fmt::format("{}", fmt::join(texts, ", "));
    return rule_of(std::move(test));
  }
  if (rule.kind != TomlValue::Kind::kString) {
    report_kind(rule, name, "the name of a rule or a table of thresholds", problems_);
    return std::nullopt;
  }
  const std::vector<Rule>& all = rules(rule.place);
  const auto found = std::ranges::find(all, rule.text, &Rule::name);
  if (found != all.end() && found->on_chips) {
    text = rule.text;
    return *found;
  }
  std::vector<std::string> names;
  for (const Rule& one : all)
    if (one.on_chips) names.push_back(one.name);
  problems_.add(rule.place, fmt::format("{} = {} is no rule on chips.{}", name, to_toml(rule), advice(rule.text, names)));
  return std::nullopt;
}

// The first step that begins on the day or after it.
std::optional<int> Resolver::step_of(std::chrono::year_month_day day, const TomlValue& at, const std::string& name) const {
  const int within = day.day() > std::chrono::day(1);
  const auto step = (year_month(day.year(), day.month()) - start_).count() + within;
  if (step < scenario_.steps()) return std::max(0, static_cast<int>(step));
  problems_.add(at.place, fmt::format("{}: {} {:04}-{:02}-{:02} is outside the run, which starts on {:04}-{:02}-01 and lasts {} years",
                                      name, at.kind == TomlValue::Kind::kDate ? "from =" : "the rule's first day",
                                      static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                                      scenario_.start_year, scenario_.start_month, scenario_.years));
  return std::nullopt;
}

std::optional<int> Resolver::step_of(const TomlEntry* from) const {
  if (!from || from->value.kind != TomlValue::Kind::kDate) return std::nullopt;
  return (from->value.year - scenario_.start_year) * 12 + from->value.month - scenario_.start_month;
}

// `step`: when the entry that it stands in takes effect; without one, the rule's own dates count, and the step is theirs.
std::optional<Use> Resolver::read_use(const TomlEntry& lever, const std::string& name, std::optional<int>& step) {
  TableReader table(lever.value, name, problems_);
  const TomlValue& value = table.find("rule")->value;
  const TomlEntry* from = table.find("from");
  table.report_unknown();
  Use use{{}, {}, lever.place};
  auto rule = read_rule(value, name + ".rule", use.text);
  if (!rule) return std::nullopt;
  use.rule = std::move(*rule);
  if (step) {
    if (from) problems_.add(from->place, name + ".from: the entry of the schedule says from when; take this one out");
    return use;
  }
  if (from && from->value.kind != TomlValue::Kind::kDate) {
    report_kind(from->value, name + ".from", "a date without quotes, such as 2026-01-13,", problems_);
    return std::nullopt;
  }
  if (from)
    step = step_of(std::chrono::year(from->value.year) / from->value.month / from->value.day, from->value, name);
  else
    step = use.rule.from.ok() ? step_of(use.rule.from, value, name) : 0;
  return step ? std::optional(std::move(use)) : std::nullopt;
}

// Reads the lever out of a table and removes it there; what could not be read stays as a number, so that nothing more is said of it.
std::optional<Use> Resolver::take_use(TomlValue& table, const std::string& name, std::optional<int>& step) {
  const auto use = read_use(*table.find(kRuleLever), name, step);
  if (use)
    std::erase_if(table.entries, [](const TomlEntry& entry) { return entry.key == kRuleLever; });
  else
    table.find(kRuleLever)->value = make_value(TomlValue::Kind::kNumber, table.place, "0");
  return use;
}

void Resolver::resolve(TomlEntry& policy) {
  if (!policy.value.is_table()) return;
  const std::string name = fmt::format("policies.{}", policy.key);
  Changes changes;
  if (is_rule(policy.value.find(kRuleLever))) {
    std::optional<int> step;
    auto use = take_use(policy.value, fmt::format("{}.{}", name, kRuleLever), step);
    if (use) changes[*step] = std::move(use);
  }
  if (TomlEntry* schedule = policy.value.find("schedule"))
    for (TomlValue& item : schedule->value.items) {
      const TomlEntry* lever = item.find(kRuleLever);
      std::optional<int> step = step_of(item.find("from"));
      if (!lever) continue;
      std::optional<Use> use;
      if (is_rule(lever) && step) use = take_use(item, fmt::format("{}.schedule.{}", name, kRuleLever), step);
      if (step) changes[*step] = std::move(use);
    }
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    const auto next = std::next(change);
    if (change->second) write(*change->second, change->first, next == changes.end() ? scenario_.steps() : next->first, policy.value);
  }
  if (TomlEntry* schedule = policy.value.find("schedule"))
    std::ranges::stable_sort(schedule->value.items, {}, [&](const TomlValue& item) { return step_of(item.find("from")); });
}

// The number at `from`, and again wherever it changes before `to`.
void Resolver::write(const Use& use, int from, int to, TomlValue& policy) {
  std::optional<Quality> last;
  for (int step = std::max(from, 0); step < to; ++step) {
    const Quality quality = licensed_quality(use.rule, chips(use.place), start_ + months(step));
    if (last && last->value == quality.value) continue;
    set(policy, step, quality, use);
    last = quality;
  }
}

void Resolver::set(TomlValue& policy, int step, const Quality& quality, const Use& use) {
  TomlValue& entry = schedule_entry(policy, step, use.place);
  TomlValue number = make_value(TomlValue::Kind::kNumber, use.place, fmt::format("{}", quality.value));
  number.number = quality.value;
  entry.entries.push_back({kRuleLever, use.place, std::move(number)});
  const std::string reason = fmt::format("{} by the rule {}: {}", kRuleLever, use.text, quality_text(quality));
  if (TomlEntry* given = entry.find("reason"))
    given->value.text += "; " + reason;
  else
    entry.entries.push_back({"reason", use.place, make_value(TomlValue::Kind::kString, use.place, reason)});
}

// The one that starts at the step; a new one if there is none.
TomlValue& Resolver::schedule_entry(TomlValue& policy, int step, const Place& place) {
  if (!policy.find("schedule")) policy.entries.push_back({"schedule", place, make_value(TomlValue::Kind::kArray, place)});
  auto& items = policy.find("schedule")->value.items;
  const auto same = std::ranges::find_if(items, [&](const TomlValue& item) { return step_of(item.find("from")) == step; });
  if (same != items.end()) return *same;
  const year_month month = start_ + months(step);
  TomlValue date = make_value(TomlValue::Kind::kDate, place);
  date.year = static_cast<int>(month.year()), date.month = static_cast<int>(static_cast<unsigned>(month.month())), date.day = 1;
  date.text = fmt::format("{:04}-{:02}-01", date.year, date.month);
  items.push_back(make_table(place));
  items.back().entries.push_back({"from", place, std::move(date)});
  return items.back();
}

}  // namespace

void resolve_rules(Document& document, const Scenario& scenario, Problems& problems) {
  TomlEntry* policies = document.root.find("policies");
  const bool has_run = scenario.years && scenario.start_year;  // what is wrong with it was reported already
  if (!has_run || !policies->value.is_table() || row_number(scenario.model->levers, kRuleLever) < 0) return;
  Resolver resolver(document, scenario, problems);
  for (TomlEntry& policy : policies->value.entries) resolver.resolve(policy);
}

}  // namespace chokepoint
