// What a configuration file may say.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "../config/keys.h"
#include "../config/laws.h"
#include "describe_topics.h"

namespace chokepoint {

namespace {

constexpr const char* kExample = R"(extends = "baseline.toml"
title = "What if enforcement doubled?"
description = "The baseline, and a policy that reacts when China closes in."

[run]
start = 2026-01-01
years = 10
trajectories = 200_000
seed_worlds = 7
reference = "status_quo"

[run.stop]
statistic = "mean_difference"
metric = "capability_lag"
policy = "twice_the_enforcement"
standard_error = 0.01

[parameters]
initial_lag = { lognormal = { p10 = 4.6, p90 = 9.6 }, unit = "months", source = "my reading of the evidence" }
scarcity_reference = 2.1

[[correlation]]
between = ["initial_lag", "algorithm_growth"]
rank = -0.3

[policies.up_to_the_h200]
title = "Chips up to the H200 may be licensed"
licensed_chip_quality = { rule = "bis_2026", from = 2026-01-13 }

[policies.twice_the_enforcement]
title = "Double enforcement from 2027, more if China closes in"
cloud_access_control = 0.5
schedule = [ { from = 2027-01-01, enforcement = 0.6 } ]

[[policies.twice_the_enforcement.trigger]]
when = "capability_lag < 3"
months = 3
set = { enforcement = 0.9 }
release = "capability_lag > 9"
release_months = 6

[outputs]
quantiles = [0.05, 0.5, 0.95]
joint = [["capability_lag", "row_adoption"]]
satisfice = { capability_lag = ">= 6", catastrophe = "== 0" }
hurwicz = 0.3

[outputs.sensitivity]
times = [2030-01-01])";

std::string value_text(const KeyRow& row) {
  if (!row.is_whole()) return row.value;
  std::string high = fmt::format("{}", fmt::group_digits(row.high));
  std::ranges::replace(high, ',', '_');  // as TOML writes them
  return fmt::format("whole number, {} to {}{}{}", row.low, high, row.unit.empty() ? "" : " ", row.unit);
}

// "normal = { mean, sd } or two percentiles, { p5, p95 }".
std::string form_text(const LawRow& row) {
  if (row.kind == Prior::Kind::kConstant) return "constant = NUMBER";
  if (row.kind == Prior::Kind::kMixture) return "mixture = [ { weight, LAW }, ... ]";
  std::vector<std::string> arguments;
  for (const std::string& argument : row.arguments) {
    const auto preset = std::ranges::find(row.defaults, argument, &std::pair<std::string, double>::first);
    arguments.push_back(preset == row.defaults.end() ? argument : fmt::format("{} = {}", argument, preset->second));
  }
  return fmt::format("{} = {{ {} }}{}", row.name, fmt::join(arguments, ", "), row.by_interval ? " or { pN, pM }" : "");
}

std::string limits_text(const LawRow& row) {
  std::vector<std::string> limits;
  for (const std::string& argument : row.positive) limits.push_back(argument + " > 0");
  if (!row.increasing.empty())
    limits.push_back(
        fmt::format("{}{}", fmt::join(row.increasing, row.increasing.size() == 2 ? " < " : " <= "),
                    row.increasing.size() == 2 ? "" : fmt::format(", {} < {}", row.increasing.front(), row.increasing.back())));
  if (!row.limits.empty()) limits.push_back(row.limits);
  return limits.empty() ? "-" : fmt::format("{}", fmt::join(limits, "; "));
}

}  // namespace

void describe_configuration(const ModelInfo&, ReferencePage& page) {
  page.paragraph(
      "A configuration is a TOML file, or several: later ones override earlier ones, and --set KEY=VALUE overrides both, for example\n"
      "`--set run.years=5`. A key that nothing reads is a mistake and is refused. What stands in capitals is a name of yours or of the "
      "model:\n"
      "`chokepoint describe parameters`, levers, metrics, events. `chokepoint validate FILE` reports every problem at once.");
  for (const TableRow& section : configuration_tables()) {
    page.heading(section.header.empty() ? "The top of a file" : section.header, !section.header.empty());
    if (!section.meaning.empty()) page.paragraph(section.meaning);
    ReferenceTable table{{{"key", true}, {"default"}, {"value"}, {"meaning"}}, {}};
    for (const KeyRow& row : configuration_keys())
      if (row.table == section.name)
        table.rows.push_back({row.key, row.preset.empty() ? row.otherwise : row.preset, value_text(row), row.meaning});
    page.table(table);
  }
  page.heading("An example with most keys");
  page.code(kExample, "toml");
}

void describe_distributions(const ModelInfo&, ReferencePage& page) {
  page.paragraph(
      "The law of a parameter, as it stands in `NAME = { LAW, source = \"...\" }`. pN is a percentile, N from 1 to 99; two of them, such "
      "as p5\n"
      "and p95, stand for the other arguments where the form says so. What has an = in a form may be left out.");
  ReferenceTable forms{{{"law", true}, {"form", true}, {"limits"}, {"meaning"}}, {}};
  ReferenceTable examples{{{"law", true}, {"example", true}}, {}};
  for (const LawRow& row : laws()) {
    forms.rows.push_back({row.name, form_text(row), limits_text(row), row.meaning});
    examples.rows.push_back({row.name, row.example});
  }
  page.table(forms);
  page.table(examples);
  page.paragraph("Draws invert the distribution function; those outside the parameter's valid range are clamped to it and counted.");
}

}  // namespace chokepoint
