// SPDX-License-Identifier: Apache-2.0
#include "rules_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "../rules/rule_levers.h"
#include "csv.h"
#include "json.h"
#include "terminal.h"

namespace chokepoint {

namespace {

std::string month_text(std::chrono::year_month month) {
  return fmt::format("{:04}-{:02}", static_cast<int>(month.year()), static_cast<unsigned>(month.month()));
}

const char* access_text(Access access) { return access == Access::kFree ? "free" : access == Access::kPermitted ? "licence" : "denied"; }

std::string optional_text(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

// On sale on the day, the best first.
std::vector<const Chip*> chips_on_sale(const RulesOnDay& found) {
  std::vector<const Chip*> chips;
  for (const Chip& chip : found.chips)
    if (chip.on_sale_in(found.month())) chips.push_back(&chip);
  std::ranges::stable_sort(chips, std::greater{}, &Chip::h100e);
  return chips;
}

std::string not_on_sale(const RulesOnDay& found) {
  std::string text;
  for (const Chip& chip : found.chips)
    if (!chip.on_sale_in(found.month()))
      text +=
          fmt::format("{}{} ({})", text.empty() ? "" : ", ", chip.name, chip.on_sale ? "from " + month_text(*chip.on_sale) : "never sold");
  return text;
}

bool is_open(const Rule& rule) { return static_cast<int>(rule.until.year()) == 9999; }

std::string period_text(const Rule& rule) {
  return is_open(rule) ? "from " + date_text(rule.from) : fmt::format("{} until {}", date_text(rule.from), date_text(rule.until));
}

std::string chips_table(const Rule& rule, const std::vector<const Chip*>& chips, int width) {
  TableColumn names{{"chip"}, {}, true}, access{{"access"}, {}, true}, why{{"why"}, {}, true}, h100e{{"H100e"}, {}};
  std::vector<std::string> numbers;
  for (const Chip* chip : chips) {
    const Verdict verdict = judge(rule, *chip);
    names.cells.push_back(printable(chip->name));
    numbers.push_back(fmt::format("{:.2f}", chip->h100e));
    access.cells.push_back(access_text(verdict.access));
    why.cells.push_back(printable(verdict.why));
  }
  h100e.cells = align_points(numbers);
  const int room = std::max(20, width - names.width() - width_of({h100e, access}) - kColumnGap);
  why.cells = shorten_all(why.cells, room, "...");
  return format_tables(names, {h100e, access, why}, width);
}

std::string levers_text(const Rule& rule, const Quality& quality, int width) {
  std::string text;
  const std::string indent(4, ' ');
  if (rule.on_chips)
    text += wrap_text(fmt::format("{} = {:.3f}  # {}", kRuleLever, quality.value, quality_text(quality)), width, indent, "  ");
  for (const auto& [lever, value] : rule.levers) text += fmt::format("  {} = {}\n", printable(lever), value);
  if (!rule.rationale.empty()) text += wrap_text(rule.rationale, width, "  ", "  ");
  return text;
}

}  // namespace

std::string date_text(std::chrono::year_month_day day) {
  return fmt::format("{}-{:02}", month_text({day.year(), day.month()}), static_cast<unsigned>(day.day()));
}

std::string rules_text(const RulesOnDay& found, int width) {
  const auto chips = chips_on_sale(found);
  std::string text = fmt::format("{}: {} rule{}, {} chips on sale\n", date_text(found.day), found.rules.size(),
                                 found.rules.size() == 1 ? "" : "s", chips.size());
  for (const Rule& rule : found.rules) {
    text += "\n" + wrap_text(fmt::format("{}: {} ({})", rule.name, rule.title, period_text(rule)), width, "  ");
    if (!rule.description.empty()) text += wrap_text(rule.description, width, "  ", "  ");
    text += wrap_text("Source: " + rule.source, width, "  ", "  ") + "\n";
    if (rule.on_chips) text += chips_table(rule, chips, width) + "\n";
    text += levers_text(rule, licensed_quality(rule, found.chips, found.month()), width);
  }
  const std::string others = not_on_sale(found);
  return others.empty() ? text : text + "\n" + wrap_text("Not on sale then: " + others, width, "  ");
}

std::string rules_csv(const RulesOnDay& found) {
  std::string text = csv::row({"date", "rule", "chip", "vendor", "on_sale", "date_known_to", "tpp", "density", "memory_bandwidth",
                               "interconnect", "h100e", "access", "why"});
  for (const Rule& rule : found.rules) {
    if (!rule.on_chips) continue;
    for (const Chip* chip : chips_on_sale(found)) {
      const Verdict verdict = judge(rule, *chip);
      text += csv::row({date_text(found.day), csv::field(rule.name), csv::field(chip->name), csv::field(chip->vendor),
                        month_text(*chip->on_sale), chip->date_known_to, csv::field(chip->tpp), optional_text(chip->density),
                        optional_text(chip->memory_bandwidth), optional_text(chip->interconnect), csv::field(chip->h100e),
                        access_text(verdict.access), csv::field(verdict.why)});
    }
  }
  return text;
}

std::string rules_json(const RulesOnDay& found) {
  const auto name_of = [](const Chip* chip) { return chip ? json::quoted(chip->name) : "null"; };
  const auto rule_json = [&](const Rule& rule) {
    json::Members levers;
    const Quality quality = licensed_quality(rule, found.chips, found.month());
    if (rule.on_chips) levers.emplace_back(kRuleLever, json::exact(quality.value));
    for (const auto& [lever, value] : rule.levers) levers.emplace_back(lever, json::exact(value));
    json::Members members = {{"name", json::quoted(rule.name)},
                             {"title", json::quoted(rule.title)},
                             {"from", json::quoted(date_text(rule.from))},
                             {"until", is_open(rule) ? "null" : json::quoted(date_text(rule.until))},
                             {"source", json::quoted(rule.source)},
                             {"levers", json::object(levers)},
                             {"rationale", json::quoted(rule.rationale)}};
    if (!rule.on_chips) return json::object(members, ",\n     ");
    members.emplace_back("best_licensable", name_of(quality.licensable));
    members.emplace_back("best_on_sale", name_of(quality.best));
    members.emplace_back("chips", json::array(
                                      chips_on_sale(found),
                                      [&](const Chip* chip) {
                                        const Verdict verdict = judge(rule, *chip);
                                        return json::object({{"chip", json::quoted(chip->name)},
                                                             {"h100e", json::exact(chip->h100e)},
                                                             {"access", json::quoted(access_text(verdict.access))},
                                                             {"why", json::quoted(verdict.why)}});
                                      },
                                      ",\n      "));
    return json::object(members, ",\n     ");
  };
  return json::object({{"date", json::quoted(date_text(found.day))}, {"rules", json::array(found.rules, rule_json)}}, ",\n  ") + "\n";
}

}  // namespace chokepoint
