// chokepoint rules: which chips do export rules let through on a day, and which lever follows?
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>

#include "../config/date.h"
#include "../errors.h"
#include "../reports/rules_report.h"
#include "../run/bench.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "verbs.h"

namespace chokepoint {

namespace {

constexpr auto kFiles = {"csv", "json"};

std::chrono::year_month_day today() { return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()); }

std::string data_file(const po::variables_map& options, const char* name, const char* otherwise) {
  if (options.count(name)) return text_of(options, name);
  try {
    return (std::filesystem::path(default_configuration()).parent_path() / otherwise).string();
  } catch (const UserError&) {
    throw UserError(fmt::format("no configs/{} near the program; name the file: --{} FILE", otherwise, name));
  }
}

std::vector<Rule> all_rules(const std::string& path) {
  Problems problems;
  std::vector<Rule> rules = read_rules(path, problems);
  problems.throw_if_any();
  return rules;
}

// Those in force on the day, or the one that is named, whether it is or not.
std::vector<Rule> chosen_rules(std::vector<Rule> rules, const std::string& name, std::chrono::year_month_day day, const std::string& path) {
  std::vector<std::string> names;
  for (const Rule& rule : rules) names.push_back(rule.name);
  std::erase_if(rules, [&](const Rule& rule) { return name.empty() ? !rule.in_force(day) : rule.name != name; });
  if (!name.empty() && rules.empty()) throw UserError(fmt::format("--rule {}: not in {}.{}", name, path, advice(name, names)));
  return rules;
}

}  // namespace

void rules_options(po::options_description& o) {
  auto add = o.add_options();
  add("date", po::value<std::string>()->value_name("DAY"),
      "rules in force and chips on sale on this day, such as 2026-02-01; default: today");
  add("rule", po::value<std::string>()->value_name("NAME"), "this rule alone, whether it is in force on the day or not");
  add("chips", po::value<std::string>()->value_name("FILE.csv"), "table of chips; default: configs/data/chips.csv");
  add("rules", po::value<std::string>()->value_name("FILE.toml"), "rules; default: configs/data/rules.toml");
  add("csv", po::value<std::string>()->value_name("OUT.csv"), "write a row for each rule and chip to this file; -: to standard output");
  add("json", po::value<std::string>()->value_name("OUT.json"), "the same as JSON, with the levers");
  add("force", po::bool_switch(), "overwrite existing files");
  width_option(o);
}

int verb_rules(const po::variables_map& options, const Words& arguments) {
  if (!arguments.empty()) usage("`rules` takes no argument");
  check_outputs(options, kFiles, 100'000);
  const auto day = parse_date(date_of(options, "date")).value_or(today());
  const std::string chips = data_file(options, "chips", "data/chips.csv"), rules = data_file(options, "rules", "data/rules.toml");
  const RulesOnDay found{day, chosen_rules(all_rules(rules), text_of(options, "rule"), day, rules), read_chips(chips)};
  if (!has_standard_output(options, kFiles)) std::fputs(rules_text(found, terminal_of(options).width).c_str(), stdout);
  if (options.count("csv")) write_output(text_of(options, "csv"), rules_csv(found));
  if (options.count("json")) write_output(text_of(options, "json"), rules_json(found));
  return 0;
}

}  // namespace chokepoint
