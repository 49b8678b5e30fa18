// The tables of `describe`: complete, and true of what runs write and configurations may say.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "../../host/config/keys.h"
#include "../../host/config/laws.h"
#include "../../host/reports/describe.h"
#include "../../host/results/hdf5.h"
#include "../../host/run/stop.h"
#include "../e2e/run.h"
#include "config_fixture.h"
#include "refusal.h"

namespace chokepoint {
namespace {

// The line of a table that starts with this key.
std::string row_of(const std::string& text, const std::string& key) {
  const auto at = text.find("\n" + key + " ");
  return at == text.npos ? "" : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(Describe, ShowsEveryRowOfEveryModel) {
  for (const ModelInfo& model : models()) {
    const auto expect_rows = [&](const char* topic, const auto& rows) {
      const std::string text = describe(model.name, topic);
      for (const auto& row : rows) EXPECT_TRUE(row_of(text, row.key).ends_with(row.meaning)) << topic << " " << row.key << "\n" << text;
    };
    expect_rows("parameters", model.parameters);
    expect_rows("levers", model.levers);
    expect_rows("metrics", model.metrics);
    expect_rows("events", model.events);
    EXPECT_TRUE(row_of("\n" + describe("", ""), model.name).ends_with(model.title));
  }
}

TEST(Describe, ShowsUnitsRangesAndDirections) {
  EXPECT_EQ(row_of(describe("brownian", "parameters"), "drift"), "drift       1/yr        (-inf, inf)  growth rate of the mean");
  EXPECT_EQ(row_of(describe("brownian", "levers"), "hazard_cut"),
            "hazard_cut  [0, 1]   0           no              share of the hazard that is removed");
  EXPECT_EQ(row_of(describe("brownian", "metrics"), "value"), "value      1     higher  0.0001 to 10000, log  S(t)");
  EXPECT_EQ(row_of(describe("brownian", "metrics"), "log_value"), "log_value  1     -       -10 to 10, linear     ln S(t)");
  EXPECT_NE(row_of(describe("race", "metrics"), "capability_lag").find("  -600 to 3000, signed log, knee 1  "), std::string::npos);
  EXPECT_NE(row_of(describe("race", "levers"), "enforcement").find("  yes  "), std::string::npos);
}

TEST(Describe, RaceIsTheModelIfNoneIsNamed) { EXPECT_EQ(describe("", "events"), describe("race", "events")); }

TEST(Describe, UnknownNamesAreAnsweredWithTheList) {
  EXPECT_EQ(message_of([] { describe("raze", ""); }), "'raze' is no model. There are: race, brownian, textbook, inspection.");
  EXPECT_EQ(message_of([] { describe("race", "lever"); }),
            "'lever' is no topic. There are: parameters, levers, metrics, events, statistics, stops, configuration, "
            "distributions.");
  EXPECT_EQ(message_of([] { describe("x", "y"); }),
            "'x' is no model. There are: race, brownian, textbook, inspection.\n'y' is no topic. There are: parameters, levers, metrics, "
            "events, statistics, stops, configuration, distributions.");
}

// Words between runs of two blanks or more.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find("  ", at), line.size());
    cells.push_back(line.substr(at, end - at));
    at = std::min(line.find_first_not_of(' ', end), line.size());
  }
  return cells;
}

// The rows of the table: group, statistic, axes, suffixes of errors, meaning.
std::vector<std::vector<std::string>> statistics_of(const std::string& model) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(describe(model, "statistics"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('/')) rows.push_back(cells_of(line));
  return rows;
}

TEST(Describe, EveryModelHasStatistics) {
  for (const ModelInfo& model : models()) {
    const auto rows = statistics_of(model.name);
    EXPECT_GT(rows.size(), 25u);
    for (const auto& row : rows) EXPECT_EQ(row.size(), 5u) << row.front();
  }
}

TEST(Describe, StatisticsAndTheirErrorsAreInAResult) {
  TemporaryFolder folder;
  const std::string path = folder.file("out.h5");
  const Finished run = run_scenario(
      read_scenario({config_path("brownian.toml")}, {"run.trajectories=2000", "run.replicates=2", "outputs.satisfice={value='> 1'}",
                                                     "run.keep=1000", "parameters.drift={ uniform = { low = 0, high = 0.3 } }"}));
  write_result(path, {run.scenario, run.tallies, run.sample, run.statistics, {}});
  const Hdf5Reader file(path);
  const auto rows = statistics_of("brownian");
  for (const auto& row : rows) {
    std::string name = row[1];
    if (name.starts_with("METRIC")) name.replace(0, 6, "value");
    const std::string dataset = (row[0] == "/" ? "/" : row[0] + "/") + name;
    EXPECT_TRUE(file.has_dataset(dataset)) << dataset;
    for (const char* suffix : {"_se", "_bounds"})
      EXPECT_EQ(file.has_dataset(dataset + suffix), row[3].find(suffix) != std::string::npos) << dataset << suffix;
  }
  for (const char* name : {"METRIC_mean", "METRIC_quantile", "event_probability", "METRIC_probability_better", "METRIC_regret_mean",
                           "METRIC_winner_corrected", "satisfied", "METRIC_first_order", "METRIC_pawn", "evpi", "METRIC_evppi"})
    EXPECT_EQ(std::ranges::count(rows, name, [](const auto& row) { return row[1]; }), 1) << name;
}

TEST(Describe, StopsNameTheirKeys) {
  const std::string text = describe("race", "stops");
  for (const StopRow& row : stop_rows()) EXPECT_NE(row_of(text, row.name).find(row.meaning), std::string::npos) << row.name;
  EXPECT_EQ(cells_of(row_of(text, "quantile")), (std::vector<std::string>{"quantile", "metric, quantile", "policy, time", "quantile"}));
  EXPECT_TRUE(row_of(text, "regret_mean").ends_with(" *"));
}

using DescribedStops = ConfigTest;

TEST_F(DescribedStops, TheExampleIsAConfiguration) {
  const std::string text = describe("brownian", "stops");
  const Scenario scenario = read(text.substr(text.find("[run.stop]")));
  ASSERT_TRUE(scenario.stop);
  EXPECT_EQ(scenario.stop->statistic, StopStatistic::kMeanDifference);
  EXPECT_EQ(scenario.stop->max_trajectories, 100'000'000u);
}

// ---- configuration

// The table of a rule, which this model has no lever for; see test_rule_levers.cpp.
constexpr const char* kRuleTable = "policies.NAME.LEVER";

// A configuration with a key that does not exist in one table; the answer lists those that do.
struct Misspelt {
  const char* table;
  const char* text;
};
constexpr Misspelt kMisspelt[] = {
    {"", "zzzzzzzz = 1\n"},
    {"run", "[run]\nzzzzzzzz = 1\n"},
    {"run.stop", "[run.stop]\nmetric = \"value\"\nstandard_error = 1\nzzzzzzzz = 1\n"},
    {"parameters.NAME", "[parameters]\ndrift = { zzzzzzzz = 1 }\n"},
    {"correlation", "[[correlation]]\nbetween = [\"drift\", \"volatility\"]\nrank = 0\nzzzzzzzz = 1\n"},
    {"policies.NAME", "[policies.push]\nzzzzzzzz = 1\n"},
    {"policies.NAME.schedule", "[policies.push]\nschedule = [ { from = 2027-01-01, drift_push = 0, zzzzzzzz = 1 } ]\n"},
    {"policies.NAME.trigger", "[[policies.push.trigger]]\nwhen = \"value < 1\"\nset = { drift_push = 0 }\nzzzzzzzz = 1\n"},
    {"data", "[data]\nzzzzzzzz = 1\n"},
    {"outputs", "[outputs]\nzzzzzzzz = 1\n"},
    {"outputs.sensitivity", "[outputs.sensitivity]\nzzzzzzzz = 1\n"},
    {"history", "[history]\nfile = \"x.csv\"\nseries.a.metric = \"value\"\nzzzzzzzz = 1\n"},
    {"history.series.NAME", "[history]\nfile = \"x.csv\"\nseries.a = { metric = \"value\", zzzzzzzz = 1 }\n"},
};

std::set<std::string> split(const std::string& list) {
  std::set<std::string> words;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(", ", at), list.size());
    words.insert(list.substr(at, end - at));
    at = end + 2;
  }
  return words;
}

// The keys that the rows give a table of a configuration of the brownian model, and the tables in it.
std::set<std::string> described_keys(const std::string& table) {
  std::set<std::string> keys;
  for (const KeyRow& row : configuration_keys()) {
    if (row.table != table || row.key == "extends") continue;  // files are merged before anything is judged
    if (row.key == "LAW") {
      keys.insert(law_names().begin(), law_names().end());
    } else if (row.key == "LEVER") {
      for (const LeverRow& lever : find_model("brownian")->levers) keys.insert(lever.key);
    } else {
      keys.insert(row.key);
    }
  }
  const std::string prefix = table.empty() ? "" : table + ".";
  for (const TableRow& inner : configuration_tables())
    if (!inner.name.empty() && inner.name.starts_with(prefix) && inner.name != table && inner.name != kRuleTable)
      keys.insert(inner.name.substr(prefix.size(), inner.name.find('.', prefix.size()) - prefix.size()));
  return keys;
}

using DescribedConfiguration = ConfigTest;

TEST_F(DescribedConfiguration, ListsTheKeysThatTheParserTakes) {
  ASSERT_EQ(std::size(kMisspelt) + 1, configuration_tables().size());
  for (const auto& [table, text] : kMisspelt) {
    const std::string said = complaint(text), list = "Legal here: ";
    const std::size_t at = said.find(list);
    ASSERT_NE(at, said.npos) << table << ": " << said;
    EXPECT_EQ(split(said.substr(at + list.size(), said.find(".", at) - at - list.size())), described_keys(table)) << table;
  }
}

TEST_F(DescribedConfiguration, ShowsEveryKeyWithItsDefault) {
  const std::string text = describe("", "configuration");
  for (const KeyRow& row : configuration_keys()) {
    EXPECT_NE(row_of(text, row.key), "") << row.key;
    EXPECT_NE(row.preset.empty(), row.otherwise.empty()) << row.table << " " << row.key;
    EXPECT_NE(row.is_whole(), !row.value.empty()) << row.table << " " << row.key;
    EXPECT_NE(row.meaning, "") << row.table << " " << row.key;
  }
  EXPECT_EQ(cells_of(row_of(text, "trajectories")),
            (std::vector<std::string>{"trajectories", "100_000", "whole number, 1 to 1_000_000_000_000",
                                      "trajectories of each policy; a multiple of replicates"}));
}

TEST_F(DescribedConfiguration, TheExampleIsAConfiguration) {
  std::string text = describe("", "configuration");
  text.erase(0, text.find("extends = "));
  const std::string base = "baseline.toml";
  text.replace(text.find(base), base.size(), config_path(base));
  write("example.toml", text);
  const Scenario scenario = read_scenario({path("example.toml")}, {});
  EXPECT_EQ(scenario.correlations.size(), 1u);
  EXPECT_EQ(scenario.policies.back().triggers.size(), 1u);
}

TEST_F(DescribedConfiguration, ExamplesOfDistributionsAreWhatTheySay) {
  const std::string text = describe("", "distributions");
  for (const LawRow& law : laws()) {
    EXPECT_NE(text.find(law.example), std::string::npos) << law.name;
    EXPECT_EQ(drift("{ " + law.example + " }").kind, law.kind) << law.name;
    for (const std::string& argument : law.positive) EXPECT_NE(text.find(argument + " > 0"), std::string::npos) << law.name;
  }
}

// ---- Markdown

TEST(Markdown, EscapesWhatWouldBeMarkup) {
  ReferencePage page(PageFormat::kMarkdown, "A_b");
  page.paragraph("when a < b, `x | y` or * c");
  page.table({{{"key", true}, {"mean|ing"}}, {{"a|b<c", "d|e"}, {"<= f", "[g] & h"}, {"-", ""}}});
  page.code("a | b", "toml");
  EXPECT_EQ(page.text(),
            "# A\\_b\n\nwhen a &lt; b, <code>x &#124; y</code> or \\* c\n\n"
            "| key | mean\\|ing |\n| --- | --- |\n| <code>a&#124;b&lt;c</code> | d\\|e |\n| `<= f` | \\[g\\] &amp; h |\n| - |  |\n\n"
            "```toml\na | b\n```\n");
}

TEST(Markdown, EveryTopicHasWholeTables) {
  for (const char* topic : {"", "parameters", "levers", "metrics", "events", "statistics", "stops", "configuration", "distributions"}) {
    const std::string text = describe("race", topic, PageFormat::kMarkdown);
    EXPECT_TRUE(text.starts_with("# ")) << topic;
    std::istringstream lines(text);
    std::size_t rows = 0, cells = 0;
    for (std::string line; std::getline(lines, line);) {
      std::size_t bars = 0;
      for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
      if (!line.starts_with('|')) {
        cells = 0;
        continue;
      }
      if (!cells) cells = bars;
      EXPECT_EQ(bars, cells) << line;
      ++rows;
    }
    EXPECT_GE(rows, 5u) << topic;
  }
}

}  // namespace
}  // namespace chokepoint
