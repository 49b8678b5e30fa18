// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "../../kernels/engine.h"
#include "../config/distribution_config.h"
#include "../config/text_file.h"

namespace chokepoint {

namespace {

using std::chrono::year_month_day;
constexpr year_month_day kOpenEnd{std::chrono::year(9999), std::chrono::December, std::chrono::day(31)};

const char* key_of(Quantity quantity) { return kQuantityKeys[static_cast<int>(quantity)]; }

// On which side of a limit a chip is: "memory_bandwidth 8000 >= 6500".
std::string finding(const ChipLimit& limit, const Chip& chip) {
  const auto value = chip.value(limit.quantity);
  if (!value) return fmt::format("{} not known, the limit is {}", key_of(limit.quantity), limit.value);
  return fmt::format("{} {} {} {}", key_of(limit.quantity), *value, *value >= limit.value ? ">=" : "<", limit.value);
}

// Those of the limits that a chip meets, or does not.
std::string findings(const ChipTest& test, const Chip& chip, bool met) {
  std::vector<std::string> texts;
  for (const ChipLimit& one : test.limits)
    if (one.met_by(chip) == met) texts.push_back(finding(one, chip));
  return fmt::format("{}", fmt::join(texts, ", "));
}

const LeverRow* lever_row(std::string_view key) {
  for (const ModelInfo& model : models())
    if (const int number = row_number(model.levers, key); number >= 0) return &model.levers[number];
  return nullptr;
}

year_month_day read_day(TableReader& table, std::string_view key, year_month_day otherwise, Problems& problems) {
  const TomlEntry* entry = table.find(key);
  if (!entry) return otherwise;
  const TomlValue& date = entry->value;
  if (date.kind != TomlValue::Kind::kDate) {
    report_kind(date, table.name(key), "a date without quotes, such as 2026-01-13,", problems);
    return otherwise;
  }
  return std::chrono::year(date.year) / date.month / date.day;
}

std::vector<ChipTest> read_tests(const TomlEntry* entry, const std::string& name, bool reviewed, Problems& problems) {
  std::vector<ChipTest> tests;
  const auto* items = entry ? read_array(entry->value, name, problems) : nullptr;
  if (!items) return tests;
  for (const TomlValue& item : *items) {
    TableReader table(item, name, problems);
    if (!table.is_table()) continue;
    ChipTest test = read_chip_test(table, item.place, name, problems);
    if (reviewed) test.review = table.string("review");
    if (reviewed && test.review.empty()) problems.add(item.place, name + ".review is missing; say how a licence is judged");
    table.report_unknown();
    tests.push_back(std::move(test));
  }
  return tests;
}

class RuleReader {
 public:
  explicit RuleReader(Problems& problems) : problems_(problems) {}

  void read(const TomlEntry& entry) {
    Rule rule;
    rule.name = entry.key;
    TableReader table(entry.value, "rules." + entry.key, problems_);
    if (!table.is_table()) return;
    for (const auto& [key, text] : {std::pair{"title", &rule.title}, {"source", &rule.source}}) {
      *text = table.string(key);
      if (text->empty()) problems_.add(entry.place, fmt::format("{} is missing", table.name(key)));
    }
    rule.description = table.string("description");
    rule.from = read_day(table, "from", {}, problems_);
    rule.until = read_day(table, "until", kOpenEnd, problems_);
    if (!rule.from.ok()) problems_.add(entry.place, table.name("from") + " is missing; give the first day on which it is in force");
    if (rule.from >= rule.until) problems_.add(entry.place, table.name("until") + " must be after from");
    read_limits(table, entry, rule);
    read_levers(table.find("levers"), table.name("levers"), rule);
    rule.rationale = table.string("rationale");
    table.report_unknown();
    rules.push_back(std::move(rule));
  }

  std::vector<Rule> rules;

 private:
  void read_limits(TableReader& table, const TomlEntry& entry, Rule& rule) {
    const TomlEntry *controls = table.find("controls"), *base = table.find("adds_to"), *permits = table.find("permits");
    rule.controls = read_tests(controls, table.name("controls"), false, problems_);
    rule.permits = read_tests(permits, table.name("permits"), true, problems_);
    if (base)
      if (const auto name = read_string(base->value, table.name("adds_to"), problems_)) add_base(*name, base->value.place, rule);
    rule.on_chips = controls || base;
    if (permits && !rule.on_chips) problems_.add(entry.place, table.name("permits") + " without controls: nothing needs a licence");
  }

  void add_base(const std::string& name, const Place& place, Rule& rule) {
    const auto found = std::ranges::find(rules, name, &Rule::name);
    if (found == rules.end())
      return problems_.add(place, fmt::format("rules.{}.adds_to = '{}' is no rule before this one", rule.name, name));
    rule.controls.insert(rule.controls.begin(), found->controls.begin(), found->controls.end());
  }

  void read_levers(const TomlEntry* entry, const std::string& name, Rule& rule) {
    if (!entry) return;
    if (!entry->value.is_table()) return report_kind(entry->value, name, "a table", problems_);
    for (const TomlEntry& lever : entry->value.entries) {
      const auto value = read_number(lever.value, name + "." + lever.key, problems_);
      const LeverRow* row = lever_row(lever.key);
      if (!row)
        problems_.add(lever.place, fmt::format("{}.{} is a lever of no model", name, lever.key));
      else if (value && !inside(*value, row->range))
        problems_.add(lever.value.place,
                      fmt::format("{}.{} = {} is outside {}", name, lever.key, lever.value.text, range_text(row->range)));
      else if (value)
        rule.levers.emplace_back(lever.key, *value);
    }
  }

  Problems& problems_;
};

}  // namespace

bool ChipLimit::met_by(const Chip& chip) const {
  const auto number = chip.value(quantity);
  return at_least ? !number || *number >= value : number && *number < value;
}

bool ChipTest::met_by(const Chip& chip) const {
  return std::ranges::all_of(limits, [&](const ChipLimit& one) { return one.met_by(chip); });
}

std::string limit_text(const ChipLimit& limit) {
  return fmt::format("{} {} {}", key_of(limit.quantity), limit.at_least ? ">=" : "<", limit.value);
}

Verdict judge(const Rule& rule, const Chip& chip) {
  const auto meets = [&](const ChipTest& test) { return test.met_by(chip); };
  const auto control = std::ranges::find_if(rule.controls, meets);
  if (control == rule.controls.end()) return {Access::kFree, "below every threshold"};
  const auto permit = std::ranges::find_if(rule.permits, meets);
  if (permit != rule.permits.end()) return {Access::kPermitted, permit->review};
  if (rule.permits.empty()) return {Access::kDenied, findings(*control, chip, true)};
  std::vector<std::string> texts;
  for (const ChipTest& test : rule.permits) texts.push_back(findings(test, chip, false));
  return {Access::kDenied, fmt::format("{}", fmt::join(texts, "; "))};
}

Quality licensed_quality(const Rule& rule, const std::vector<Chip>& chips, std::chrono::year_month month) {
  std::vector<const Chip*> on_sale, licensable;
  for (const Chip& chip : chips) {
    if (!chip.on_sale_in(month)) continue;
    on_sale.push_back(&chip);
    if (judge(rule, chip).access != Access::kDenied) licensable.push_back(&chip);
  }
  Quality quality{0, best_of(licensable), best_of(on_sale)};
  if (quality.licensable) quality.value = quality.licensable->h100e / quality.best->h100e;
  return quality;
}

ChipTest read_chip_test(TableReader& table, const Place& place, const std::string& name, Problems& problems) {
  ChipTest test;
  for (std::size_t i = 0; i < kQuantityKeys.size(); ++i)
    for (const bool at_least : {false, true}) {
      const std::string key = fmt::format("{}_{}", kQuantityKeys[i], at_least ? "at_least" : "below");
      const TomlEntry* entry = table.find(key);
      const auto value = entry ? read_number(entry->value, table.name(key), problems) : std::nullopt;
      if (!value) continue;
      if (*value <= 0) problems.add(entry->value.place, fmt::format("{} = {} must be above 0", table.name(key), entry->value.text));
      test.limits.push_back({static_cast<Quantity>(i), at_least, *value});
    }
  if (test.limits.empty()) problems.add(place, name + " has no threshold; give at least one, such as tpp_below = 21_000");
  return test;
}

Rule rule_of(ChipTest test) {
  Rule rule;
  rule.controls.resize(1);  // without a threshold: every chip
  rule.permits = {std::move(test)};
  return rule;
}

std::vector<Rule> read_rules(const std::string& path, Problems& problems) {
  const int source = problems.add_source(Problems::Source::kFile, path);
  RuleReader reader(problems);
  try {
    const TomlValue root = parse_toml(read_text_file(path), source);
    TableReader table(root, "", problems);
    const TomlEntry* rules = table.find("rules");
    table.report_unknown();
    if (!rules || !rules->value.is_table())
      problems.add(problems.end_of(source), "there is no rule; give at least one, [rules.NAME]");
    else
      for (const TomlEntry& entry : rules->value.entries) reader.read(entry);
  } catch (const TomlSyntaxError& error) {
    problems.add({source, error.line, error.column}, "not TOML: " + error.what);
  }
  return std::move(reader.rules);
}

std::string quality_text(const Quality& quality) {
  if (!quality.best) return "no chip is on sale";
  const std::string best = fmt::format("{} ({:.3g} H100e)", quality.best->name, quality.best->h100e);
  if (!quality.licensable) return fmt::format("no chip may be licensed; the best is {}", best);
  return fmt::format("{} ({:.3g} H100e) over {}", quality.licensable->name, quality.licensable->h100e, best);
}

}  // namespace chokepoint
