// What configuration files mean: defaults, laws, policies, merging, and the resolved document.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "../../host/config/config.h"
#include "config_fixture.h"

namespace chokepoint {
namespace {

namespace fs = std::filesystem;
using Kind = Prior::Kind;
using Config = ConfigTest;

void expect_prior(const Prior& prior, Kind kind, const std::vector<double>& values, const std::vector<double>& weights = {}) {
  EXPECT_EQ(prior.kind, kind);
  EXPECT_EQ(prior.weights, weights);
  ASSERT_EQ(prior.values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(prior.values[i], values[i], 1e-14) << i;
}

void expect_same(const Prior& a, const Prior& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.weights, b.weights);
  ASSERT_EQ(a.parts.size(), b.parts.size());
  for (std::size_t i = 0; i < a.parts.size(); ++i) expect_same(a.parts[i], b.parts[i]);
}

void expect_same(const std::vector<LeverSetting>& a, const std::vector<LeverSetting>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].lever == b[i].lever && a[i].value == b[i].value) << i;
}

void expect_same(const Condition& a, const Condition& b) {
  EXPECT_TRUE(a.metric == b.metric && a.comparison == b.comparison && a.threshold == b.threshold && a.months == b.months);
}

void expect_same(const PolicySetting& a, const PolicySetting& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.description, b.description);
  ASSERT_EQ(a.schedule.size(), b.schedule.size());
  for (std::size_t i = 0; i < a.schedule.size(); ++i) {
    EXPECT_EQ(a.schedule[i].from_step, b.schedule[i].from_step);
    expect_same(a.schedule[i].levers, b.schedule[i].levers);
  }
  ASSERT_EQ(a.triggers.size(), b.triggers.size());
  for (std::size_t i = 0; i < a.triggers.size(); ++i) {
    expect_same(a.triggers[i].when, b.triggers[i].when);
    ASSERT_EQ(a.triggers[i].release.has_value(), b.triggers[i].release.has_value());
    if (a.triggers[i].release) expect_same(*a.triggers[i].release, *b.triggers[i].release);
    expect_same(a.triggers[i].levers, b.triggers[i].levers);
    EXPECT_EQ(a.triggers[i].text, b.triggers[i].text);
  }
}

// All that decides a run, but not where it was written.
void expect_same(const Scenario& a, const Scenario& b) {
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.start_year, b.start_year);
  EXPECT_EQ(a.start_month, b.start_month);
  EXPECT_EQ(a.years, b.years);
  EXPECT_EQ(a.trajectories, b.trajectories);
  EXPECT_EQ(a.replicates, b.replicates);
  EXPECT_EQ(a.seed_worlds, b.seed_worlds);
  EXPECT_EQ(a.seed_chance, b.seed_chance);
  EXPECT_EQ(a.keep, b.keep);
  EXPECT_EQ(a.record_every_months, b.record_every_months);
  EXPECT_EQ(a.reference, b.reference);
  ASSERT_EQ(a.stop.has_value(), b.stop.has_value());
  if (a.stop) {
    const StopSetting &x = *a.stop, &y = *b.stop;
    EXPECT_EQ(x.statistic, y.statistic);
    EXPECT_EQ(x.standard_error, y.standard_error);
    EXPECT_EQ(x.max_trajectories, y.max_trajectories);
    EXPECT_EQ(x.quantile, y.quantile);
    EXPECT_TRUE(x.metric == y.metric && x.policy == y.policy && x.parameter == y.parameter && x.event == y.event &&
                x.threshold == y.threshold && x.record == y.record);
  }
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    const ParameterSetting &x = a.parameters[i], &y = b.parameters[i];
    expect_same(x.prior, y.prior);
    EXPECT_EQ(x.text, y.text);
    EXPECT_EQ(x.source, y.source);
    EXPECT_EQ(x.rationale, y.rationale);
    EXPECT_EQ(x.would_change_if, y.would_change_if);
  }
  ASSERT_EQ(a.correlations.size(), b.correlations.size());
  for (std::size_t i = 0; i < a.correlations.size(); ++i) {
    EXPECT_EQ(a.correlations[i].first, b.correlations[i].first);
    EXPECT_EQ(a.correlations[i].second, b.correlations[i].second);
    EXPECT_EQ(a.correlations[i].rank, b.correlations[i].rank);
  }
  ASSERT_EQ(a.policies.size(), b.policies.size());
  for (std::size_t i = 0; i < a.policies.size(); ++i) expect_same(a.policies[i], b.policies[i]);
  EXPECT_EQ(a.quantiles, b.quantiles);
  EXPECT_EQ(a.hurwicz, b.hurwicz);
  EXPECT_EQ(a.sensitivity_records, b.sensitivity_records);
  ASSERT_EQ(a.joint.size(), b.joint.size());
  for (std::size_t i = 0; i < a.joint.size(); ++i)
    EXPECT_TRUE(a.joint[i].first == b.joint[i].first && a.joint[i].second == b.joint[i].second);
  ASSERT_EQ(a.satisfice.size(), b.satisfice.size());
  for (std::size_t i = 0; i < a.satisfice.size(); ++i) {
    const Satisfice &x = a.satisfice[i], &y = b.satisfice[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_TRUE(x.metric == y.metric && x.event == y.event && x.comparison == y.comparison && x.equals == y.equals && x.value == y.value);
  }
}

std::vector<std::string> names(const Scenario& scenario) {
  std::vector<std::string> all;
  for (const PolicySetting& policy : scenario.policies) all.push_back(policy.name);
  return all;
}

// Defaults and whole files

TEST_F(Config, DefaultsStandForWhatNoFileSays) {
  const Scenario s = read("");
  EXPECT_STREQ(s.model->name, "brownian");
  EXPECT_EQ(s.title, "Base");
  EXPECT_EQ(s.start_year, 2026);
  EXPECT_EQ(s.start_month, 1);
  EXPECT_EQ(s.years, 5);
  EXPECT_EQ(s.trajectories, 1000u);
  EXPECT_EQ(s.replicates, 1u);
  EXPECT_EQ(s.seed_worlds, 1u);
  EXPECT_EQ(s.seed_chance, 2u);
  EXPECT_EQ(s.record_every_months, 3);
  EXPECT_EQ(s.keep, 1000u) << "at most all trajectories";
  EXPECT_EQ(s.reference, 0);
  EXPECT_FALSE(s.stop);
  EXPECT_EQ(s.quantiles, (std::vector<double>{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99}));
  EXPECT_TRUE(s.joint.empty() && s.satisfice.empty() && s.correlations.empty());
  EXPECT_EQ(s.hurwicz, 0.5);
  EXPECT_EQ(s.sensitivity_records, (std::vector<int>{7, 15, 19})) << "two, four and five years of quarters";
}

TEST_F(Config, TheFilesOfTheProjectAreRead) {
  const std::string configs = CHOKEPOINT_SOURCE_DIR "/configs/";
  const Scenario baseline = read_scenario({configs + "baseline.toml"}, {});
  EXPECT_STREQ(baseline.model->name, "race");
  EXPECT_EQ(baseline.parameters.size(), baseline.model->parameters.size());
  EXPECT_EQ(baseline.policies.size(), 10u);
  EXPECT_EQ(baseline.policies[0].name, "status_quo");
  EXPECT_EQ(baseline.policies[9].triggers[0].text, "capability_lag < 3 for 3 months");
  EXPECT_EQ(baseline.policies[9].triggers[0].levers.size(), 8u);

  const Scenario evidence = read_scenario({configs + "evidence.toml"}, {});
  EXPECT_EQ(evidence.parameters.size(), baseline.parameters.size());
  EXPECT_EQ(evidence.policies.size(), baseline.policies.size());
  EXPECT_FALSE(evidence.correlations.empty());
  for (const Scenario* scenario : {&baseline, &evidence})
    for (const ParameterSetting& parameter : scenario->parameters)
      EXPECT_FALSE(parameter.source.empty() || parameter.rationale.empty() || parameter.would_change_if.empty()) << parameter.text;

  const Scenario smoke = read_scenario({configs + "smoke.toml"}, {});
  EXPECT_EQ(smoke.trajectories, 2000u);
  EXPECT_EQ(smoke.years, 3);
  EXPECT_EQ(smoke.keep, 200u);
  EXPECT_EQ(names(smoke), names(baseline));

  const Scenario brownian = read_scenario({configs + "brownian.toml"}, {});
  EXPECT_STREQ(brownian.model->name, "brownian");
  EXPECT_EQ(names(brownian), (std::vector<std::string>{"base", "push"}));
}

TEST_F(Config, EverySettingOfARunIsRead) {
  const Scenario s = read(R"(description = "All"
[run]
start = 2030-04-01
years = 2
trajectories = 1e6
replicates = 4
seed_worlds = 9223372036854775807
seed_chance = 0
record_every_months = 24
reference = "push"
keep = 7
[run.stop]
metric = "log_value"
statistic = "mean"
standard_error = 0.01
[outputs]
quantiles = [0.5]
joint = [["log_value", "value"]]
satisfice = { value = ">= 1.5", log_value = "<2", barrier = "== 0", hazard = "==1" }
hurwicz = 1
sensitivity = { times = [2032-04-01] }
)");
  EXPECT_EQ(s.description, "All");
  EXPECT_EQ(s.start_year, 2030);
  EXPECT_EQ(s.start_month, 4);
  EXPECT_EQ(s.records(), 1);
  EXPECT_EQ(s.trajectories, 1'000'000u);
  EXPECT_EQ(s.replicates, 4u);
  EXPECT_EQ(s.seed_worlds, 0x7fffffffffffffffu);
  EXPECT_EQ(s.seed_chance, 0u);
  EXPECT_EQ(s.reference, 1);
  EXPECT_EQ(s.keep, 7u);
  ASSERT_TRUE(s.stop);
  EXPECT_EQ(s.stop->metric, 1);
  EXPECT_EQ(s.stop->standard_error, 0.01);
  EXPECT_EQ(s.stop->max_trajectories, 10'000'000u);
  EXPECT_EQ(s.quantiles, std::vector<double>{0.5});
  ASSERT_EQ(s.joint.size(), 1u);
  EXPECT_TRUE(s.joint[0].first == 1 && s.joint[0].second == 0);
  ASSERT_EQ(s.satisfice.size(), 4u);
  EXPECT_TRUE(s.satisfice[0].metric == 0 && s.satisfice[0].event == -1 && s.satisfice[0].comparison == Comparison::kGreaterEqual &&
              !s.satisfice[0].equals);
  EXPECT_TRUE(s.satisfice[1].metric == 1 && s.satisfice[1].comparison == Comparison::kLess && s.satisfice[1].value == 2);
  EXPECT_TRUE(s.satisfice[2].metric == -1 && s.satisfice[2].event == 0 && s.satisfice[2].equals && s.satisfice[2].value == 0);
  EXPECT_TRUE(s.satisfice[3].event == 1 && s.satisfice[3].value == 1);
  EXPECT_EQ(s.hurwicz, 1);
  EXPECT_EQ(s.sensitivity_records, std::vector<int>{0});
}

TEST_F(Config, TimesOfSensitivityAreSortedAndEndWithTheRun) {
  const auto records = [&](const std::string& text) { return read(text).sensitivity_records; };
  EXPECT_EQ(records("outputs.sensitivity.times = [2030-07-01, 2026-04-01]\n"), (std::vector<int>{0, 17, 19}));
  EXPECT_EQ(records("outputs.sensitivity.times = [2031-01-01]\n"), (std::vector<int>{19}));
  EXPECT_EQ(records("outputs.sensitivity.times = []\n"), (std::vector<int>{19}));
  EXPECT_EQ(records("outputs.sensitivity = {}\n"), (std::vector<int>{7, 15, 19}));
  EXPECT_EQ(records("run.start = 2026-11-01\nrun.years = 1\noutputs.sensitivity.times = [2027-02-01]\n"), (std::vector<int>{0, 3}));
  EXPECT_EQ(records("run.record_every_months = 60\n"), (std::vector<int>{0})) << "no second year is recorded";
  const std::vector<int> century = records("run.years = 100\nrun.record_every_months = 12\n");
  EXPECT_LE(century.size(), std::size_t{kMaxTimes});
  EXPECT_EQ(century.front(), 3) << "every fourth year is the first that fits";
  EXPECT_EQ(century.back(), 99);
}

TEST_F(Config, EveryKeyOfAStopIsRead) {
  const auto stop = [&](const std::string& lines) {
    return *read("[run.stop]\nstandard_error = 0.01\n" + lines + "\n[outputs.satisfice]\nvalue = \"> 1\"\nhazard = \"== 0\"\n").stop;
  };
  StopSetting s = stop("metric = \"value\"");
  EXPECT_EQ(s.statistic, StopStatistic::kMean);
  EXPECT_TRUE(s.metric == 0 && s.policy == -1 && s.record == 19 && s.event == -1 && s.threshold == -1 && s.parameter == -1);
  s = stop("statistic = \"difference_quantile\"\nmetric = \"log_value\"\nquantile = 0.05\npolicy = \"push\"\ntime = 2028-04-01");
  EXPECT_EQ(s.statistic, StopStatistic::kDifferenceQuantile);
  EXPECT_EQ(s.quantile, 0.05);
  EXPECT_TRUE(s.metric == 1 && s.policy == 1 && s.record == 8);
  s = stop("statistic = \"event_probability\"\nevent = \"hazard\"");
  EXPECT_TRUE(s.statistic == StopStatistic::kEventProbability && s.event == 1 && s.metric == -1);
  s = stop("statistic = \"satisficing\"\nthreshold = \"hazard\"");
  EXPECT_TRUE(s.statistic == StopStatistic::kSatisficing && s.threshold == 1);
  s = stop("statistic = \"first_order\"\nmetric = \"value\"\nparameter = \"barrier\"\ntime = 2030-01-01");
  EXPECT_TRUE(s.statistic == StopStatistic::kFirstOrder && s.parameter == 3 && s.record == 15);
  s = stop("metric = \"value\"\nmax_trajectories = 1000");
  EXPECT_EQ(s.max_trajectories, 1000u);
}

// Laws

TEST_F(Config, EveryLawIsRead) {
  constexpr double kZ95 = 1.6448536269514722, kZ90 = 1.2815515655446004, kZ25 = -0.6744897501960817;
  expect_prior(drift("3"), Kind::kConstant, {3});
  expect_prior(drift("{ constant = 3 }"), Kind::kConstant, {3});
  expect_prior(drift("{ normal = { p5 = 1, p95 = 3 } }"), Kind::kNormal, {2, 1 / kZ95});
  expect_prior(drift("{ normal = { p90 = 3, p25 = 1 } }"), Kind::kNormal, {1 - kZ25 * 2 / (kZ90 - kZ25), 2 / (kZ90 - kZ25)});
  expect_prior(drift("{ normal = { mean = 1, sd = 2 } }"), Kind::kNormal, {1, 2});
  expect_prior(drift("{ lognormal = { p10 = 1, p90 = 4 } }"), Kind::kLognormal, {std::log(2.0), std::log(2.0) / kZ90});
  expect_prior(drift("{ lognormal = { median = 2, sd_log = 0.5 } }"), Kind::kLognormal, {std::log(2.0), 0.5});
  expect_prior(drift("{ uniform = { low = -1, high = 2 } }"), Kind::kUniform, {-1, 2});
  expect_prior(drift("{ beta = { alpha = 2, beta = 3 } }"), Kind::kBeta, {2, 3, 0, 1});
  expect_prior(drift("{ beta = { alpha = 2, beta = 3, low = -1, high = 5 } }"), Kind::kBeta, {2, 3, -1, 5});
  expect_prior(drift("{ triangular = { low = 0, mode = 0, high = 2 } }"), Kind::kTriangular, {0, 0, 2});
  expect_prior(drift("{ triangular = { low = 0, mode = 2, high = 2 } }"), Kind::kTriangular, {0, 2, 2});
  expect_prior(drift("{ pert = { low = 0, mode = 0.5, high = 2 } }"), Kind::kPert, {0, 0.5, 2});
  expect_prior(drift("{ choice = { values = [1, 0, 2], weights = [1, 0, 3] } }"), Kind::kChoice, {1, 0, 2}, {0.25, 0, 0.75});
  expect_prior(drift("{ table = { probabilities = [0, 0.5, 1], values = [1, 1, 2] } }"), Kind::kTable, {1, 1, 2}, {0, 0.5, 1});
}

TEST_F(Config, LawsInsideLawsAreRead) {
  const Prior mixture = drift(
      "{ mixture = [ { weight = 3, constant = 0 }, { weight = 1, truncated = { of = { normal = { mean = 0, sd = 1 } }, low = 0, high = 2 } "
      "} ] }");
  expect_prior(mixture, Kind::kMixture, {}, {0.75, 0.25});
  ASSERT_EQ(mixture.parts.size(), 2u);
  expect_prior(mixture.parts[0], Kind::kConstant, {0});
  expect_prior(mixture.parts[1], Kind::kTruncated, {0, 2});
  expect_prior(mixture.parts[1].parts[0], Kind::kNormal, {0, 1});
  for (const char* inner : {"lognormal = { median = 1, sd_log = 1 }", "uniform = { low = 0, high = 2 }", "beta = { alpha = 2, beta = 2 }",
                            "triangular = { low = 0, mode = 1, high = 2 }", "pert = { low = 0, mode = 1, high = 2 }",
                            "table = { probabilities = [0, 0.5, 1], values = [0, 0.8, 2] }"})
    expect_prior(drift(std::string("{ truncated = { low = 0.25, high = 0.5, of = { ") + inner + " } } }"), Kind::kTruncated, {0.25, 0.5});
}

TEST_F(Config, AParameterKeepsItsTextSourceAndOrigin) {
  const Scenario s =
      read("[parameters]\nhazard = { unit = \"1/yr\", beta = { alpha = 1, beta = 9 } }\nbarrier = 1.5\n", {"parameters.drift.p95=0.2"});
  EXPECT_EQ(s.parameters[0].text, "constant = 1");
  EXPECT_EQ(without_folder(s.parameters[0].origin), "base.toml:7:1");
  EXPECT_EQ(s.parameters[1].text, "normal = { p5 = 0, p95 = 0.2 }");
  EXPECT_EQ(s.parameters[1].source, "S");
  EXPECT_EQ(s.parameters[1].rationale, "R");
  EXPECT_EQ(s.parameters[1].would_change_if, "W");
  EXPECT_EQ(s.parameters[1].origin, "--set");
  EXPECT_EQ(s.parameters[3].text, "constant = 1.5");
  EXPECT_EQ(without_folder(s.parameters[3].origin), "x.toml:4:11");
  EXPECT_EQ(s.parameters[4].text, "beta = { alpha = 1, beta = 9 }");
  EXPECT_EQ(without_folder(s.parameters[4].origin), "x.toml:3:34");
}

TEST_F(Config, RangesAreComparedInThePrecisionOfTheModel) {
  const std::string baseline = CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml";
  EXPECT_EQ(read_scenario({baseline}, {"parameters.row_share=0.001"}).parameters[10].prior.values[0], 0.001);
  EXPECT_EQ(read_scenario({baseline}, {"parameters.row_share=0.999"}).parameters[10].prior.values[0], 0.999);
}

TEST_F(Config, ALawThatReachesItsRangeIsTaken) {
  EXPECT_EQ(complaint("[parameters]\nhazard = { uniform = { low = -1, high = 1 } }\n"), "accepted");
  EXPECT_EQ(complaint("[parameters]\nhazard = { choice = { values = [-1, 1], weights = [1, 1] } }\n"), "accepted");
  EXPECT_EQ(complaint("[parameters]\nhazard = { truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 1 } }\n"),
            "accepted");
  EXPECT_EQ(
      complaint("[parameters]\nhazard = { mixture = [ { weight = 1, constant = -1 }, { weight = 1, beta = { alpha = 1, beta = 1 } } ] }\n"),
      "accepted");
}

// Policies

TEST_F(Config, PoliciesKeepTheOrderOfTheFilesAndOfTheirLines) {
  write("a.toml",
        "extends = \"base.toml\"\n[policies.zulu]\n[policies.alpha]\n[[policies.mike.trigger]]\nwhen = \"value > 1\"\nset = { drift_push = "
        "1 }\n");
  write("b.toml", "extends = \"base.toml\"\n[policies.bravo]\n[policies.zulu]\ntitle = \"Z\"\n");
  const Scenario s = read_scenario({path("a.toml"), path("b.toml")}, {"policies.able={drift_push=0.1}"});
  EXPECT_EQ(names(s), (std::vector<std::string>{"zero", "push", "answer", "zulu", "alpha", "mike", "bravo", "able"}));
  EXPECT_EQ(s.policies[3].title, "Z");
  EXPECT_EQ(s.reference, 0);
}

TEST_F(Config, SchedulesAreSortedAndCountStepsFromTheStart) {
  const Scenario s = read(R"([run]
start = 2026-03-01
[policies.push]
schedule = [ { from = 2027-04-01, drift_push = 0.2 }, { from = 2026-04-01, hazard_cut = 1, drift_push = -1 }, { from = 2026-03-01, hazard_cut = 0.75 } ]
)");
  const PolicySetting& push = s.policies[1];
  ASSERT_EQ(push.schedule.size(), 3u);
  EXPECT_EQ(push.schedule[0].from_step, 0);
  expect_same(push.schedule[0].levers, {{0, 0.05}, {1, 0.75}});
  EXPECT_EQ(push.schedule[1].from_step, 1);
  expect_same(push.schedule[1].levers, {{0, -1}, {1, 1}});
  EXPECT_EQ(push.schedule[2].from_step, 13);
  expect_same(push.schedule[2].levers, {{0, 0.2}});
  ASSERT_EQ(s.policies[0].schedule.size(), 1u);
  EXPECT_TRUE(s.policies[0].schedule[0].levers.empty());
}

TEST_F(Config, TriggersSetLeversOrAPolicysOwnLevers) {
  const Scenario s = read(R"([[policies.answer.trigger]]
when = "value<=1.5"
set = "push"
[[policies.answer.trigger]]
when = " log_value >  -2e-1 "
months = 6
set = { hazard_cut = 1 }
release = "value >= 3"
release_months = 2
)");
  const auto& triggers = s.policies[2].triggers;
  ASSERT_EQ(triggers.size(), 2u);
  expect_same(triggers[0].when, {0, Comparison::kLessEqual, 1.5f, 1});
  EXPECT_FALSE(triggers[0].release);
  expect_same(triggers[0].levers, {{0, 0.05}, {1, 0.5}});
  EXPECT_EQ(triggers[0].text, "value <= 1.5 for 1 month");
  expect_same(triggers[1].when, {1, Comparison::kGreater, -0.2f, 6});
  ASSERT_TRUE(triggers[1].release);
  expect_same(*triggers[1].release, {0, Comparison::kGreaterEqual, 3, 2});
  expect_same(triggers[1].levers, {{1, 1}});
  EXPECT_EQ(triggers[1].text, "log_value > -0.2 for 6 months");
}

TEST_F(Config, CorrelationsAreRead) {
  const Scenario s = read("[[correlation]]\nbetween = [\"barrier\", \"drift\"]\nrank = -0.5\n");
  ASSERT_EQ(s.correlations.size(), 1u);
  EXPECT_EQ(s.correlations[0].first, 3);
  EXPECT_EQ(s.correlations[0].second, 1);
  EXPECT_EQ(s.correlations[0].rank, -0.5);
}

// Merging

TEST_F(Config, LaterFilesOverrideEarlierOnesAndOverridesComeLast) {
  write("a.toml", "extends = \"base.toml\"\n[run]\nyears = 2\nseed_worlds = 11\n");
  write("b.toml", "extends = [\"base.toml\"]\n[run]\nyears = 3\n");
  const Scenario s = read_scenario({path("a.toml"), path("b.toml")}, {"run.seed_chance=12", " run.keep = 5 ", "run.seed_chance=13"});
  EXPECT_EQ(s.years, 3) << "b.toml's base must not come back over a.toml";
  EXPECT_EQ(s.seed_worlds, 11u);
  EXPECT_EQ(s.seed_chance, 13u);
  EXPECT_EQ(s.keep, 5u);
  ASSERT_EQ(s.files.size(), 3u);
  EXPECT_EQ(s.files[0].path, path("base.toml"));
  EXPECT_EQ(s.files[0].text, kBase);
  EXPECT_EQ(s.files[1].path, path("a.toml"));
  EXPECT_EQ(s.files[2].path, path("b.toml"));
  EXPECT_EQ(s.overrides, (std::vector<std::string>{"run.seed_chance=12", " run.keep = 5 ", "run.seed_chance=13"}));
}

TEST_F(Config, BasesAreFoundBesideTheFileThatNamesThem) {
  fs::create_directories(path("sub"));
  write("sub/c.toml", "extends = \"../base.toml\"\n");
  EXPECT_EQ(read_scenario({path("sub/c.toml")}, {}).files[0].path, path("base.toml"));
}

TEST_F(Config, AnotherLawReplacesTheOldOneAndTheSourceStays) {
  const auto drift_after = [&](const std::string& text, const std::vector<std::string>& overrides = {}) {
    return read(text, overrides).parameters[1];
  };
  const ParameterSetting other = drift_after("[parameters]\ndrift = { uniform = { low = 0, high = 1 } }\n");
  EXPECT_EQ(other.text, "uniform = { low = 0, high = 1 }");
  EXPECT_EQ(other.source, "S");
  EXPECT_EQ(drift_after("[parameters]\ndrift = { normal = { p10 = 0, p90 = 1 }, source = \"T\" }\n").text, "normal = { p10 = 0, p90 = 1 }");
  EXPECT_EQ(drift_after("[parameters]\ndrift = { normal = { mean = 0, sd = 1 } }\n").text, "normal = { mean = 0, sd = 1 }");
  EXPECT_EQ(drift_after("[parameters.drift.normal]\np95 = 0.3\n").text, "normal = { p5 = 0, p95 = 0.3 }");
  EXPECT_EQ(drift_after("[parameters]\ndrift = 7\n").text, "constant = 7");
  EXPECT_EQ(drift_after("[parameters]\ndrift = { mixture = [ { weight = 1, constant = 2 } ] }\n").text,
            "mixture = [{ weight = 1, constant = 2 }]");
}

TEST_F(Config, OverridesReachIntoLaws) {
  const auto drift_after = [&](const std::string& override) { return read("", {override}).parameters[1].text; };
  EXPECT_EQ(drift_after("parameters.drift.normal.p95=0.3"), "normal = { p5 = 0, p95 = 0.3 }");
  EXPECT_EQ(drift_after("parameters.drift.p95=0.3"), "normal = { p5 = 0, p95 = 0.3 }");
  EXPECT_EQ(drift_after("parameters.drift=0.3"), "constant = 0.3");
  EXPECT_EQ(drift_after("parameters.drift={uniform={low=0,high=1}}"), "uniform = { low = 0, high = 1 }");
  EXPECT_EQ(drift_after("parameters.drift.beta={alpha=1,beta=2}"), "beta = { alpha = 1, beta = 2 }");
  const Scenario s =
      read("[parameters]\ndrift = { beta = { alpha = 1, beta = 2 } }\n", {"parameters.drift.beta=3", "parameters.drift.source=T"});
  EXPECT_EQ(s.parameters[1].text, "beta = { alpha = 1, beta = 3 }");
  EXPECT_EQ(s.parameters[1].source, "T");
}

TEST_F(Config, OverridesWithoutQuotesAreStrings) {
  const Scenario s =
      read("", {"run.reference=push", "outputs.satisfice.value=>= 2", "policies.zero.title=\"A title\"", "policies.push.title=Two words"});
  EXPECT_EQ(s.reference, 1);
  EXPECT_EQ(s.satisfice[0].value, 2);
  EXPECT_EQ(s.policies[0].title, "A title");
  EXPECT_EQ(s.policies[1].title, "Two words");
}

TEST_F(Config, ArraysAreReplacedAsAWhole) {
  write("a.toml", R"(extends = "base.toml"
[policies.push]
schedule = [ { from = 2027-01-01, drift_push = 0 } ]
[[policies.push.trigger]]
when = "value > 1"
set = { drift_push = 0 }
[outputs]
quantiles = [0.1, 0.9]
joint = [["value", "log_value"]]
satisfice = { value = "> 1" }
[[correlation]]
between = ["drift", "barrier"]
rank = 0.5
)");
  write("b.toml", R"([policies.push]
schedule = [ { from = 2028-01-01, drift_push = 0.1 } ]
trigger = []
[outputs]
quantiles = [0.5]
joint = []
satisfice = { log_value = "> 2" }
[[correlation]]
between = ["drift", "volatility"]
rank = 0.25
)");
  const Scenario s = read_scenario({path("a.toml"), path("b.toml")}, {});
  ASSERT_EQ(s.policies[1].schedule.size(), 2u);
  EXPECT_EQ(s.policies[1].schedule[1].from_step, 24);
  expect_same(s.policies[1].schedule[0].levers, {{0, 0.05}, {1, 0.5}});
  EXPECT_TRUE(s.policies[1].triggers.empty() && s.joint.empty());
  EXPECT_EQ(s.quantiles, std::vector<double>{0.5});
  EXPECT_EQ(s.satisfice.size(), 2u) << "a table, so it merges";
  ASSERT_EQ(s.correlations.size(), 1u);
  EXPECT_EQ(s.correlations[0].rank, 0.25);
}

// The resolved document

TEST_F(Config, TheResolvedDocumentSaysWhereEveryValueWasWritten) {
  const Scenario s = read(
      "[policies.push]\nhazard_cut = 1\n[run.stop]\nmetric = \"value\"\nstandard_error = 0.5\n[[policies.answer.trigger]]\nwhen = \"value "
      "< 1\"\nset = \"push\"\n",
      {"parameters.drift.p95=0.2", "run.years=4"});
  EXPECT_EQ(without_folder(s.resolved), R"(title = "Base"  # base.toml:1:1
description = ""  # default

[run]
model = "brownian"  # base.toml:3:1
start = 2026-01-01  # default
years = 4  # --set
trajectories = 1000  # base.toml:5:1
replicates = 1  # default
seed_worlds = 1  # default
seed_chance = 2  # default
record_every_months = 3  # default
keep = 10000  # default
reference = "zero"  # default

[run.stop]
metric = "value"  # x.toml:5:1
standard_error = 0.5  # x.toml:6:1
statistic = "mean"  # default
time = 2030-01-01  # default
max_trajectories = 10000  # default

[parameters]
initial = { constant = 1 }  # base.toml:7:1
drift = { normal = { p5 = 0, p95 = 0.2 }, source = "S", rationale = "R", would_change_if = "W" }  # base.toml:8:1; normal.p95: --set
volatility = { lognormal = { p5 = 0.1, p95 = 0.4 } }  # base.toml:9:1
barrier = { uniform = { low = 1.2, high = 2 } }  # base.toml:10:1
hazard = { constant = 0.1, unit = "1/yr" }  # base.toml:11:1

[policies.zero]
title = "Zero"  # base.toml:13:1

[policies.push]
drift_push = 0.05  # base.toml:15:1
hazard_cut = 1  # x.toml:3:1

[policies.answer]
description = "D"  # base.toml:18:1

[[policies.answer.trigger]]
when = "value < 1"  # x.toml:8:1
set = "push"  # x.toml:9:1

[outputs]
quantiles = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]  # default
joint = []  # default
satisfice = {}  # default
hurwicz = 0.5  # default
sensitivity = { times = [2028-01-01, 2030-01-01] }  # default
)");
}

TEST_F(Config, TheResolvedDocumentGivesTheSameScenario) {
  const auto check = [&](const Scenario& scenario) {
    write("resolved.toml", scenario.resolved);
    const Scenario again = read_scenario({path("resolved.toml")}, {});
    expect_same(scenario, again);
    EXPECT_EQ(again.files[0].text, scenario.resolved);
  };
  check(read_scenario({CHOKEPOINT_SOURCE_DIR "/configs/baseline.toml"}, {"parameters.initial_lag.p95=14", "run.reference=tripwire"}));
  check(read("run.replicates = 5\noutputs.sensitivity.times = [2029-01-01]\n[run.stop]\nstatistic = \"first_order\"\nmetric = \"value\"\n"
             "parameter = \"drift\"\npolicy = \"push\"\ntime = 2029-01-01\nstandard_error = 0.01\n"));
  check(read("[run.stop]\nstatistic = \"event_probability\"\nevent = \"hazard\"\nstandard_error = 0.01\n"));
  check(read(R"TOML(description = "quotes \" and \\, tab \t, newline \n, control \u0001, umlaut ü"
[run]
seed_worlds = 9223372036854775807
trajectories = 1e6
[run.stop]
metric = "value"
standard_error = 1e-300
[parameters]
initial = { mixture = [ { weight = 0.1, lognormal = { p1 = 0.1, p99 = 3.3333333333333335 } }, { weight = 2, constant = 1e-30 } ] }
drift = { truncated = { of = { normal = { mean = 0, sd = 1 } }, low = -1, high = 2 } }
volatility = { table = { probabilities = [0, 0.3, 1], values = [0.1, 0.2, 0.30000000000000004] } }
barrier = { choice = { values = [1.1, 2], weights = [1, 2] } }
[[correlation]]
between = ["drift", "volatility"]
rank = 0.1
[[correlation]]
between = ["drift", "barrier"]
rank = -0.1
[policies.zulu]
[policies.alpha]
schedule = [ { from = 2028-01-01, drift_push = 0.1 } ]
[[policies.alpha.trigger]]
when = "value < 1"
set = { hazard_cut = 1 }
[[policies.alpha.trigger]]
when = "value > 2"
set = "push"
release = "value < 1"
[outputs]
joint = [["value", "log_value"]]
satisfice = { value = ">= 1.1", hazard = "== 0" }
)TOML"));
}

TEST_F(Config, RunsTheChosenPoliciesInThatOrder) {
  const Scenario s = read(R"([run]
policies = ["answer", "push"]
[[policies.answer.trigger]]
when = "value > 1"
set = "zero"
[policies.zero]
drift_push = 0.01
)");
  ASSERT_EQ(s.policies.size(), 2u);
  EXPECT_EQ(s.policies[0].name, "answer");
  EXPECT_EQ(s.policies[1].name, "push");
  EXPECT_EQ(s.reference, 0);
  EXPECT_EQ(s.policies[0].triggers[0].levers.size(), 1u);  // of a policy that is not run
  EXPECT_EQ(parse_scenario("again", s.resolved).policies.size(), 2u);
}

}  // namespace
}  // namespace chokepoint
