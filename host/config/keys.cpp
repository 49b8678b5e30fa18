// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "../../kernels/engine.h"
#include "../scenario.h"

namespace chokepoint {

namespace {

constexpr std::uint64_t kMaxSeed = std::numeric_limits<std::int64_t>::max();  // of TOML
constexpr std::uint64_t kMaxKeep = 1'000'000;
constexpr std::uint64_t kMaxMonths = 1200;

constexpr const char* kNeeded = "must be given";
constexpr const char* kNothing = "nothing";

KeyRow whole(std::string table, std::string key, std::string preset, std::string otherwise, std::string meaning, std::uint64_t low,
             std::uint64_t high, std::string unit = {}) {
  return {std::move(table), std::move(key), std::move(preset), std::move(otherwise), std::move(meaning), "", low, high, std::move(unit)};
}

std::vector<KeyRow> top_and_run() {
  return {
      {"", "extends", "", kNothing,
       "scenarios that this file changes, relative to its folder; tables merge key by key, all else is replaced, later files win",
       "file or array of files"},
      {"", "title", R"("")", "", "what the scenario is called", "string"},
      {"", "description", R"("")", "", "what it asks, in a sentence or more", "string"},
      {"run", "model", R"("race")", "", "the model", "name of a model"},
      {"run", "start", "2026-01-01", "", "first month", "date, the first day of a month"},
      whole("run", "years", "10", "", "length of the run", 1, 100, "years"),
      whole("run", "trajectories", "100_000", "", "trajectories of each policy; a multiple of replicates", 1, kMaxTrajectories),
      whole("run", "replicates", "1", "", "trajectories of each world: the same parameters, other luck", 1, kMaxReplicates),
      whole("run", "seed_worlds", "1", "", "seed of the parameters' draws", 0, kMaxSeed),
      whole("run", "seed_chance", "2", "", "seed of the shocks within worlds", 0, kMaxSeed),
      whole("run", "record_every_months", "3", "", "how often metrics are recorded; must divide the months of the run", 1, kMaxMonths,
            "months"),
      whole("run", "keep", "10_000", "", "first trajectories that the result holds whole; all of a shorter run", 0, kMaxKeep),
      {"run", "policies", "", "all", "the policies that are run, in this order", "names of policies"},
      {"run", "reference", "", "the first policy", "the policy that the others are compared with", "name of a policy"},
  };
}

std::vector<KeyRow> stop() {
  return {
      {"run.stop", "statistic", "", "\"mean\"", "whose standard error is watched; it decides which of the keys below go with it",
       "name of a statistic (`chokepoint describe stops`)"},
      {"run.stop", "standard_error", "", kNeeded, "the run ends when the error is no larger",
       "number above 0, in the unit of the statistic"},
      whole("run.stop", "max_trajectories", "", fmt::format("{} times run.trajectories", kStopFactor),
            "the run ends here in any case, with exit code 4; not below run.trajectories, a multiple of replicates", 1, kMaxTrajectories),
      {"run.stop", "metric", "", "must be given if the statistic has one", "the metric", "name of a metric"},
      {"run.stop", "policy", "", "all; the largest error decides", "the policy", "name of a policy"},
      {"run.stop", "parameter", "", "all that vary", "the parameter", "name of a parameter that varies"},
      {"run.stop", "quantile", "", "must be given if the statistic has one", "the quantile", "number between 0 and 1, both excluded"},
      {"run.stop", "event", "", "must be given if the statistic has one", "the event", "name of an event, or trigger_1, trigger_2, ..."},
      {"run.stop", "threshold", "", "all at once", "the threshold, by the metric or event that it is on", "key of outputs.satisfice"},
      {"run.stop", "time", "", "the end of the run", "the recorded time",
       "date, the end of a recorded step; for what drives the outcome, one of outputs.sensitivity.times"},
  };
}

std::vector<KeyRow> parameters_and_correlation() {
  return {
      {"parameters.NAME", "LAW", "", kNeeded, "the distribution; a bare number, NAME = 2.1, is short for constant",
       "one law (`chokepoint describe distributions`)"},
      {"parameters.NAME", "source", "", kNothing, "where the numbers come from", "string"},
      {"parameters.NAME", "rationale", "", kNothing, "why they were chosen", "string"},
      {"parameters.NAME", "would_change_if", "", kNothing, "what would change them", "string"},
      {"parameters.NAME", "unit", "", "the model's", "a check: refused if it is not the unit of the model", "string"},
      {"correlation", "between", "", kNeeded, "two different parameters that vary and are no mixtures", "array of two names"},
      {"correlation", "rank", "", kNeeded, "Spearman's rank correlation (Gaussian copula)", "number between -1 and 1, both excluded"},
  };
}

std::vector<KeyRow> policies() {
  constexpr const char* kSchedule = "policies.NAME.schedule";
  constexpr const char* kRule = "policies.NAME.LEVER";
  constexpr const char* kTrigger = "policies.NAME.trigger";
  return {
      {"policies.NAME", "title", "", kNothing, "what the policy is called", "string"},
      {"policies.NAME", "description", "", kNothing, "what it does", "string"},
      {"policies.NAME", "LEVER", "", "the status quo", "a lever of the model, from the start on",
       "number in the lever's range; licensed_chip_quality also as a rule, below"},
      {"policies.NAME", "schedule", "", kNothing, "changes of levers by date", fmt::format("array of at most {} tables", kMaxSegments - 1)},
      {"policies.NAME", "trigger", "", kNothing, "changes of levers when something happens",
       fmt::format("array of at most {} tables", kMaxTriggers)},
      {kSchedule, "from", "", kNeeded, "when the levers change", "date within the run, the first day of a month"},
      {kSchedule, "LEVER", "", "unchanged", "a lever from then on; at least one",
       "number in the lever's range; licensed_chip_quality also as a rule without from"},
      {kSchedule, "reason", "", kNothing, "why; a rule on chips writes here which chips decided", "string"},
      {kRule, "rule", "", kNeeded, "which chips may be licensed",
       "name of a rule in data.rules, or a table of thresholds that a chip must keep, all of them: { tpp_below = 21_000 }"},
      {kRule, "from", "", "the first day of the rule; of thresholds the start",
       "from when it counts: from the next month on if it is not a first", "date within or before the run"},
      {kTrigger, "when", "", kNeeded, "the condition", "\"METRIC OP NUMBER\" with one of < <= > >="},
      whole(kTrigger, "months", "", "1", "for how many months in a row it must hold", 1, kMaxMonths, "months"),
      {kTrigger, "set", "", kNeeded, "levers from the next month on", "table of levers, or the name of a policy whose levers are taken"},
      {kTrigger, "release", "", "it stays once it has fired", "the condition that ends it", "as when"},
      whole(kTrigger, "release_months", "", "1", "for how many months in a row release must hold", 1, kMaxMonths, "months"),
  };
}

std::vector<KeyRow> data() {
  return {
      {"data", "chips", "", "data/chips.csv beside a file of the scenario", "chips with their performance and first month of sales",
       "file"},
      {"data", "rules", "", "data/rules.toml beside a file of the scenario", "rules by name", "file"},
  };
}

std::vector<KeyRow> outputs() {
  return {
      {"outputs", "quantiles", "[0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]", "", "quantiles of every metric, policy and time",
       fmt::format("array of 1 to {} increasing numbers between 0 and 1, both excluded", kMaxQuantiles)},
      {"outputs", "joint", "[]", "", "pairs of metrics whose joint histogram at the end is wanted",
       fmt::format("array of at most {} pairs of names", kMaxJoint)},
      {"outputs", "satisfice", "{}", "", "what is good enough: shares of trajectories that meet each, and all",
       fmt::format("table of at most {}: METRIC = \"OP NUMBER\" with one of < <= > >=, EVENT = \"== 0\" or \"== 1\"", kMaxThresholds)},
      {"outputs", "hurwicz", "0.5", "", "optimism of Hurwicz's criterion: weight of the best world, the rest is on the worst",
       "number from 0 to 1"},
      {"outputs.sensitivity", "times", "", "the end of every second year and of the run",
       "when it is asked what drives the outcome; the end of the run always is",
       fmt::format("array of dates, ends of recorded steps; with the end at most {}", kMaxTimes)},
  };
}

std::vector<KeyRow> history() {
  return {
      {"history", "file", "", kNeeded,
       "observations, relative to the folder of the file that names them; rows up to the start make the plain forecasts of `score`, those "
       "after the run are left out",
       "CSV file: series, date, value, low, high, unit, source, confidence"},
      {"history", "policy", "", "the reference", "the policy that came closest to what happened: its trajectories are calibrated",
       "name of a policy"},
      {"history", "temper", "", fmt::format("{}", kTemper),
       "correlation of the errors of a series: `chokepoint calibrate` counts k observations as k / (1 + (k - 1) temper)",
       "number from 0 (independent) to 1 (a series counts once)"},
      {"history.series.NAME", "metric", "", kNeeded, "what the series observes", "name of a metric"},
      whole("history.series.NAME", "change_months", "", "0: the metric itself",
            "the series is the metric less its value so many months before: what was added", 1, kMaxMonths, "months"),
      {"history.series.NAME", "error", "", "every row must have an interval",
       "standard deviation of a measurement without an interval: relative where the metric is on a logarithmic scale, else in its unit",
       "number above 0"},
  };
}

}  // namespace

const std::vector<TableRow>& configuration_tables() {
  static const std::vector<TableRow> all = {
      {"", "", ""},
      {"run", "[run]",
       "What is run. Flags of the command line override it: --trajectories, --seed-worlds, --seed-chance, --set run.years=5."},
      {"run.stop", "[run.stop]",
       "Optional: go on until a number is known well enough, looking at it again and again from run.trajectories on."},
      {"parameters.NAME", "[parameters]",
       "One table for each parameter of the model, NAME = { ... }. All of them must be there, here or in a file that this one extends."},
      {"correlation", "[[correlation]]",
       fmt::format("One for each pair of parameters that are not independent, in any order; at most {} parameters, and ranks that do not "
                   "contradict one another.",
                   kMaxCorrelated)},
      {"policies.NAME", "[policies.NAME]",
       fmt::format("At least one, at most {}. A name is made of a-z, 0-9 and _, and starts with a letter.", kMaxPolicies)},
      {"policies.NAME.schedule", "schedule = [ { ... } ]", "Entries of the schedule of a policy."},
      {"policies.NAME.trigger", "[[policies.NAME.trigger]]",
       "A trigger of a policy; the first one sets levers first, later ones override it."},
      {"policies.NAME.LEVER", "licensed_chip_quality = { ... }",
       "The lever as a rule on chips: H100-equivalents of the best chip on sale that the rule leaves licensable, over those of the best "
       "chip on sale (0 if there is none). It changes in the months in which new chips change it, until the schedule says something else; "
       "the resolved configuration has the numbers. Thresholds: tpp, density, memory_bandwidth, interconnect, bandwidth_sum, each with "
       "_below or _at_least. `chokepoint rules` shows what rules let through."},
      {"data", "[data]", "Files that rules on chips are read from, relative to the folder of the file that names them."},
      {"outputs", "[outputs]", "What the result holds beside means, histograms and comparisons of all metrics."},
      {"outputs.sensitivity", "[outputs.sensitivity]", ""},
      {"history", "[history]", "Optional: what was observed, which `chokepoint score` holds against the trajectories."},
      {"history.series.NAME", "[history.series.NAME]", "One for each series of the file that is used, by its name there."},
  };
  return all;
}

const std::vector<KeyRow>& configuration_keys() {
  static const std::vector<KeyRow> all = [] {
    std::vector<KeyRow> rows;
    for (const auto& part : {top_and_run(), stop(), parameters_and_correlation(), policies(), data(), outputs(), history()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

const KeyRow& key_row(std::string_view table, std::string_view key) {
  return *std::ranges::find_if(configuration_keys(), [&](const KeyRow& row) { return row.table == table && row.key == key; });
}

std::string preset_text() {
  std::string text;
  for (const char* table : {"", "run", "parameters", "policies", "outputs"}) {
    if (*table) text += fmt::format("[{}]\n", table);
    for (const KeyRow& row : configuration_keys())
      if (row.table == table && !row.preset.empty()) text += fmt::format("{} = {}\n", row.key, row.preset);
  }
  return text;
}

}  // namespace chokepoint
